// The radix tree as a panel: wires the player to the scene, and the reader to both.

import { el, icon, ICONS, setText } from "./dom.js";
import { itemAt, layout } from "./layout.js";
import { describe, summarise } from "./narrate.js";
import { MARK } from "./player.js";
import { Pool } from "./pool.js";
import { Scene } from "./scene.js";
import { textButton } from "./shell.js";
import { Tip } from "./tip.js";

const RUN_GHOSTS = 12; // the last that left: all of a long run would bury what is there
const STEP_GHOSTS = 48;
const LIFT = ["new", "accessed", "evicted"];
const SINCE = { request: "since the last request came in", step: "in the last step", event: "by the last event", run: "in the whole run" };

export class TreePanel {
  constructor(shell, height) {
    this.shell = shell;
    this.title = "Radix tree";
    this.area = "tree";
    this.keys = [["← → ↑ ↓", "walk the tree"], ["Enter", "show what is folded away"], ["+ − 0", "zoom in, out, fit"]];
    this.zoom = 1;
    this.opened = new Map();
    this.pool = new Pool();
    this.before = this.pool.element;
    this.build(height);
    this.scene = new Scene(this.canvas);
    this.listen();
  }

  get player() {
    return this.shell.player;
  }

  set still(value) {
    this.scene.still = value;
  }

  build(height) {
    this.canvas = el("canvas", { class: "sgb-canvas", "aria-hidden": "true" });
    this.item = el("div", { role: "treeitem", id: `sgb-item-${Math.random().toString(36).slice(2)}`, class: "sgb-offscreen" });
    this.stage = el("div", {
      class: "sgb-stage", role: "tree", tabindex: "0", "aria-label": "Radix tree", "aria-activedescendant": this.item.id, style: `--sgb-height:${height}px`,
    }, this.canvas, this.item);
    this.tip = new Tip();
    this.empty = el("div", { class: "sgb-empty sgb-hidden" });
    this.counts = LIFT.map(() => el("b"));
    this.since = el("span", { class: "sgb-since" });
    this.legend = el("div", { class: "sgb-legend" }, 
      ...LIFT.map((word, i) => el("span", { class: `sgb-key sgb-key-${word}` }, el("i", { text: ["+", "◉", "×"][i] }), this.counts[i], el("span", { text: word }))),
      this.since,
      el("span", { class: "sgb-key sgb-key-locked" }, el("i", {}, icon(ICONS.lock)), (this.locked = el("b")), el("span", { text: "locked" })));
    this.tools = [
      textButton("+", "Zoom in (+)", () => this.setZoom(this.zoom * 1.6)), textButton("−", "Zoom out (−)", () => this.setZoom(this.zoom / 1.6)), textButton("⤢", "Fit (0)", () => this.fit())];
    this.element = el("div", { class: "sgb-panel" }, this.stage, this.empty, this.tip.element);
  }

  listen() {
    this.stage.addEventListener("pointerdown", (event) => this.onDown(event));
    this.stage.addEventListener("pointermove", (event) => this.onMove(event));
    this.stage.addEventListener("pointerup", () => (this.drag = null));
    this.stage.addEventListener("pointerleave", () => this.point(null));
    this.stage.addEventListener("focus", () => this.onFocus(true));
    this.stage.addEventListener("blur", () => this.onFocus(false));
    this.stage.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
  }

  // --- what the shell asks for

  draw(palette, now) {
    const moving = this.scene.step(now);
    this.scene.draw(palette);
    return moving;
  }

  summary() {
    return summarise(this.player);
  }

  count() {
    return this.player.nodes.size;
  }

  touch() {
    this.shell.touch();
  }

