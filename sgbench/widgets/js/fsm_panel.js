// What the constraint forces: the normal machine above, the compressed one below in the same columns, requests on their way.

import { CanvasPanel, key, write } from "./canvas_panel.js";
import { el, setText } from "./dom.js";

const FSM_LEFT = 30;
const FSM_RIGHT = 34;
const FSM_FIGURES = ["states", "compressed", "tokens sampled", "tokens forced", "decode steps saved", "retokenizations"];
const SMALLEST = 0.42; // least scale; beyond, the machine scrolls

export class FsmPanel extends CanvasPanel {
  constructor(shell, height) {
    super(shell, { title: "FSM", area: "fsm", height });
    this.chosen = null;
    this.figures = FSM_FIGURES.map((word) => el("div", { class: "sgb-figure" }, el("b"), el("span", { text: word })));
    this.source = el("div", { class: "sgb-source" });
    this.before = el("div", {}, el("div", { class: "sgb-figures" }, ...this.figures), this.source);
    this.legend = el("div", { class: "sgb-legend" }, key("decoded", "", "sampled"), key("jumped", "↷", "forced"), el("span", { class: "sgb-key", text: "◎ may end" }));
    this.which = el("select", { class: "sgb-select", "aria-label": "Machine" });
    this.which.addEventListener("change", () => {
      this.chosen = this.which.value === "" ? null : Number(this.which.value);
      this.shell.touch();
    });
    this.tools = [this.which];
    this.element.addEventListener("scroll", () => this.shell.touch()); // some of the words stand still
  }

  gather() {
    this.machines = this.player.table("machine").map(([number, form, source, states, known, normal, compressed]) => ({ number, form, source, states, known, normal: machineOf(normal), compressed: machineOf(compressed) }));
    this.walks = this.player.table("walk").map(([rid, machine, state, text, sampled, jumped, jumps, again, dropped, end, way]) => ({ rid, machine, state, text, sampled, jumped, jumps, again, dropped, end, way }));
    if (this.which.options.length !== this.machines.length + 1) {
      this.which.replaceChildren(el("option", { value: "", text: "the latest machine" }), ...this.machines.map((machine) => el("option", { value: String(machine.number), text: `${machine.form}: ${machine.source.slice(0, 40)}` })));
      this.which.value = this.chosen === null ? "" : String(this.chosen);
    }
    this.machine = this.machines.find((machine) => machine.number === this.chosen) ?? this.machines.find((machine) => machine.number === this.walks.at(-1)?.machine) ?? this.machines.at(-1);
    this.own = this.walks.filter((walk) => walk.machine === this.machine?.number);
    const [sampled, jumped, again] = ["sampled", "jumped", "again"].map((name) => this.own.reduce((sum, walk) => sum + walk[name], 0));
    const saved = sampled + jumped ? `${Math.round((100 * jumped) / (sampled + jumped))} %` : "–";
    const values = [this.machine?.normal.states || this.machine?.states || "–", this.machine?.compressed.states || "–", sampled, jumped, saved, again];
    this.figures.forEach((figure, i) => setText(figure.firstChild, values[i].toLocaleString()));
    setText(this.source, this.machine?.source ?? "");
  }

  arrange() {
    super.arrange();
    this.empty.classList.toggle("sgb-hidden", Boolean(this.machine?.known));
    setText(this.empty, this.machine ? "This machine cannot be compiled again here: only its figures are known" : this.player.position ? "No request has been constrained yet" : this.shell.store.nothingYet);
    const widest = Math.max(0, ...[this.machine?.normal, this.machine?.compressed].flatMap((one) => (one ? [...one.at.values()].map((node) => node.x) : [])));
    this.scale = Math.max(SMALLEST, Math.min(1.7, (this.element.clientWidth - FSM_LEFT - FSM_RIGHT) / Math.max(widest, 1)));
    this.stage.style.width = `${Math.max(this.element.clientWidth, widest * this.scale + FSM_LEFT + FSM_RIGHT)}px`;
  }

  summary() {
    if (!this.machines.length) return "no constraint yet";
    const active = this.walks.filter((walk) => !walk.end).length;
    return `${this.machines.length} machine${this.machines.length === 1 ? "" : "s"} · ${this.walks.length} constrained request${this.walks.length === 1 ? "" : "s"}${active ? `, ${active} on the way` : ""}`;
  }

  // In a dashboard: nothing was constrained, so there is nothing to show.
  absent() {
    return !this.machines?.length;
  }

  count() {
    return this.machine ? this.machine.normal.at.size + this.machine.compressed.at.size : 0;
  }

