// The Tokens widget.

import { widget } from "./shell.js";
import { TokensPanel } from "./tokens_panel.js";

export default widget({ name: "Tokens", title: "Tokens", make: (shell) => [new TokensPanel(shell, shell.store.model.get("height"))] });
