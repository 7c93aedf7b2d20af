// The RadixTree widget: wires the store to the scene, and the reader to both.

import { Controls } from "./controls.js";
import { button, el, icon, ICONS, setText } from "./dom.js";
import { itemAt, layout } from "./layout.js";
import { describe, summarise } from "./narrate.js";
import { MARK } from "./player.js";
import { Pool } from "./pool.js";
import { readPalette, Scene } from "./scene.js";
import { Store } from "./store.js";
import { keyList, Tip } from "./tip.js";

const SAY_EVERY_MS = 2500;
const RUN_GHOSTS = 12; // the last that left: all of a long run would bury what is there
const STEP_GHOSTS = 48;
const LIFT = ["new", "accessed", "evicted"];
class View {
  constructor(store, host) {
    this.store = store;
    this.zoom = 1;
    this.opened = new Map();
    this.dirty = true;
    this.relayoutAt = 0;
    this.frame = 0;
    this.saidAt = 0;
    this.spoken = "";
    this.controls = new Controls(store, () => this.touch());
    this.pool = new Pool();
    this.build(host);
    this.scene = new Scene(this.canvas);
    this.observe();
    this.onStore = () => this.touch();
    store.listeners.add(this.onStore);
    this.touch();
  }

  get player() {
    return this.store.player;
  }

  build(host) {
    this.canvas = el("canvas", { class: "sgb-canvas", "aria-hidden": "true" });
    this.item = el("div", { role: "treeitem", id: `sgb-item-${Math.random().toString(36).slice(2)}`, class: "sgb-offscreen" });
    this.stage = el("div", {
      class: "sgb-stage", role: "tree", tabindex: "0", "aria-label": "Radix tree", "aria-activedescendant": this.item.id,
      style: `height:${this.store.model.get("height")}px`,
    }, this.canvas, this.item);
    this.tip = new Tip();
    this.empty = el("div", { class: "sgb-empty sgb-hidden" });
    this.status = el("span", { class: "sgb-status" });
    this.summary = el("span", { class: "sgb-summary" });
    this.counts = LIFT.map((word) => el("b"));
    const legend = el("div", { class: "sgb-legend" },
      ...LIFT.map((word, i) => el("span", { class: `sgb-key sgb-key-${word}` }, el("i", { text: ["+", "◉", "×"][i] }), this.counts[i], el("span", { text: word }))),
      el("span", { class: "sgb-key sgb-key-locked" }, el("i", {}, icon(ICONS.lock)), (this.locked = el("b")), el("span", { text: "locked" })));
    this.live = el("div", { class: "sgb-offscreen", "aria-live": "polite" });
    this.help = keyList();
    const zoom = el("div", { class: "sgb-zoom", role: "group", "aria-label": "Zoom" },
      this.textButton("+", "Zoom in (+)", () => this.setZoom(this.zoom * 1.6)), this.textButton("−", "Zoom out (−)", () => this.setZoom(this.zoom / 1.6)),
      this.textButton("⤢", "Fit (0)", () => this.fit()), this.textButton("?", "Keys (?)", () => this.help.classList.toggle("sgb-hidden")));
    this.root = el("div", { class: "sgb-root sgb-tree", "data-sgb-widget": "RadixTree", "data-sgb-seq": "-1", "data-sgb-nodes": "0", "data-lm-suppress-shortcuts": "true" },
      el("div", { class: "sgb-head" }, el("span", { class: "sgb-title", text: "Radix tree" }), this.status, this.summary, legend),
      this.pool.element,
      el("div", { class: "sgb-body" }, this.stage, this.empty, this.tip.element, this.help),
      el("div", { class: "sgb-foot" }, this.controls.caption, zoom), this.controls.element, this.live);
    host.append(this.root);
    this.listen();
  }

  textButton(text, label, action) {
    const made = button(label, null, action, "sgb-button sgb-text");
    made.textContent = text;
    return made;
  }

  observe() {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    const onCalm = () => (this.scene.still = calm.matches);
    const onTheme = () => {
      this.palette = null;
      this.controls.stripLength = -1;
      this.touch();
    };
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    calm.addEventListener("change", onCalm);
    dark.addEventListener("change", onTheme);
    onCalm();
    this.resize = new ResizeObserver(onTheme);
    this.resize.observe(this.stage);
    this.theme = new MutationObserver(onTheme);
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
    this.forget = () => {
      calm.removeEventListener("change", onCalm);
      dark.removeEventListener("change", onTheme);
    };
  }

  listen() {
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.stage.addEventListener("pointerdown", (event) => this.onDown(event));
    this.stage.addEventListener("pointermove", (event) => this.onMove(event));
    this.stage.addEventListener("pointerup", () => (this.drag = null));
    this.stage.addEventListener("pointerleave", () => this.point(null));
    this.stage.addEventListener("focus", () => this.onFocus(true));
    this.stage.addEventListener("blur", () => this.onFocus(false));
    this.stage.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
  }

  // --- drawing

  touch() {
    this.dirty = true;
    if (!this.frame) this.frame = requestAnimationFrame((now) => this.paint(now));
  }

