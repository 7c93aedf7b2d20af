"use strict";(self.rspackChunksgbench_lab=self.rspackChunksgbench_lab||[]).push([[700],{646(e,r,o){var a=o(601),s=o.n(a),t=o(314),n=o.n(t),i=o(126),b=o(347),g=o(444),d=o(979),l=o(901),p=o(724),c=n()(s());c.i(i.A),c.i(b.A),c.i(g.A),c.i(d.A),c.i(l.A),c.i(p.A),c.push([e.id,`
`,""]),o.d(r,{},{A:c})},724(e,r,o){var a=o(601),s=o.n(a),t=o(314),n=(o.n(t))()(s());n.push([e.id,`/* The side panel and the status bar's item. Colours are the widgets'. */

.sgb-lab-hidden { display: none !important; }
.sgb-lab-panel { background: var(--jp-layout-color1); overflow: hidden auto; }
.sgb-root.sgb-lab-root { margin: 0; border: 0; border-radius: 0; background: none; }
.sgb-lab-head { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 8px; padding: 12px 14px 10px; border-bottom: 1px solid var(--sgb-line); }
.sgb-lab-engine { font-size: 14px; font-weight: 600; overflow-wrap: anywhere; }
.sgb-lab-device { padding: 0 7px; border: 1px solid var(--sgb-line); border-radius: 99px; color: var(--sgb-dim); font-size: 11px; }
.sgb-lab-where { flex-basis: 100%; color: var(--sgb-dim); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.sgb-lab-empty { display: grid; justify-items: start; gap: 10px; padding: 14px; }
.sgb-lab-hint { margin: 0; color: var(--sgb-dim); line-height: 1.5; }
.sgb-lab-section { padding: 12px 14px; border-bottom: 1px solid var(--sgb-line); }
.sgb-lab-section:last-child { border-bottom: 0; }
.sgb-lab-section h3 { display: flex; justify-content: space-between; align-items: baseline; margin: 0 0 6px; color: var(--sgb-text); font: 600 11px/1.4 var(--sgb-ui-font); letter-spacing: 0.02em; }
.sgb-lab-section h3 .sgb-lab-words { font-weight: 400; letter-spacing: 0; }
.sgb-lab-rate { display: flex; align-items: baseline; gap: 8px; }
.sgb-lab-rate b { color: var(--sgb-o-cached); font-size: 28px; font-weight: 600; line-height: 1.1; font-variant-numeric: tabular-nums; }
.sgb-lab-rate span { color: var(--sgb-text); }
.sgb-lab-words { margin: 4px 0 0; color: var(--sgb-dim); font-variant-numeric: tabular-nums; }
.sgb-lab-root .sgb-pool { padding: 0; }
.sgb-lab-figures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; }
.sgb-lab-figure { display: flex; flex-direction: column; }
.sgb-lab-figure b { font-size: 16px; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.sgb-lab-figure span { color: var(--sgb-dim); font-size: 11px; }
.sgb-lab-on b { color: var(--sgb-o-decoded); }

.sgb-lab-tree { display: grid; grid-template-columns: minmax(0, 1fr); gap: 2px; }
.sgb-lab-node { position: relative; display: flex; align-items: center; gap: 5px; height: 20px; margin-left: calc(min(var(--sgb-depth), 8) * 12px); padding: 0 6px; border-left: 2px solid var(--sgb-none-edge); border-radius: 0 4px 4px 0; overflow: hidden; cursor: default; }
.sgb-lab-weight { position: absolute; inset: 0 auto 0 0; background: var(--sgb-none-fill); }
.sgb-lab-node > :not(.sgb-lab-weight) { position: relative; }
.sgb-lab-sign { color: var(--sgb-dim); font-weight: 700; }
.sgb-lab-sign:empty { display: none; }
.sgb-lab-text { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font: 11px var(--sgb-code-font); }
.sgb-lab-tokens { color: var(--sgb-dim); font-size: 11px; font-variant-numeric: tabular-nums; }
.sgb-lab-node[data-mark='new'] { border-color: var(--sgb-new-edge); }
.sgb-lab-node[data-mark='new'] .sgb-lab-weight { background: var(--sgb-new-fill); }
.sgb-lab-node[data-mark='new'] .sgb-lab-sign { color: var(--sgb-new-edge); }
.sgb-lab-node[data-mark='accessed'] { border-color: var(--sgb-hit-edge); }
.sgb-lab-node[data-mark='accessed'] .sgb-lab-weight { background: var(--sgb-hit-fill); }
.sgb-lab-node[data-mark='accessed'] .sgb-lab-sign { color: var(--sgb-hit-edge); font-size: 9px; }
.sgb-lab-locked { border-color: var(--sgb-locked) !important; }
.sgb-lab-counted { border-style: dashed; }
.sgb-lab-counted .sgb-lab-text { color: var(--sgb-dim); font-style: italic; font-family: var(--sgb-ui-font); }

.sgb-lab-status { height: 100%; padding: 0 6px; border: 0; background: none; color: inherit; font: inherit; font-variant-numeric: tabular-nums; white-space: nowrap; cursor: pointer; }
.sgb-lab-status:hover { background: var(--jp-layout-color3); }
`,""]),o.d(r,{},{A:n})},126(e,r,o){var a=o(601),s=o.n(a),t=o(314),n=(o.n(t))()(s());n.push([e.id,`/* Colours, type and controls that all widgets share. Follows JupyterLab's theme, else VS Code's, else the system's. */

.sgb-root {
  --sgb-surface: var(--jp-layout-color0, var(--vscode-editor-background, #fff));
  --sgb-raised: var(--jp-layout-color1, var(--vscode-sideBar-background, #fff));
  --sgb-line: var(--jp-border-color2, var(--vscode-panel-border, #e0e3e8));
  --sgb-text: var(--jp-content-font-color1, var(--vscode-editor-foreground, #1d232b));
  --sgb-dim: #5a6472;
  --sgb-link: #b9c2ce;
  --sgb-accent: var(--jp-brand-color1, #1976d2);
  --sgb-cached: #8296ae;
  --sgb-locked: #4b3f72;
  --sgb-locked-text: #fff;
  --sgb-none-fill: #f1f4f8;
  --sgb-none-edge: #b5bfcc;
  --sgb-new-fill: #dcf5ec;
  --sgb-new-edge: #00875f;
  --sgb-hit-fill: #ddecfa;
  --sgb-hit-edge: #0072b2;
  --sgb-gone-fill: #fde7e7;
  --sgb-gone-edge: #c62828;
  --sgb-used: #4b3f72;
  --sgb-o-cached: #0072b2; /* where a token came from. One meaning in every view: blue was found, green is new, red is gone */
  --sgb-o-prefilled: #e69f00;
  --sgb-o-decoded: #009e73;
  --sgb-o-jumped: #b0579b;
  --sgb-o-selected: #d55e00;
  --sgb-ui-font: var(--jp-ui-font-family, system-ui, sans-serif);
  --sgb-code-font: var(--jp-code-font-family, ui-monospace, Menlo, monospace);
  box-sizing: border-box;
  position: relative;
  margin: 4px 0;
  border: 1px solid var(--sgb-line);
  border-radius: 10px;
  background: var(--sgb-surface);
  color: var(--sgb-text);
  font: 12px/1.4 var(--sgb-ui-font);
  overflow: hidden;
}

body[data-jp-theme-light="false"] .sgb-root,
body.vscode-dark .sgb-root {
  --sgb-dim: #a3adba;
  --sgb-link: #4b5563;
  --sgb-cached: #6d819a;
  --sgb-locked: #cbb8ff;
  --sgb-locked-text: #1c1533;
  --sgb-used: #8a7bc4;
  --sgb-none-fill: #23282f;
  --sgb-none-edge: #4d5866;
  --sgb-new-fill: #10352b;
  --sgb-new-edge: #2fc797;
  --sgb-hit-fill: #122f47;
  --sgb-hit-edge: #56b4e9;
  --sgb-gone-fill: #401c1e;
  --sgb-gone-edge: #ff8f87;
  --sgb-o-cached: #56b4e9;
  --sgb-o-decoded: #2fc797;
  --sgb-o-jumped: #d58bc6;
  --sgb-o-selected: #f08a4b;
}

@media (prefers-color-scheme: dark) {
  body:not([data-jp-theme-light]):not(.vscode-light):not(.vscode-dark) .sgb-root {
    --sgb-surface: #111418;
    --sgb-raised: #181c21;
    --sgb-line: #2d333b;
    --sgb-text: #e3e7ec;
    --sgb-dim: #a3adba;
    --sgb-link: #4b5563;
    --sgb-cached: #6d819a;
    --sgb-locked: #cbb8ff;
    --sgb-locked-text: #1c1533;
    --sgb-used: #8a7bc4;
    --sgb-none-fill: #23282f;
    --sgb-none-edge: #4d5866;
    --sgb-new-fill: #10352b;
    --sgb-new-edge: #2fc797;
    --sgb-hit-fill: #122f47;
    --sgb-hit-edge: #56b4e9;
    --sgb-gone-fill: #401c1e;
    --sgb-gone-edge: #ff8f87;
    --sgb-o-cached: #56b4e9;
    --sgb-o-decoded: #2fc797;
    --sgb-o-jumped: #d58bc6;
    --sgb-o-selected: #f08a4b;
  }
}

.sgb-root *,
.sgb-root *::before { box-sizing: border-box; }
.sgb-root .sgb-hidden { display: none; }
.sgb-offscreen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.sgb-head { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; padding: 9px 14px 7px; }
.sgb-title { font-weight: 600; font-size: 13px; }
.sgb-summary { color: var(--sgb-dim); font-variant-numeric: tabular-nums; }
.sgb-status { display: inline-flex; align-items: center; gap: 5px; padding: 1px 8px 1px 7px; border: 1px solid var(--sgb-line); border-radius: 99px; color: var(--sgb-dim); font-size: 11px; }
.sgb-status::before { content: ""; width: 7px; height: 7px; border-radius: 50%; background: var(--sgb-dim); }
.sgb-status-live::before { background: var(--sgb-new-edge); animation: sgb-pulse 1.6s ease-in-out infinite; }
.sgb-status-replay::before { background: var(--sgb-hit-edge); }
.sgb-status-paused::before { background: none; border: 2px solid var(--sgb-hit-edge); }
.sgb-status-failed { color: var(--sgb-gone-edge); }
.sgb-status-failed::before { background: var(--sgb-gone-edge); }
@keyframes sgb-pulse { 50% { opacity: 0.35; } }

.sgb-legend { display: flex; flex-wrap: wrap; gap: 4px 12px; margin-left: auto; color: var(--sgb-dim); font-size: 11px; }
.sgb-key { display: inline-flex; align-items: center; gap: 4px; white-space: pre; }
.sgb-key i { display: inline-grid; place-items: center; width: 15px; height: 15px; border: 1px solid; border-radius: 4px; font: 700 11px/1 var(--sgb-ui-font); }
.sgb-key b { color: var(--sgb-text); font-variant-numeric: tabular-nums; }
.sgb-key-new i { color: var(--sgb-new-edge); background: var(--sgb-new-fill); }
.sgb-key-accessed i { color: var(--sgb-hit-edge); background: var(--sgb-hit-fill); font-size: 9px; }
.sgb-key-evicted i { color: var(--sgb-gone-edge); background: var(--sgb-gone-fill); border-style: dashed; }
.sgb-key-locked i { width: 17px; border: 0; border-radius: 8px; background: var(--sgb-locked); color: var(--sgb-locked-text); }
.sgb-key svg { width: 11px; height: 11px; fill: currentColor; }

.sgb-controls { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; padding: 6px 14px 9px; }
.sgb-buttons { display: flex; gap: 2px; }
.sgb-button { display: grid; place-items: center; min-width: 26px; height: 26px; padding: 0 4px; border: 1px solid transparent; border-radius: 6px; background: none; color: var(--sgb-text); font: 12px var(--sgb-ui-font); cursor: pointer; }
.sgb-button svg { width: 14px; height: 14px; fill: currentColor; }
.sgb-button:hover { background: var(--sgb-none-fill); }
.sgb-root .sgb-play { background: var(--sgb-none-fill); border-color: var(--sgb-line); border-radius: 50%; }
.sgb-root :is(button, select, input, .sgb-stage):focus-visible { outline: 2px solid var(--sgb-accent); outline-offset: 1px; }
.sgb-stage:focus-visible { outline-offset: -2px; }
.sgb-golive { border-color: var(--sgb-line); height: 20px; padding: 0 7px; font-size: 11px; }
.sgb-time { position: relative; flex: 1 1 180px; min-width: 120px; height: 34px; }
.sgb-strip { position: absolute; inset: 0 7px 12px; width: calc(100% - 14px); height: 22px; }
.sgb-slider { position: absolute; left: 0; right: 0; bottom: 0; width: 100%; height: 14px; margin: 0; appearance: none; background: none; cursor: pointer; }
.sgb-slider::-webkit-slider-runnable-track { height: 3px; border-radius: 2px; background: linear-gradient(to right, var(--sgb-accent) var(--sgb-share, 0%), var(--sgb-line) var(--sgb-share, 0%)); }
.sgb-slider::-webkit-slider-thumb { appearance: none; width: 13px; height: 13px; margin-top: -5px; border: 2px solid var(--sgb-surface); border-radius: 50%; background: var(--sgb-accent); box-shadow: 0 0 0 1px var(--sgb-accent); }
.sgb-slider::-moz-range-track { height: 3px; border-radius: 2px; background: var(--sgb-line); }
.sgb-slider::-moz-range-progress { height: 3px; border-radius: 2px; background: var(--sgb-accent); }
.sgb-slider::-moz-range-thumb { width: 9px; height: 9px; border: 2px solid var(--sgb-surface); border-radius: 50%; background: var(--sgb-accent); }
.sgb-where { display: flex; align-items: center; gap: 8px; color: var(--sgb-dim); font-size: 11px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.sgb-choice { display: inline-flex; align-items: center; gap: 5px; color: var(--sgb-dim); font-size: 11px; }
.sgb-select { height: 22px; padding: 0 4px; border: 1px solid var(--sgb-line); border-radius: 6px; background: var(--sgb-raised); color: var(--sgb-text); font: 11px var(--sgb-ui-font); }

@media (prefers-reduced-motion: reduce) {
  .sgb-root *,
  .sgb-root *::before { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
  .sgb-root { border-color: CanvasText; }
}
@media print {
  .sgb-root { break-inside: avoid; }
  .sgb-root :is(.sgb-controls, .sgb-zoom, .sgb-help, .sgb-tip) { display: none; }
}
`,""]),o.d(r,{},{A:n})},901(e,r,o){var a=o(601),s=o.n(a),t=o(314),n=(o.n(t))()(s());n.push([e.id,`/* All panels on one page: two columns where there is room. */

.sgb-dashboard { container-type: inline-size; }
.sgb-dashboard .sgb-grid { display: grid; grid-template-columns: minmax(0, 1fr); gap: 10px; padding: 10px; background: color-mix(in srgb, var(--sgb-line) 25%, var(--sgb-surface)); }
.sgb-dashboard .sgb-card { display: flex; flex-direction: column; min-width: 0; border: 1px solid var(--sgb-line); border-radius: 8px; background: var(--sgb-surface); overflow: hidden; }
.sgb-dashboard .sgb-card .sgb-body { flex: 1; border-bottom: 0; }
.sgb-dashboard .sgb-card .sgb-foot { padding-bottom: 3px; border-top: 1px solid var(--sgb-line); }
.sgb-dashboard .sgb-card .sgb-legend { font-size: 10.5px; }
@container (min-width: 1000px) {
  .sgb-dashboard .sgb-grid { grid-template-columns: minmax(0, 7fr) minmax(0, 5fr); }
  .sgb-dashboard .sgb-card-fsm { grid-column: 1 / -1; }
}
`,""]),o.d(r,{},{A:n})},444(e,r,o){var a=o(601),s=o.n(a),t=o(314),n=(o.n(t))()(s());n.push([e.id,`/* The radix tree's own parts: the bar of the pool. */

.sgb-pool { padding: 0 14px 8px; }
.sgb-bar { display: flex; gap: 1px; height: 8px; border-radius: 4px; overflow: hidden; background: var(--sgb-none-fill); }
.sgb-part { flex: 0 0 0; min-width: 0; transition: flex-grow 0.25s ease-out; }
.sgb-bar .sgb-part { flex-basis: 0; }
.sgb-part-used { background: var(--sgb-used) repeating-linear-gradient(135deg, transparent 0 4px, color-mix(in srgb, var(--sgb-surface) 35%, transparent) 4px 6px); }
.sgb-part-cached { background: var(--sgb-cached); }
.sgb-part-free { background: var(--sgb-none-fill); }
.sgb-pool-words { display: flex; flex-wrap: wrap; gap: 2px 12px; margin-top: 4px; color: var(--sgb-dim); font-size: 11px; font-variant-numeric: tabular-nums; }
.sgb-part-label { white-space: pre; }
.sgb-part-label b { color: var(--sgb-text); font-weight: 600; }
.sgb-swatch { display: inline-block; width: 9px; height: 9px; margin-right: 5px; border-radius: 3px; vertical-align: -0.5px; }
.sgb-swatch.sgb-part-free { border: 1px solid var(--sgb-none-edge); }
.sgb-queue { margin-left: auto; }
`,""]),o.d(r,{},{A:n})},347(e,r,o){var a=o(601),s=o.n(a),t=o(314),n=(o.n(t))()(s());n.push([e.id,`/* The frame around every panel, and what panels share. */

.sgb-body { position: relative; border-block: 1px solid var(--sgb-line); }
.sgb-stage { position: relative; overflow: hidden; touch-action: pan-y; }
.sgb-canvas { display: block; width: 100%; height: 100%; }
.sgb-empty { position: absolute; inset: 0; display: grid; place-items: center; color: var(--sgb-dim); pointer-events: none; }
.sgb-text { min-width: 24px; height: 24px; color: var(--sgb-dim); font-size: 14px; }
.sgb-note { padding: 5px 14px; border-bottom: 1px solid var(--sgb-line); border-radius: 9px 9px 0 0; background: var(--sgb-gone-fill); color: var(--sgb-text); font-size: 12px; overflow-wrap: anywhere; }
.sgb-note::before { content: "⚠ "; color: var(--sgb-gone-edge); }
.sgb-foot { display: flex; align-items: center; gap: 12px; padding: 4px 10px 0 14px; }
.sgb-zoom { display: flex; gap: 1px; }
.sgb-caption { flex: 1; min-width: 0; color: var(--sgb-dim); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.sgb-tip { position: absolute; left: 0; top: 0; z-index: 2; max-width: min(420px, 80%); padding: 8px 10px; border: 1px solid var(--sgb-line); border-radius: 8px; background: var(--sgb-raised); box-shadow: 0 4px 18px rgb(0 0 0 / 18%); pointer-events: none; }
.sgb-tip-head { display: flex; justify-content: space-between; gap: 16px; }
.sgb-tip-head span,
.sgb-tip-facts { color: var(--sgb-dim); font-variant-numeric: tabular-nums; }
.sgb-root .sgb-tip-text { max-height: 120px; margin: 6px 0 0; padding: 6px 0 0; border-top: 1px solid var(--sgb-line); overflow: hidden; color: var(--sgb-text); font: 11.5px/1.45 var(--sgb-code-font); white-space: pre-wrap; overflow-wrap: anywhere; }
.sgb-help { position: absolute; right: 12px; bottom: 84px; z-index: 3; display: grid; grid-template-columns: auto auto; gap: 3px 14px; margin: 0; padding: 10px 14px; border: 1px solid var(--sgb-line); border-radius: 8px; background: var(--sgb-raised); box-shadow: 0 4px 18px rgb(0 0 0 / 18%); }
.sgb-root .sgb-help dt { margin: 0; padding: 0; font: 600 11px var(--sgb-code-font); }
.sgb-root .sgb-help dd { margin: 0; color: var(--sgb-dim); }
.sgb-panel { position: relative; }
.sgb-since { color: var(--sgb-dim); font-style: italic; }
.sgb-head-all { border-bottom: 1px solid var(--sgb-line); }
.sgb-legend + .sgb-legend { margin-left: 0; }
.sgb-key-queued i { color: var(--sgb-dim); background: repeating-linear-gradient(90deg, var(--sgb-none-edge) 0 2px, transparent 2px 5px); border-color: transparent; }
.sgb-key-cached i { color: var(--sgb-o-cached); background: repeating-linear-gradient(135deg, var(--sgb-o-cached) 0 2px, color-mix(in srgb, var(--sgb-o-cached) 22%, transparent) 2px 5px); }
.sgb-key-prefilled i { color: var(--sgb-o-prefilled); background: var(--sgb-o-prefilled); }
.sgb-key-decoded i { color: var(--sgb-o-decoded); background: var(--sgb-o-decoded); }
.sgb-key-jumped i { color: var(--sgb-o-jumped); background: color-mix(in srgb, var(--sgb-o-jumped) 20%, transparent); }
.sgb-key-selected i { color: var(--sgb-o-selected); background: color-mix(in srgb, var(--sgb-o-selected) 20%, transparent); }
.sgb-key-preempted i { color: var(--sgb-gone-edge); background: var(--sgb-gone-fill); border-style: dashed; }
.sgb-figures { display: flex; flex-wrap: wrap; gap: 2px 26px; padding: 0 14px 8px; font-variant-numeric: tabular-nums; }
.sgb-figure { display: flex; flex-direction: column; }
.sgb-figure b { font-size: 16px; font-weight: 600; line-height: 1.25; }
.sgb-figure-first b { color: var(--sgb-o-cached); }
.sgb-figure span { color: var(--sgb-dim); font-size: 11px; }
.sgb-card-fsm .sgb-panel { overflow-x: auto; }
.sgb-source { padding: 0 14px 8px; color: var(--sgb-dim); font: 11.5px/1.4 var(--sgb-code-font); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
`,""]),o.d(r,{},{A:n})},979(e,r,o){var a=o(601),s=o.n(a),t=o(314),n=(o.n(t))()(s());n.push([e.id,`/* Text coloured by where its tokens came from: tints over the theme's background, and an underline of its own for each. */

.sgb-root .sgb-scroll { overflow: auto; padding: 10px 14px; min-height: 64px; touch-action: auto; }
.sgb-flow { font: 12.5px/1.7 var(--sgb-code-font); white-space: pre-wrap; overflow-wrap: anywhere; }
.sgb-root .sgb-o { border-radius: 2px; text-underline-offset: 0.28em; text-decoration-thickness: 1.5px; text-decoration-skip-ink: none; box-decoration-break: clone; }
.sgb-o-template { color: var(--sgb-dim); }
.sgb-o-cached { background: color-mix(in srgb, var(--sgb-o-cached) 16%, transparent); text-decoration: underline dotted var(--sgb-o-cached); }
.sgb-o-prefilled { background: color-mix(in srgb, var(--sgb-o-prefilled) 18%, transparent); text-decoration: underline dashed var(--sgb-o-prefilled); }
.sgb-o-decoded { background: color-mix(in srgb, var(--sgb-o-decoded) 20%, transparent); text-decoration: underline solid var(--sgb-o-decoded); font-weight: 600; }
.sgb-o-jumped { background: color-mix(in srgb, var(--sgb-o-jumped) 24%, transparent); text-decoration: underline double var(--sgb-o-jumped); font-weight: 600; }
.sgb-o-selected { padding: 0 4px; background: color-mix(in srgb, var(--sgb-o-selected) 22%, transparent); text-decoration: underline wavy var(--sgb-o-selected); font-weight: 600; box-shadow: inset 0 0 0 1.5px var(--sgb-o-selected); }
/* Probability: the less likely a token was, the more of the warning colour stands behind it; its origin's underline stays. */
.sgb-root .sgb-by-probability .sgb-o { background: none; font-weight: 400; }
.sgb-root .sgb-by-probability .sgb-token { background: color-mix(in srgb, var(--sgb-gone-edge) calc(var(--sgb-doubt) * 0.62), transparent); }
.sgb-key-doubt i { background: linear-gradient(90deg, transparent, color-mix(in srgb, var(--sgb-gone-edge) 62%, transparent)); border-color: var(--sgb-gone-edge); }
.sgb-o-live { opacity: 0.75; }
.sgb-root .sgb-o-focus { outline: 2px solid var(--sgb-accent); }
.sgb-forks { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; }
.sgb-fork { flex: 1 1 220px; min-width: 0; padding: 4px 10px 6px; border: 1px solid var(--sgb-line); border-left: 3px solid var(--sgb-link); border-radius: 6px; }
.sgb-fork-name { color: var(--sgb-dim); font-size: 11px; }
.sgb-root .sgb-tokens-panel .sgb-tip { max-width: 360px; }
`,""]),o.d(r,{},{A:n})},314(e){e.exports=function(e){var r=[];return r.toString=function(){return this.map(function(r){var o="",a=void 0!==r[5];return r[4]&&(o+="@supports (".concat(r[4],") {")),r[2]&&(o+="@media ".concat(r[2]," {")),a&&(o+="@layer".concat(r[5].length>0?" ".concat(r[5]):""," {")),o+=e(r),a&&(o+="}"),r[2]&&(o+="}"),r[4]&&(o+="}"),o}).join("")},r.i=function(e,o,a,s,t){"string"==typeof e&&(e=[[null,e,void 0]]);var n={};if(a)for(var i=0;i<this.length;i++){var b=this[i][0];null!=b&&(n[b]=!0)}for(var g=0;g<e.length;g++){var d=[].concat(e[g]);a&&n[d[0]]||(void 0!==t&&(void 0===d[5]||(d[1]="@layer".concat(d[5].length>0?" ".concat(d[5]):""," {").concat(d[1],"}")),d[5]=t),o&&(d[2]&&(d[1]="@media ".concat(d[2]," {").concat(d[1],"}")),d[2]=o),s&&(d[4]?(d[1]="@supports (".concat(d[4],") {").concat(d[1],"}"),d[4]=s):d[4]="".concat(s)),r.push(d))}},r}},601(e){e.exports=function(e){return e[1]}},72(e){var r=[];function o(e){for(var o=-1,a=0;a<r.length;a++)if(r[a].identifier===e){o=a;break}return o}function a(e,a){for(var s={},t=[],n=0;n<e.length;n++){var i=e[n],b=a.base?i[0]+a.base:i[0],g=s[b]||0,d="".concat(b," ").concat(g);s[b]=g+1;var l=o(d),p={css:i[1],media:i[2],sourceMap:i[3],supports:i[4],layer:i[5]};if(-1!==l)r[l].references++,r[l].updater(p);else{var c=function(e,r){var o=r.domAPI(r);return o.update(e),function(r){r?(r.css!==e.css||r.media!==e.media||r.sourceMap!==e.sourceMap||r.supports!==e.supports||r.layer!==e.layer)&&o.update(e=r):o.remove()}}(p,a);a.byIndex=n,r.splice(n,0,{identifier:d,updater:c,references:1})}t.push(d)}return t}e.exports=function(e,s){var t=a(e=e||[],s=s||{});return function(e){e=e||[];for(var n=0;n<t.length;n++){var i=o(t[n]);r[i].references--}for(var b=a(e,s),g=0;g<t.length;g++){var d=o(t[g]);0===r[d].references&&(r[d].updater(),r.splice(d,1))}t=b}}},659(e){var r={};e.exports=function(e,o){var a=function(e){if(void 0===r[e]){var o=document.querySelector(e);if(window.HTMLIFrameElement&&o instanceof window.HTMLIFrameElement)try{o=o.contentDocument.head}catch(e){o=null}r[e]=o}return r[e]}(e);if(!a)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");a.appendChild(o)}},540(e){e.exports=function(e){var r=document.createElement("style");return e.setAttributes(r,e.attributes),e.insert(r,e.options),r}},56(e,r,o){e.exports=function(e){var r=o.nc;r&&e.setAttribute("nonce",r)}},206(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var r=e.insertStyleElement(e);return{update:function(o){var a,s,t;a="",o.supports&&(a+="@supports (".concat(o.supports,") {")),o.media&&(a+="@media ".concat(o.media," {")),(s=void 0!==o.layer)&&(a+="@layer".concat(o.layer.length>0?" ".concat(o.layer):""," {")),a+=o.css,s&&(a+="}"),o.media&&(a+="}"),o.supports&&(a+="}"),(t=o.sourceMap)&&"u">typeof btoa&&(a+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(t))))," */")),e.styleTagTransform(a,r,e.options)},remove:function(){var e;null===(e=r).parentNode||e.parentNode.removeChild(e)}}}},113(e){e.exports=function(e,r){if(r.styleSheet)r.styleSheet.cssText=e;else{for(;r.firstChild;)r.removeChild(r.firstChild);r.appendChild(document.createTextNode(e))}}},959(e,r,o){var a=o(72),s=o.n(a),t=o(206),n=o.n(t),i=o(659),b=o.n(i),g=o(56),d=o.n(g),l=o(540),p=o.n(l),c=o(113),f=o.n(c),u=o(646),x={};x.styleTagTransform=f(),x.setAttributes=d(),x.insert=b().bind(null,"head"),x.domAPI=n(),x.insertStyleElement=p(),s()(u.A,x),u.A&&u.A.locals&&u.A.locals}}]);