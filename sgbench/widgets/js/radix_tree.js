// The RadixTree widget.

import { widget } from "./shell.js";
import { TreePanel } from "./tree_panel.js";

export default widget({ name: "RadixTree", title: "Radix tree", make: (shell) => [new TreePanel(shell, shell.store.model.get("height"))] });
