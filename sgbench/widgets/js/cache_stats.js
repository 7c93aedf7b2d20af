// The CacheStats widget.

import { widget } from "./shell.js";
import { StatsPanel } from "./stats_panel.js";

export default widget({ name: "CacheStats", title: "Cache", make: (shell) => [new StatsPanel(shell, shell.store.model.get("height"))] });