  arrange() {
    const player = this.player;
    const size = { width: this.stage.clientWidth * this.zoom, height: this.stage.clientHeight * this.zoom };
    const since = player.since(this.shell.controls.markWindow);
    const ghostLimit = this.shell.controls.markWindow === "run" ? RUN_GHOSTS : STEP_GHOSTS;
    this.shape = layout(player, { ...size, since, ghostLimit, opened: this.opened });
    this.clampPan(size.width);
    this.scene.setLayout(this.shape, { shine: this.shell.store.following || this.shell.controls.playing });
    if (!this.shape.items.has(this.scene.focus)) this.scene.focus = this.scene.focus === null ? null : "n0";
    if (!this.shape.items.has(this.scene.hover)) this.point(null);
    this.words(since);
  }

  words(since) {
    const player = this.player;
    const counts = [0, 0, 0];
    let locked = 0;
    for (const [id, node] of player.nodes) {
      const mark = id === 0 ? MARK.NONE : player.markOf(node, since);
      if (mark !== MARK.NONE) counts[mark - 1]++;
      if (node.refCount) locked++;
    }
    counts[2] = player.ghosts(since, 100000).length;
    counts.forEach((value, i) => setText(this.counts[i], value.toLocaleString()));
    setText(this.since, SINCE[this.shell.controls.markWindow]);
    setText(this.locked, locked.toLocaleString());
    this.pool.refresh(player);
    const none = player.nodes.size === 1 && this.shape.order.length === 1;
    this.empty.classList.toggle("sgb-hidden", !none);
    setText(this.empty, player.position ? "The cache is empty" : this.shell.store.nothingYet);
    if (this.scene.focus !== null) this.announce();
  }

  // --- the reader's hand

  setZoom(zoom, centre = { x: this.stage.clientWidth / 2, y: this.stage.clientHeight / 2 }) {
    const before = this.zoom;
    this.zoom = Math.max(1, Math.min(40, zoom));
    const ratio = this.zoom / before;
    const pan = this.scene.pan;
    this.scene.pan = { x: centre.x - (centre.x - pan.x) * ratio, y: centre.y - (centre.y - pan.y) * ratio };
    this.touch();
  }

  fit() {
    this.zoom = 1;
    this.scene.pan = { x: 0, y: 0 };
    this.opened.clear();
    this.touch();
  }

  clampPan(width) {
    const { clientWidth, clientHeight } = this.stage;
    const pan = this.scene.pan;
    pan.x = Math.min(0, Math.max(clientWidth - width, pan.x));
    pan.y = Math.min(0, Math.max(clientHeight - Math.max(this.shape.height, clientHeight), pan.y));
  }

  at(event) {
    const box = this.stage.getBoundingClientRect();
    const { x, y } = this.scene.pan;
    return { x: event.clientX - box.left - x, y: event.clientY - box.top - y, left: event.clientX - box.left, top: event.clientY - box.top };
  }

  onWheel(event) {
    if (!event.ctrlKey && !event.metaKey) return; // plain wheel scrolls the notebook
    event.preventDefault();
    const { left, top } = this.at(event);
    this.setZoom(this.zoom * Math.exp(-event.deltaY / 300), { x: left, y: top });
  }

  onDown(event) {
    const spot = this.at(event);
    const item = itemAt(this.shape.order, spot.x, spot.y);
    this.drag = { x: event.clientX, y: event.clientY, pan: { ...this.scene.pan } };
    this.stage.setPointerCapture(event.pointerId);
    if (!item) return;
    this.focusOn(item.key);
    if (item.kind === "counted") this.open(item);
  }

  onMove(event) {
    if (this.drag && event.buttons) {
      this.scene.pan = { x: this.drag.pan.x + event.clientX - this.drag.x, y: this.drag.pan.y + event.clientY - this.drag.y };
      this.point(null);
      this.touch();
      return;
    }
    const spot = this.at(event);
    const item = itemAt(this.shape?.order ?? [], spot.x, spot.y);
    this.stage.style.cursor = item?.kind === "counted" ? "pointer" : this.zoom > 1 ? "grab" : "default";
    this.point(item ?? null, spot);
  }

