// The FSM widget.

import { FsmPanel } from "./fsm_panel.js";
import { widget } from "./shell.js";

export default widget({ name: "FSM", title: "FSM", make: (shell) => [new FsmPanel(shell, shell.store.model.get("height"))] });
