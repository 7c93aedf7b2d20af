// What all widgets share: the frame around one panel or several, one player for all of them, keys, theme, and the paint loop.
//
// A panel has: title, element (its body), and as it likes: legend, before (above the body), tools (buttons), keys; arrange()
// after the position moved, draw(palette, now) -> still moving, summary(), count(), onKey(event) -> taken, themed(), still.

import { Controls } from "./controls.js";
import { button, el, setText } from "./dom.js";
import { readPalette } from "./palette.js";
import { Store } from "./store.js";
import { keyList } from "./tip.js";

const SAY_EVERY_MS = 2500;

export function textButton(text, label, action) {
  const made = button(label, null, action, "sgb-button sgb-text");
  made.textContent = text;
  return made;
}

export class Shell {
  constructor(store, host, { name, title, make }) {
    this.store = store;
    this.name = name;
    this.title = title;
    this.dirty = true;
    this.arrangeAt = 0;
    this.frame = 0;
    this.saidAt = 0;
    this.spoken = "";
    this.controls = new Controls(store, () => store.changed("position")); // every view of the model shows the same moment
    this.panels = make(this);
    this.build(host);
    this.observe();
    this.onStore = () => this.touch();
    store.listeners.add(this.onStore);
    this.touch();
  }

  get player() {
    return this.store.player;
  }

  build(host) {
    const several = this.panels.length > 1;
    this.status = el("span", { class: "sgb-status" });
    this.note = el("div", { class: "sgb-note sgb-hidden", role: "note" });
    this.live = el("div", { class: "sgb-offscreen", "aria-live": "polite" });
    this.help = keyList(this.panels.flatMap((panel) => panel.keys ?? []));
    this.summaries = this.panels.map(() => el("span", { class: "sgb-summary" }));
    this.cards = this.panels.map((panel, i) => this.card(panel, this.summaries[i], several));
    this.tools = el("div", { class: "sgb-zoom" }, ...(several ? [] : this.panels[0].tools ?? []), textButton("?", "Keys (?)", () => this.toggleHelp()));
    const foot = el("div", { class: "sgb-foot" }, this.controls.caption, this.controls.liveButton, this.tools);
    this.root = el("div", {
      class: `sgb-root sgb-${this.name.toLowerCase()}`, "data-sgb-widget": this.name, "data-sgb-seq": "-1", "data-sgb-nodes": "0",
      "data-lm-suppress-shortcuts": "true",
    });
    if (several) {
      this.total = el("span", { class: "sgb-summary" });
      this.root.append(el("div", { class: "sgb-head sgb-head-all" }, el("span", { class: "sgb-title", text: this.title }), this.status, this.total), el("div", { class: "sgb-grid" }, ...this.cards));
    } else this.root.append(...this.cards);
    this.root.prepend(this.note);
    this.root.append(this.help, foot, this.controls.element, this.live);
    host.append(this.root);
    this.root.addEventListener("keydown", (event) => this.onKey(event));
  }

  card(panel, summary, several) {
    const head = el("div", { class: "sgb-head" }, el("span", { class: "sgb-title", text: panel.title }), ...(several ? [] : [this.status]), summary);
    if (panel.legend) head.append(panel.legend);
    const body = el("div", { class: "sgb-body" }, panel.element);
    const tools = several && panel.tools ? [el("div", { class: "sgb-foot" }, el("span", { class: "sgb-caption" }), el("div", { class: "sgb-zoom" }, ...panel.tools))] : [];
    return el("section", { class: `sgb-card sgb-card-${panel.area}`, "aria-label": panel.title }, head, ...(panel.before ? [panel.before] : []), body, ...tools);
  }

  toggleHelp() {
    this.help.classList.toggle("sgb-hidden");
  }

  observe() {
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    const onCalm = () => this.panels.forEach((panel) => (panel.still = calm.matches));
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
    for (const panel of this.panels) this.resize.observe(panel.element);
    this.theme = new MutationObserver(onTheme);
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
    this.forget = () => {
      calm.removeEventListener("change", onCalm);
      dark.removeEventListener("change", onTheme);
    };
  }

  // --- drawing

  touch() {
    this.dirty = true;
    this.wake();
  }

  wake() {
    if (!this.frame) this.frame = requestAnimationFrame((now) => this.paint(now));
  }