  paint(ctx, width, height, palette) {
    if (!this.machine?.known) return;
    const { normal, compressed } = this.machine;
    const rows = normal.rows + compressed.rows + 1.6;
    const pitch = Math.min(46, (height - 64) / Math.max(rows, 2));
    const shown = this.own.filter((walk) => !walk.end).slice(-8);
    if (!shown.length && this.own.length) shown.push(this.own.at(-1));
    const spare = Math.max(0, height - 64 - rows * pitch) / 3;
    const middle = 38 + (normal.rows + 0.8) * pitch + 2 * spare;
    this.paintMachine(ctx, palette, normal, "normal: a transition for each character", 16 + spare / 2, pitch, shown);
    this.paintMachine(ctx, palette, compressed, "compressed: what is forced is one transition", middle, pitch, shown);
    const last = shown.at(-1);
    if (last) this.paintText(ctx, palette, last, height - 12);
    if (last) this.keepInView(FSM_LEFT + (normal.at.get(last.state)?.x ?? 0) * this.scale);
  }

  // A machine wider than the room scrolls along with its request, when that moves.
  keepInView(x) {
    if (x === this.seenAt) return;
    this.seenAt = x;
    const { clientWidth, scrollLeft } = this.element;
    if (x < scrollLeft + FSM_LEFT || x > scrollLeft + clientWidth - FSM_RIGHT) this.element.scrollLeft = x - clientWidth * 0.6;
  }

  paintMachine(ctx, palette, machine, title, top, pitch, shown) {
    const left = 14 + this.element.scrollLeft; // the words stay where the reader is
    write(ctx, palette, `${title} · ${machine.states} states`, left, top, { colour: palette.dim });
    if (!machine.at.size) {
      write(ctx, palette, "too large to draw", left, top + 18);
      return;
    }
    const spot = (node) => ({ x: FSM_LEFT + node.x * this.scale, y: top + 14 + (node.row + 0.75) * pitch });
    const way = new Map(shown.at(-1)?.way ?? []);
    const start = shown.length ? [...machine.at.keys()][0] : null;
    const been = (id) => way.has(id) || id === start;
    const size = Math.max(2.2, Math.min(7, 6.5 * this.scale, pitch * 0.22));
    for (const edge of machine.edges) {
      const on = been(edge.source) && way.has(edge.target) && this.walked(shown.at(-1), machine, edge);
      this.paintEdge(ctx, palette, machine, edge, spot, size, pitch, on ? palette[way.get(edge.target) ? "o-jumped" : "o-decoded"] : null);
    }
    for (const node of machine.at.values()) {
      const { x, y } = spot(node);
      ctx.beginPath();
      ctx.arc(x, y, size, 0, 7);
      ctx.fillStyle = way.has(node.id) ? palette[way.get(node.id) ? "o-jumped" : "o-decoded"] : palette.surface;
      ctx.fill();
      ctx.strokeStyle = node.accept ? palette.text : palette.dim;
      ctx.lineWidth = 1.2;
      ctx.stroke();
      if (node.accept) {
        ctx.beginPath();
        ctx.arc(x, y, size + 2.5, 0, 7);
        ctx.stroke();
      }
      const facts = machine.edges.filter((edge) => edge.source === node.id).slice(0, 6).map((edge) => `${edge.label} → ${edge.target}`);
      this.spots.push({ x: x - size, y: y - size, w: 2 * size, h: 2 * size, head: `State ${node.id}`, right: node.accept ? "may end" : "", facts: facts.length ? facts : ["nothing may follow"] });
    }
    for (const walk of shown) this.paintStand(ctx, palette, machine, walk, spot, size);
  }

  // Did the request's way lead over this edge: is the target what follows the source among this machine's states?
  walked(walk, machine, edge) {
    if (!walk) return false;
    const seen = [[...machine.at.keys()][0], ...walk.way.map(([state]) => state).filter((state) => machine.at.has(state))];
    walk.pairs ??= new Map();
    if (!walk.pairs.has(machine)) walk.pairs.set(machine, new Set(seen.slice(1).map((state, i) => `${seen[i]}>${state}`)));
    return walk.pairs.get(machine).has(`${edge.source}>${edge.target}`);
  }

