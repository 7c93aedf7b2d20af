// A panel that draws on one canvas and lets the reader point at, or walk along, the things it drew.

import { el, setText } from "./dom.js";
import { Tip } from "./tip.js";

export class CanvasPanel {
  constructor(shell, { title, area, height }) {
    this.shell = shell;
    this.title = title;
    this.area = area;
    this.keys = [["← →", "walk along what is shown"]];
    this.spots = []; // {x, y, w, h, head, right, facts, text}: filled by paint
    this.focus = -1;
    this.stale = true;
    this.palette = null;
    this.blank = true; // before the first event
    this.canvas = el("canvas", { class: "sgb-canvas", "aria-hidden": "true" });
    this.item = el("div", { role: "option", id: `sgb-item-${Math.random().toString(36).slice(2)}`, class: "sgb-offscreen" });
    this.stage = el("div", {
      class: "sgb-stage", role: "listbox", tabindex: "0", "aria-label": title, "aria-activedescendant": this.item.id, style: `--sgb-height:${height}px`,
    }, this.canvas, this.item);
    this.tip = new Tip();
    this.empty = el("div", { class: "sgb-empty sgb-hidden" });
    this.element = el("div", { class: "sgb-panel" }, this.stage, this.empty, this.tip.element);
    this.stage.addEventListener("pointermove", (event) => this.point(event));
    this.stage.addEventListener("pointerleave", () => this.tip.element.classList.add("sgb-hidden"));
    this.stage.addEventListener("blur", () => this.walk(-1));
  }

  get player() {
    return this.shell.player;
  }

  // Present time, in ms since the first event: what has not ended lasts until then.
  get now() {
    return this.player.current?.ms ?? 0;
  }

  arrange() {
    this.stale = true;
    this.gather();
    this.blank = this.player.position === 0;
    this.empty.classList.toggle("sgb-hidden", !this.blank);
    setText(this.empty, this.shell.store.nothingYet);
  }

  count() {
    return this.spots.length;
  }

  draw(palette) {
    if (!this.stale && palette === this.palette) return false;
    this.stale = false;
    this.palette = palette;
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width) return false;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const ctx = this.canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    this.spots = [];
    if (!this.blank) this.paint(ctx, width, height, palette);
    const spot = this.spots[this.focus];
    if (spot) {
      ctx.strokeStyle = palette.accent;
      ctx.lineWidth = 2;
      ctx.strokeRect(spot.x - 1, spot.y - 1, Math.max(4, spot.w) + 2, spot.h + 2);
    }
    return false;
  }

  point(event) {
    const box = this.stage.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const slack = 2;
    const hit = this.spots.findLast((s) => x >= s.x - slack && x <= s.x + s.w + slack && y >= s.y && y <= s.y + s.h);
    this.tip.element.classList.toggle("sgb-hidden", !hit);
    if (!hit) return;
    this.tip.fill(hit.head, hit.right ?? "", hit.facts, hit.text);
    this.tip.place(x, y, this.stage);
  }

  walk(index) {
    this.focus = Math.max(-1, Math.min(index, this.spots.length - 1));
    const spot = this.spots[this.focus];
    setText(this.item, spot ? `${spot.head}: ${spot.facts.join(", ")}` : this.summary());
    this.stale = true;
    this.shell.wake();
    return true;
  }

  onKey(event) {
    if (event.target !== this.stage) return false;
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    return by ? this.walk(Math.max(0, this.focus + by)) : false;
  }
}

export function key(name, sign, word) {
  return el("span", { class: `sgb-key sgb-key-${name}` }, el("i", { text: sign }), el("span", { text: word }));
}

export function duration(ms) {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  return ms < 1000 ? `${ms.toFixed(ms < 100 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

// A number for the narrow margin beside an axis.
export const short = (value) => value.toLocaleString(undefined, value < 100000 ? {} : { notation: "compact", maximumFractionDigits: 1 });

const roundTime = (ms) => (ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`);

// Words behind a small square of their colour, one after another; returns where they end.
export function writeKeys(ctx, palette, x, y, pairs) {
  for (const [fill, words] of pairs) {
    ctx.fillStyle = fill;
    ctx.fillRect(x, y - 4, 8, 8);
    ctx.strokeStyle = palette["none-edge"];
    ctx.lineWidth = 1;
    ctx.strokeRect(x + 0.5, y - 3.5, 7, 7);
    write(ctx, palette, words, x + 12, y);
    x += 12 + ctx.measureText(words).width + 12;
  }
  return x;
}

// Round marks between 0 and `most`, about `count` of them.
export function ticks(most, count) {
  if (most <= 0) return [];
  const raw = most / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const unit = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw);
  return Array.from({ length: Math.floor(most / unit) + 1 }, (_, i) => i * unit);
}

export function write(ctx, palette, words, x, y, { colour = palette.dim, align = "left", size = 11, weight = "" } = {}) {
  ctx.fillStyle = colour;
  ctx.font = `${weight} ${size}px ${palette.uiFont}`;
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  ctx.fillText(words, x, y);
}

// The time axis along the bottom of a chart: marks, their words, and thin lines up to `top`.
export function timeAxis(ctx, palette, { left, right, top, bottom, most }) {
  const marks = ticks(most, Math.max(2, Math.floor((right - left) / 110)));
  for (const mark of marks) {
    const x = left + ((right - left) * mark) / most;
    ctx.fillStyle = palette.line;
    ctx.fillRect(Math.round(x), top, 1, bottom - top);
    write(ctx, palette, mark === 0 ? "0" : roundTime(mark), x, bottom + 9, { align: x > right - 30 ? "right" : "center" });
  }
}

// Diagonal hatching as a fill: colour is never the only sign.
export function hatching(ctx, colour, ground) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const pen = tile.getContext("2d");
  pen.fillStyle = ground;
  pen.fillRect(0, 0, 6, 6);
  pen.globalAlpha = 0.22;
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 6, 6);
  pen.globalAlpha = 1;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.4;
  pen.beginPath();
  for (const shift of [-6, 0, 6]) {
    pen.moveTo(shift, 6);
    pen.lineTo(shift + 6, 0);
  }
  pen.stroke();
  return ctx.createPattern(tile, "repeat");
}
