// Draws a layout on a canvas, moving blocks smoothly from where they were. Knows geometry and colours; no comm, no events.

import { MARK } from "./player.js";

const SETTLE_MS = 90; // time constant of a movement
const GLOW_MS = 900; // how long a change shines
const DONE = 0.4; // pixels: close enough
const NAMES = ["none", "new", "hit", "gone"];
const NUMBERS = new Intl.NumberFormat(); // made once: a format for each number costs more than its drawing
const MOST_MEASURED = 20000;
const measured = new Map(); // what was measured, by font, room and text: each frame asks the same again

export class Scene {
  constructor(canvas) {
    this.canvas = canvas;
    this.blocks = new Map(); // key -> { item, x, y, w, h, alpha, glow, leaving }
    this.order = [];
    this.pan = { x: 0, y: 0 };
    this.last = 0;
    this.still = false; // no movement: prefers-reduced-motion
    this.hover = null;
    this.focus = null;
  }

  setLayout(layout, { shine }) {
    this.order = layout.order;
    for (const item of layout.order) {
      const block = this.blocks.get(item.key);
      if (!block) {
        this.blocks.set(item.key, this.enter(item, shine));
        continue;
      }
      const news = item.mark !== MARK.NONE && item.at !== undefined && item.at !== block.item.at;
      if (news && shine) block.glow = 1;
      block.item = item;
      block.leaving = false;
    }
    for (const [key, block] of this.blocks) if (!layout.items.has(key)) block.leaving = true;
  }

  // A new block grows out of its parent; a ghost stands where its node stood; a node that came back to life likewise.
  enter(item, shine) {
    const twin = this.blocks.get(item.kind === "ghost" ? `n${item.id}` : `g${item.id}`);
    const parent = this.blocks.get(item.parent);
    const from = twin ?? (parent ? { x: parent.x + parent.w, y: parent.y + parent.h / 2 - item.h / 2, w: 0, h: item.h } : item);
    const glow = shine && item.mark !== MARK.NONE && item.kind !== "counted" ? 1 : 0;
    if (twin) this.blocks.delete(twin.item.key);
    return { item, x: from.x, y: from.y, w: from.w, h: from.h, alpha: twin ? twin.alpha : 0, glow, leaving: false };
  }

  // Moves everything on; returns whether something still moves.
  step(now) {
    const elapsed = Math.min(64, now - this.last || 16);
    this.last = now;
    const share = this.still ? 1 : 1 - Math.exp(-elapsed / SETTLE_MS);
    let moving = false;
    for (const [key, block] of this.blocks) {
      const goal = block.leaving ? { ...block, alpha: 0 } : { ...block.item, alpha: 1 };
      for (const name of ["x", "y", "w", "h", "alpha"]) {
        const rest = goal[name] - block[name];
        const close = name === "alpha" ? 0.02 : DONE;
        if (Math.abs(rest) <= close) block[name] = goal[name];
        else {
          block[name] += rest * share;
          moving = true;
        }
      }
      block.glow = this.still ? 0 : Math.max(0, block.glow - elapsed / GLOW_MS);
      if (block.glow > 0) moving = true;
      if (block.leaving && block.alpha <= 0.02) this.blocks.delete(key);
    }
    return moving;
  }

  draw(palette) {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const ctx = this.canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    ctx.translate(this.pan.x, this.pan.y);
    const lit = this.litPath();
    for (const block of this.blocks.values()) drawLink(ctx, block, this.blocks.get(block.item.parent), palette, lit);
    for (const block of this.blocks.values()) {
      const outside = block.y + this.pan.y > height || block.y + block.h + this.pan.y < 0 || block.x + this.pan.x > width;
      if (!outside) drawBlock(ctx, block, palette, lit && !lit.has(block.item.key), block.item.key === this.focus);
    }
  }

  // Keys on the way from the hovered (else focused) block to the root; null: nobody points anywhere.
  litPath() {
    const start = this.hover ?? this.focus;
    if (start === null || !this.blocks.has(start)) return null;
    const keys = new Set();
    for (let key = start; key !== null && this.blocks.has(key); key = this.blocks.get(key).item.parent) keys.add(key);
    return keys;
  }
}