  point(item, spot) {
    const key = item?.key ?? null;
    this.tip.element.classList.toggle("sgb-hidden", !item);
    if (key !== this.scene.hover) {
      this.scene.hover = key;
      if (item) fillTip(this.tip, item, this.player);
      this.shell.wake();
    }
    if (item && spot) this.tip.place(spot.left, spot.top, this.stage);
  }

  open(item) {
    const shownNow = [...this.player.nodes.get(item.id).children].filter((id) => this.shape.items.has(`n${id}`)).length;
    this.opened.set(item.id, shownNow + 24);
    this.touch();
  }

  // --- keyboard

  onFocus(has) {
    if (has && this.scene.focus === null) this.scene.focus = "n0";
    if (!has) this.scene.focus = null;
    if (has) this.announce();
    this.touch();
  }

  focusOn(key) {
    this.stage.focus({ preventScroll: true });
    this.scene.focus = key;
    this.announce();
    this.touch();
  }

  announce() {
    const item = this.shape?.items.get(this.scene.focus);
    if (!item) return;
    const family = this.shape.order.filter((other) => other.parent === item.parent);
    this.item.setAttribute("aria-level", String(item.depth + 1));
    this.item.setAttribute("aria-setsize", String(family.length));
    this.item.setAttribute("aria-posinset", String(family.indexOf(item) + 1));
    this.item.setAttribute("aria-selected", "true");
    setText(this.item, describe(item));
  }

  onKey(event) {
    const walk = { ArrowRight: "in", ArrowLeft: "out", ArrowDown: "next", ArrowUp: "previous" }[event.key];
    if (event.target === this.stage && walk) return this.walk(walk);
    if (event.target === this.stage && event.key === "Enter") return this.enterItem();
    const action = { "+": () => this.setZoom(this.zoom * 1.6), "=": () => this.setZoom(this.zoom * 1.6), "-": () => this.setZoom(this.zoom / 1.6), "0": () => this.fit() }[event.key];
    if (!action) return false;
    action();
    return true;
  }

  enterItem() {
    const item = this.shape.items.get(this.scene.focus);
    if (item?.kind === "counted") this.open(item);
    return true;
  }

  walk(direction) {
    const order = this.shape.order;
    const here = this.shape.items.get(this.scene.focus) ?? order[0];
    const index = order.indexOf(here);
    const target = {
      in: () => order.find((item) => item.parent === here.key), out: () => this.shape.items.get(here.parent),
      next: () => order[index + 1], previous: () => order[index - 1],
    }[direction]();
    if (target) {
      this.reveal(target);
      this.focusOn(target.key);
    }
    return true;
  }

  reveal(item) {
    const { clientWidth, clientHeight } = this.stage;
    const pan = this.scene.pan;
    if (item.y + pan.y < 0) pan.y = 8 - item.y;
    if (item.y + item.h + pan.y > clientHeight) pan.y = clientHeight - item.y - item.h - 8;
    if (item.x + pan.x < 0) pan.x = 8 - item.x;
    if (item.x + item.w + pan.x > clientWidth) pan.x = Math.min(8 - item.x, clientWidth - item.x - item.w - 8);
  }
}

function fillTip(tip, item, player) {
  const words = { root: "Root", counted: "Folded away", ghost: "Evicted", node: ["Node", "New", "Accessed"][item.mark] ?? "Node" }[item.kind];
  const plain = item.kind === "root" || item.kind === "counted";
  tip.fill(words, plain ? "" : `#${item.id}`, facts(item, player), item.text);
}

function facts(item, player) {
  if (item.kind === "root") return [`${item.subtree.toLocaleString()} tokens below`];
  const found = [`${item.tokens.toLocaleString()} tokens`];
  if (item.kind === "counted") found.push(`${item.nodes.toLocaleString()} nodes; click to show`);
  if (item.kind !== "node") return found;
  const prefix = player.path(item.id).reduce((sum, id) => sum + player.tokens(id), 0);
  found.push(`prefix of ${prefix.toLocaleString()}`);
  if (item.refCount) found.push(`locked by ${item.refCount}`);
  found.push(`last used at tick ${item.lastAccess}`);
  return found;
}
