// The Timeline widget.

import { widget } from "./shell.js";
import { TimelinePanel } from "./timeline_panel.js";

export default widget({ name: "Timeline", title: "Timeline", make: (shell) => [new TimelinePanel(shell, shell.store.model.get("height"))] });