function drawLink(ctx, block, parent, palette, lit) {
  if (!parent) return;
  const on = lit?.has(block.item.key);
  const x0 = parent.x + parent.w;
  const y0 = parent.y + parent.h / 2;
  const y1 = block.y + block.h / 2;
  const middle = (x0 + block.x) / 2;
  const mark = NAMES[block.item.mark];
  ctx.globalAlpha = block.alpha * (lit && !on ? 0.35 : on ? 1 : 0.9);
  ctx.strokeStyle = mark === "none" ? (on ? palette.dim : palette.link) : palette[`${mark}-edge`];
  ctx.lineWidth = on ? 2.2 : block.h < 5 ? 0.8 : 1.4;
  ctx.setLineDash(mark === "gone" ? [4, 3] : []);
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.bezierCurveTo(middle, y0, middle, y1, block.x, y1);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

function drawBlock(ctx, block, palette, dimmed, focused) {
  const { item, x, y, w, h } = block;
  if (w < 0.5) return;
  const mark = NAMES[item.mark];
  const edge = palette[`${mark}-edge`];
  ctx.globalAlpha = block.alpha * (dimmed ? 0.4 : 1);
  if (block.glow > 0) drawGlow(ctx, block, edge);
  if (item.kind === "root") drawRoot(ctx, block, palette);
  else if (item.kind === "counted") drawCounted(ctx, block, palette, mark);
  else if (h < 8) {
    ctx.fillStyle = mark === "none" ? palette["none-edge"] : edge;
    rounded(ctx, x, y, w, h, h / 3);
    ctx.fill();
    if (item.refCount) dot(ctx, x + w, y + h / 2, Math.max(1.5, h / 2), palette.locked);
  } else drawCard(ctx, block, palette, mark);
  if (focused) {
    ctx.globalAlpha = 1;
    ctx.strokeStyle = palette.accent;
    ctx.lineWidth = 2;
    rounded(ctx, x - 3, y - 3, w + 6, h + 6, Math.min(8, h / 2 + 2));
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

function drawCard(ctx, block, palette, mark) {
  const { item, x, y, w, h } = block;
  const edge = palette[`${mark}-edge`];
  const radius = Math.min(7, h / 3);
  rounded(ctx, x, y, w, h, radius);
  ctx.fillStyle = palette[`${mark}-fill`];
  ctx.fill();
  ctx.save();
  ctx.clip();
  if (mark === "gone") hatch(ctx, block, edge);
  if (mark !== "none") {
    ctx.fillStyle = edge;
    ctx.fillRect(x, y, Math.min(4, w / 2), h);
  }
  drawWords(ctx, block, palette, mark);
  ctx.restore();
  rounded(ctx, x + 0.5, y + 0.5, Math.max(1, w - 1), h - 1, radius);
  ctx.strokeStyle = edge;
  ctx.lineWidth = 1;
  ctx.setLineDash(mark === "gone" ? [4, 3] : []);
  ctx.stroke();
  ctx.setLineDash([]);
  if (item.refCount) drawLock(ctx, block, palette);
}

// Text of the tokens and their number: two lines where there is room, else one, else only the number, else nothing.
function drawWords(ctx, block, palette, mark) {
  const { item, x, y, w, h } = block;
  const sign = mark !== "none" && h >= 10 && w >= 30;
  let left = x + (mark === "none" ? 8 : 10);
  if (sign) {
    drawSign(ctx, left + 4, y + h / 2, mark, palette[`${mark}-edge`]);
    left += 15;
  }
  const room = x + w - 7 - left;
  const two = h >= 32;
  const number = NUMBERS.format(item.tokens);
  if (h < 10 || room < 8) return;
  ctx.textBaseline = "middle";
  const small = `10px ${palette.uiFont}`;
  ctx.font = small;
  const label = two ? `${number} token${item.tokens === 1 ? "" : "s"}` : number;
  const labelWidth = known(`${small}|${label}`, () => ctx.measureText(label).width);
  ctx.fillStyle = palette.dim;
  if (two) {
    if (labelWidth <= room) ctx.fillText(label, left, y + h - 9.5);
  }
  const size = two ? 12 : Math.min(11.5, h * 0.72);
  const both = room - labelWidth - 8 >= 4 * size * 0.6; // else the text alone, which tells more
  if (!two && both) ctx.fillText(label, x + w - 7 - labelWidth, y + h / 2 + 0.5);
  const textRoom = two || !both ? room : room - labelWidth - 8;
  const font = `${size}px ${palette.codeFont}`;
  ctx.font = font;
  const shown = known(`${font}|${Math.floor(textRoom)}|${item.text}`, () => fit(ctx, visible(item.text), Math.floor(textRoom)));
  ctx.fillStyle = mark === "gone" ? palette.dim : palette.text;
  if (shown) ctx.fillText(shown, left, two ? y + 11.5 : y + h / 2 + 0.5);
}

function known(key, measure) {
  let found = measured.get(key);
  if (found === undefined) {
    if (measured.size >= MOST_MEASURED) measured.clear();
    measured.set(key, (found = measure()));
  }
  return found;
}

const OPENS = /<\|[^|<>]*(?:start|begin)[^|<>]*\|>/g;
const CLOSES = /<\|[^|<>]*(?:end|eot|eos)[^|<>]*\|>/g;

// Line ends, tabs and a template's marks of turns as signs; what stands first in a run is what tells it from its siblings.
export function visible(text) {
  const signs = text.replace(OPENS, "▸").replace(CLOSES, "◂").replace(/\n/g, "↵").replace(/\t/g, "⇥");
  return signs.replace(/^ +/, "") || signs.replace(/ /g, "␣");
}

function fit(ctx, text, room) {
  const unit = ctx.measureText("m").width;
  if (room < unit * 2) return "";
  let shown = text.slice(0, Math.floor(room / unit) + 1);
  if (ctx.measureText(shown).width <= room && shown.length === text.length) return shown;
  while (shown.length > 1 && ctx.measureText(`${shown}…`).width > room) shown = shown.slice(0, -1);
  return shown.length > 1 ? `${shown}…` : "";
}

// A shape for each mark, so that colour is not the only sign: plus, ring with a dot, cross.
function drawSign(ctx, x, y, mark, colour) {
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.lineWidth = 1.8;
  ctx.beginPath();
  if (mark === "new") {
    ctx.moveTo(x - 4, y);
    ctx.lineTo(x + 4, y);
    ctx.moveTo(x, y - 4);
    ctx.lineTo(x, y + 4);
  } else if (mark === "hit") {
    ctx.arc(x, y, 3.8, 0, 2 * Math.PI);
  } else {
    ctx.moveTo(x - 3, y - 3);
    ctx.lineTo(x + 3, y + 3);
    ctx.moveTo(x + 3, y - 3);
    ctx.lineTo(x - 3, y + 3);
  }
  ctx.stroke();
  if (mark === "hit") dot(ctx, x, y, 1.5, colour);
}

function drawRoot(ctx, { x, y, w, h }, palette) {
  rounded(ctx, x, y, w, h, Math.min(w, h) / 2);
  ctx.fillStyle = palette.surface;
  ctx.fill();
  ctx.strokeStyle = palette.dim;
  ctx.lineWidth = 1.5;
  ctx.stroke();
  if (h < 20) return;
  ctx.fillStyle = palette.dim;
  ctx.font = `10px ${palette.uiFont}`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "center";
  ctx.fillText("root", x + w / 2, y + h / 2 + 0.5);
  ctx.textAlign = "start";
}

function drawCounted(ctx, { item, x, y, w, h }, palette, mark) {
  const edge = mark === "none" ? palette["none-edge"] : palette[`${mark}-edge`];
  const lines = Math.max(1, Math.min(3, Math.floor(h / 3)));
  ctx.fillStyle = edge;
  const each = Math.max(1, Math.min(3, h / (2 * lines)));
  for (let i = 0; i < lines; i++) {
    const top = y + (h * (i + 0.5)) / lines - each / 2;
    rounded(ctx, x, top, Math.min(w, 22) - i * 4, each, each / 2);
    ctx.fill();
  }
  if (h < 8) return;
  ctx.fillStyle = palette.dim;
  ctx.font = `10px ${palette.uiFont}`;
  ctx.textBaseline = "middle";
  const nodes = `+${NUMBERS.format(item.nodes)} node${item.nodes === 1 ? "" : "s"}`;
  ctx.fillText(item.worded ? `${nodes} · ${NUMBERS.format(item.tokens)} tokens` : nodes, x + 27, y + h / 2 + 0.5);
  if (!item.bar) return;
  ctx.globalAlpha *= 0.75;
  ctx.fillStyle = mark === "none" ? palette.cached : edge;
  rounded(ctx, item.bar.x, y + h / 2 - 3, item.bar.w, 6, 2);
  ctx.fill();
}

function drawLock(ctx, { item, x, y, w, h }, palette) {
  if (h < 14) {
    dot(ctx, x + w - 1, y + 2, 3, palette.locked);
    return;
  }
  const text = item.refCount > 1 ? String(item.refCount) : "";
  ctx.font = `bold 9px ${palette.uiFont}`;
  const width = 14 + (text ? ctx.measureText(text).width + 2 : 0);
  const left = x + w - width + 4;
  rounded(ctx, left, y - 6, width, 13, 6.5);
  ctx.fillStyle = palette.locked;
  ctx.fill();
  ctx.strokeStyle = palette.surface;
  ctx.lineWidth = 1.5;
  ctx.stroke();
  const colour = palette["locked-text"];
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.lineWidth = 1.2;
  ctx.beginPath();
  ctx.arc(left + 7, y - 0.5, 2, Math.PI, 0);
  ctx.stroke();
  ctx.fillRect(left + 4.2, y - 0.5, 5.6, 4);
  ctx.textBaseline = "middle";
  if (text) ctx.fillText(text, left + 11.5, y + 1);
}

function drawGlow(ctx, { x, y, w, h, glow }, colour) {
  ctx.save();
  ctx.globalAlpha *= glow * 0.5;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1 + 5 * glow;
  rounded(ctx, x - 2, y - 2, w + 4, h + 4, Math.min(9, h / 2 + 2));
  ctx.stroke();
  ctx.restore();
}

function hatch(ctx, { x, y, w, h }, colour) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1;
  const before = ctx.globalAlpha;
  ctx.globalAlpha = before * 0.28;
  ctx.beginPath();
  for (let i = -h; i < w; i += 7) {
    ctx.moveTo(x + i, y + h);
    ctx.lineTo(x + i + h, y);
  }
  ctx.stroke();
  ctx.globalAlpha = before;
}

function dot(ctx, x, y, radius, colour) {
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

function rounded(ctx, x, y, w, h, radius) {
  ctx.beginPath();
  ctx.roundRect(x, y, Math.max(w, 0.5), Math.max(h, 0.5), Math.max(0, Math.min(radius, w / 2, h / 2)));
}