  paint(now) {
    this.frame = 0;
    if (!this.root.isConnected || !this.root.clientWidth) {
      this.frame = setTimeout(() => this.wakeAgain(), 120);
      return;
    }
    if (this.controls.tick(now)) this.dirty = true;
    if (!this.palette) this.palette = readPalette(this.root);
    if (this.dirty && now >= this.arrangeAt) this.arrange();
    let moving = false;
    for (const panel of this.panels) moving = panel.draw(this.palette, now) || moving;
    const waiting = this.controls.refresh(this.palette, now);
    if (moving || waiting || this.controls.playing || this.dirty) this.wake();
  }

  wakeAgain() {
    this.frame = 0;
    this.touch();
  }

  // What takes long to arrange is arranged more rarely, so that half of the time at least is left for moving and drawing.
  arrange() {
    const began = performance.now();
    this.dirty = false;
    for (const panel of this.panels) panel.arrange();
    this.words();
    this.arrangeAt = began + 2 * (performance.now() - began);
  }

  words() {
    const event = this.player.current;
    this.root.dataset.sgbSeq = String(event ? event.seq : -1);
    this.root.dataset.sgbNodes = String(Math.max(...this.panels.map((panel) => panel.count?.() ?? 0)));
    this.panels.forEach((panel, i) => setText(this.summaries[i], panel.summary()));
    if (this.total) this.panels.forEach((panel, i) => this.cards[i].classList.toggle("sgb-hidden", Boolean(panel.absent?.())));
    if (this.total) setText(this.total, event ? `${(event.ms / 1000).toFixed(2)} s into the run` : "");
    this.showStatus();
    this.say();
  }

  showStatus() {
    const status = this.store.status;
    const known = ["live", "ended", "replay"].includes(status);
    const paused = status === "live" && !this.store.following;
    setText(this.status, paused ? "looking back" : known ? status : "stopped");
    this.sayNote(known || paused ? this.store.note : [status, this.store.note].filter(Boolean).join("; "));
    this.status.className = `sgb-status sgb-status-${paused ? "paused" : known ? status : "failed"}`;
  }

  // What is missing, or went wrong, in a line of its own: whole, however long.
  sayNote(words) {
    setText(this.note, words);
    this.note.classList.toggle("sgb-hidden", !words);
  }

  // Screen readers hear a summary now and then, not each event.
  say() {
    const now = performance.now();
    const text = `${this.panels[0].title}: ${this.summaries[0].textContent}`;
    if (text === this.spoken || now - this.saidAt < SAY_EVERY_MS) return;
    this.saidAt = now;
    this.spoken = text;
    setText(this.live, text);
  }

  // --- keyboard

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") this.leave();
    else if (event.key === "Tab") return;
    else if (this.keyAction(event)) event.preventDefault();
    event.stopPropagation(); // the notebook's own shortcuts stay out
  }

  keyAction(event) {
    const panel = this.panels.find((one) => one.element.contains(event.target)) ?? (this.panels.length === 1 ? this.panels[0] : null);
    if (panel?.onKey?.(event)) return true;
    const onControl = ["SELECT", "INPUT", "BUTTON"].includes(event.target.tagName);
    const action = {
      "[": () => this.controls.step(-1), "]": () => this.controls.step(1), "{": () => this.controls.step(-1, true), "}": () => this.controls.step(1, true),
      "?": () => this.toggleHelp(),
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

const stores = new WeakMap(); // by whom the models belong to, then by the widget's own key

// Each view is handed a model object of its own, so that object cannot tell that two views show one widget: the key can.
function shelfOf(model) {
  const owner = model.widget_manager ?? model;
  if (!stores.has(owner)) stores.set(owner, new Map());
  return stores.get(owner);
}

function storeOf(model) {
  const [shelf, key] = [shelfOf(model), model.get("key")];
  if (!shelf.has(key)) shelf.set(key, new Store(model));
  return shelf.get(key);
}

// A widget for anywidget: the views of one model share its store.
export function widget(spec) {
  return {
    initialize({ model }) {
      storeOf(model);
      return () => {
        shelfOf(model).get(model.get("key"))?.dispose();
        shelfOf(model).delete(model.get("key"));
      };
    },
    render({ model, el: host }) {
      const shell = new Shell(storeOf(model), host, spec);
      return () => shell.dispose();
    },
  };
}
