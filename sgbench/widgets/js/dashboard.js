// The Dashboard widget: every panel, one player.

import { FsmPanel } from "./fsm_panel.js";
import { widget } from "./shell.js";
import { StatsPanel } from "./stats_panel.js";
import { TimelinePanel } from "./timeline_panel.js";
import { TokensPanel } from "./tokens_panel.js";
import { TreePanel } from "./tree_panel.js";

function panels(shell) {
  const height = shell.store.model.get("height");
  return [new TreePanel(shell, height), new StatsPanel(shell, height), new TimelinePanel(shell, Math.round(height * 0.87)), new TokensPanel(shell, Math.round(height * 0.87)), new FsmPanel(shell, Math.round(height * 0.87))];
}

export default widget({ name: "Dashboard", title: "Dashboard", make: panels });