  paintEdge(ctx, palette, machine, edge, spot, size, pitch, on) {
    const from = spot(machine.at.get(edge.source));
    const to = spot(machine.at.get(edge.target));
    ctx.strokeStyle = ctx.fillStyle = on ?? palette.link;
    ctx.lineWidth = on ? 2.4 : 1.2;
    ctx.beginPath();
    if (edge.source === edge.target) {
      ctx.ellipse(from.x, from.y - size - 6, 6, 7, 0, 0.7 * Math.PI, 2.3 * Math.PI);
      ctx.stroke();
      this.label(ctx, palette, edge, from.x, from.y - size - 18, 90, on);
      return;
    }
    const far = Math.abs(to.x - from.x);
    const bend = edge.blocked ? (to.x > from.x ? 1 : -1) * Math.min(pitch * 0.42, 8 + far / 14) : 0;
    const control = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 + 2 * bend };
    ctx.moveTo(from.x, from.y);
    if (from.y === to.y) ctx.quadraticCurveTo(control.x, control.y, to.x, to.y);
    else ctx.bezierCurveTo(control.x, from.y, control.x, to.y, to.x, to.y);
    ctx.stroke();
    const way = Math.sign(to.x - from.x) || 1;
    ctx.beginPath();
    ctx.moveTo(to.x - way * size, to.y);
    ctx.lineTo(to.x - way * (size + 5), to.y - 3 - bend * 0.1);
    ctx.lineTo(to.x - way * (size + 5), to.y + 3 - bend * 0.1);
    ctx.fill();
    const middle = (from.y + to.y) / 2 + bend;
    this.label(ctx, palette, edge, control.x, middle - (bend > 0 ? -8 : 8), far - 1, on);
  }

  label(ctx, palette, edge, x, y, room, on) {
    if (edge.quiet && !on) return;
    ctx.font = `${on ? "600 " : ""}${this.scale < 0.7 ? 9.5 : 11}px ${palette.codeFont}`;
    let words = edge.label;
    if (ctx.measureText(words).width > room) words = words.replace(/^\[(.+)\]$/, "$1");
    if (ctx.measureText(words).width > room) {
      const fits = Math.floor(room / ctx.measureText("m").width) - 1;
      if (fits < 1) return;
      words = `${words.slice(0, fits)}…`;
    }
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillStyle = on ? palette.text : palette.dim;
    ctx.fillText(words, x, y);
  }

  // The ring around the present state; in the compressed machine a state inside a chain stands on its edge.
  paintStand(ctx, palette, machine, walk, spot, size) {
    const normal = this.machine.normal.at.get(walk.state);
    const node = machine.at.get(walk.state) ?? (normal ? { x: normal.x, row: this.rowOfWay(machine, walk) } : null);
    if (!node) return;
    const { x, y } = spot(node);
    ctx.beginPath();
    ctx.arc(x, y, size + 4.5, 0, 7);
    ctx.strokeStyle = walk.end ? palette.dim : palette.accent;
    ctx.lineWidth = 2.2;
    ctx.stroke();
    if (this.own.length > 1) write(ctx, palette, `#${walk.rid}`, x, y + size + 12, { colour: palette.text, align: "center", size: 10 });
  }

  rowOfWay(machine, walk) {
    const last = walk.way.map(([state]) => state).findLast((state) => machine.at.has(state));
    return machine.at.get(last)?.row ?? 0;
  }

  paintText(ctx, palette, walk, y) {
    const { scrollLeft, clientWidth } = this.element;
    write(ctx, palette, `request ${walk.rid}${walk.end ? ` (${walk.end})` : ""}:`, 14 + scrollLeft, y);
    ctx.font = `11px ${palette.uiFont}`;
    const left = 22 + scrollLeft + ctx.measureText(`request ${walk.rid}${walk.end ? ` (${walk.end})` : ""}:`).width;
    ctx.font = `12px ${palette.codeFont}`;
    ctx.fillStyle = palette.text;
    const most = Math.floor((clientWidth + scrollLeft - left - 20) / ctx.measureText("m").width);
    ctx.fillText(walk.text.length > most ? `…${walk.text.slice(-most)}` : walk.text, left, y);
  }
}

function machineOf([nodes, edges, rows, states]) {
  const at = new Map(nodes.map(([id, x, row, accept]) => [id, { id, x, row, accept }]));
  const made = edges.map(([source, target, label, forced]) => ({ source, target, label, forced, blocked: false }));
  for (const edge of made) {
    const [a, b] = [at.get(edge.source), at.get(edge.target)];
    const [low, high] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
    edge.blocked = a.row === b.row && (b.x < a.x || nodes.some(([, x, row]) => row === a.row && x > low && x < high));
  }
  const said = new Set(); // of many edges into a state with one label, the shortest says it
  const far = (edge) => Math.abs(at.get(edge.target).x - at.get(edge.source).x);
  for (const edge of [...made].sort((a, b) => far(a) - far(b))) {
    edge.quiet = said.has(`${edge.target} ${edge.label}`);
    said.add(`${edge.target} ${edge.label}`);
  }
  return { at, edges: made, rows, states };
}