  paint(now) {
    this.frame = 0;
    if (!this.root.isConnected || !this.stage.clientWidth) {
      this.frame = setTimeout(() => this.touchAgain(), 120);
      return;
    }
    if (this.controls.tick(now)) this.dirty = true;
    if (!this.palette) this.palette = readPalette(this.root);
    if (this.dirty && now >= this.relayoutAt) this.relayout();
    const moving = this.scene.step(now);
    this.scene.draw(this.palette);
    const waiting = this.controls.refresh(this.palette, now);
    if (moving || waiting || this.controls.playing || this.dirty) this.frame ||= requestAnimationFrame((next) => this.paint(next));
  }

  touchAgain() {
    this.frame = 0;
    this.touch();
  }

  // A large tree is laid out more rarely, so that half of the time at least is left for moving and drawing.
  relayout() {
    const began = performance.now();
    this.arrange();
    this.relayoutAt = began + 2 * (performance.now() - began);
  }

  arrange() {
    this.dirty = false;
    const player = this.player;
    const size = { width: this.stage.clientWidth * this.zoom, height: this.stage.clientHeight * this.zoom };
    const since = player.since(this.controls.markWindow);
    const ghostLimit = this.controls.markWindow === "run" ? RUN_GHOSTS : STEP_GHOSTS;
    this.shape = layout(player, { ...size, since, ghostLimit, opened: this.opened });
    this.clampPan(size.width);
    this.scene.setLayout(this.shape, { shine: this.store.following || this.controls.playing });
    if (!this.shape.items.has(this.scene.focus)) this.scene.focus = this.scene.focus === null ? null : "n0";
    if (!this.shape.items.has(this.scene.hover)) this.point(null);
    this.words(since);
  }

  words(since) {
    const player = this.player;
    const counts = [0, 0, 0];
    let locked = 0;
    for (const [id, node] of player.nodes) {
      const mark = id === 0 ? MARK.NONE : player.mark(id, since);
      if (mark !== MARK.NONE) counts[mark - 1]++;
      if (node.refCount) locked++;
    }
    counts[2] = player.ghosts(since, 100000).length;
    counts.forEach((value, i) => setText(this.counts[i], value.toLocaleString()));
    setText(this.locked, locked.toLocaleString());
    setText(this.summary, summarise(player));
    this.showStatus();
    this.pool.refresh(player);
    const event = player.current;
    this.root.dataset.sgbSeq = String(event ? event.seq : -1);
    this.root.dataset.sgbNodes = String(player.nodes.size);
    const none = player.nodes.size === 1 && this.shape.order.length === 1;
    this.empty.classList.toggle("sgb-hidden", !none);
    setText(this.empty, player.length ? "The cache is empty" : "Waiting for the first event");
    this.say();
    if (this.scene.focus !== null) this.announce();
  }

  showStatus() {
    const status = this.store.status;
    const known = ["live", "ended", "replay"].includes(status);
    const paused = status === "live" && !this.store.following;
    setText(this.status, paused ? "looking back" : status);
    this.status.className = `sgb-status sgb-status-${paused ? "paused" : known ? status : "failed"}`;
  }

  // Screen readers hear a summary now and then, not each event.
  say() {
    const now = performance.now();
    const text = this.summary.textContent;
    if (text === this.spoken || now - this.saidAt < SAY_EVERY_MS) return;
    this.saidAt = now;
    this.spoken = text;
    setText(this.live, `Radix tree: ${text}`);
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
      if (item) this.tip.fill(item, this.player);
      if (!this.frame) this.frame = requestAnimationFrame((now) => this.paint(now));
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
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") this.leave();
    else if (event.key === "Tab") return;
    else if (this.keyAction(event)) event.preventDefault();
    event.stopPropagation(); // the notebook's own shortcuts stay out
  }

  keyAction(event) {
    const inTree = event.target === this.stage;
    const onControl = ["SELECT", "INPUT", "BUTTON"].includes(event.target.tagName);
    const walk = { ArrowRight: "in", ArrowLeft: "out", ArrowDown: "next", ArrowUp: "previous" }[event.key];
    if (inTree && walk) return this.walk(walk);
    if (inTree && event.key === "Enter") return this.enterItem();
    const action = {
      "[": () => this.controls.step(-1), "]": () => this.controls.step(1), "{": () => this.controls.step(-1, true), "}": () => this.controls.step(1, true),
      "+": () => this.setZoom(this.zoom * 1.6), "=": () => this.setZoom(this.zoom * 1.6), "-": () => this.setZoom(this.zoom / 1.6), "0": () => this.fit(),
      "?": () => this.help.classList.toggle("sgb-hidden"),
      ...(onControl ? {} : { " ": () => this.controls.toggle(), Home: () => this.controls.go(0), End: () => this.controls.toEnd() }),
    }[event.key];
    if (!action) return false;
    action();
    return true;
  }

  leave() {
    const notebook = this.root.closest(".jp-Notebook");
    if (notebook) notebook.focus();
    else document.activeElement?.blur();
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

  dispose() {
    this.store.listeners.delete(this.onStore);
    cancelAnimationFrame(this.frame);
    clearTimeout(this.frame);
    this.resize.disconnect();
    this.theme.disconnect();
    this.forget();
    this.root.remove();
  }
}

const stores = new WeakMap();

function storeOf(model) {
  if (!stores.has(model)) stores.set(model, new Store(model));
  return stores.get(model);
}

export default {
  initialize({ model }) {
    storeOf(model);
    return () => {
      stores.get(model)?.dispose();
      stores.delete(model);
    };
  },
  render({ model, el: host }) {
    const view = new View(storeOf(model), host);
    return () => view.dispose();
  },
};
