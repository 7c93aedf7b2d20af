// Is the cache working: the hit rate over time, what the pool holds, and each request's prompt.

import { CanvasPanel, duration, hatching, key, short, timeAxis, write, writeKeys } from "./canvas_panel.js";
import { el, setText } from "./dom.js";

const STATS_LEFT = 52;
const STATS_RIGHT = 16;
const CROWD = 300; // requests
const FIGURES = ["hit rate", "prompt tokens", "from the cache", "evicted", "running", "waiting"];
const percent = (share) => `${(100 * share).toFixed(1)} %`;

export class StatsPanel extends CanvasPanel {
  constructor(shell, height) {
    super(shell, { title: "Cache", area: "stats", height });
    this.figures = FIGURES.map((word, i) => el("div", { class: `sgb-figure${i ? "" : " sgb-figure-first"}` }, el("b"), el("span", { text: word })));
    this.before = el("div", { class: "sgb-figures" }, ...this.figures);
    this.legend = el("div", { class: "sgb-legend" }, key("cached", "", "from the cache"), key("prefilled", "", "computed"), key("evicted", "×", "evicted"));
  }

  gather() {
    this.pool = this.player.table("pool").map(([step, ms, free, cached, used, running, waiting, evicted, prompt, hit]) => ({ step, ms, free, cached, used, running, waiting, evicted, prompt, hit }));
    this.hits = this.player.table("hit").map(([rid, ms, prompt, cached]) => ({ rid, ms, prompt, cached }));
    const total = this.hits.reduce((sum, hit) => [sum[0] + hit.prompt, sum[1] + hit.cached], [0, 0]);
    const [prompt, cached] = total;
    this.rate = prompt ? cached / prompt : 0;
    const last = this.pool.at(-1);
    const [running, waiting] = [Math.max(0, this.player.gauges[4]), Math.max(0, this.player.gauges[5])];
    const values = [prompt ? percent(this.rate) : "–", prompt, cached, last?.evicted ?? 0, running, waiting];
    this.figures.forEach((figure, i) => setText(figure.firstChild, values[i].toLocaleString()));
  }

  summary() {
    const requests = this.hits.length;
    if (!requests) return "no request yet";
    return `${percent(this.rate)} of the prompts’ tokens were cached · ${requests.toLocaleString()} request${requests === 1 ? "" : "s"}`;
  }

  count() {
    return this.hits.length;
  }

  paint(ctx, width, height, palette) {
    const most = Math.max(this.now, 1);
    const plot = { left: STATS_LEFT, right: width - STATS_RIGHT, most };
    const room = height - 54;
    const rate = { ...plot, top: 22, bottom: 22 + room * 0.36 };
    const pool = { ...plot, top: rate.bottom + 26, bottom: rate.bottom + 8 + room * 0.36 };
    const each = { ...plot, top: pool.bottom + 40, bottom: height - 12 };
    this.paintRate(ctx, palette, rate);
    this.paintPool(ctx, palette, pool);
    this.paintEach(ctx, palette, each);
  }

  paintRate(ctx, palette, { left, right, top, bottom, most }) {
    write(ctx, palette, "hit rate over time: all requests so far (line), each request (dots)", left, top - 10);
    const y = (share) => bottom - (bottom - top) * share;
    for (const share of [0, 0.5, 1]) {
      ctx.fillStyle = palette.line;
      ctx.fillRect(left, Math.round(y(share)), right - left, 1);
      write(ctx, palette, `${share * 100} %`, left - 6, y(share), { align: "right" });
    }
    const x = (ms) => left + ((right - left) * ms) / most;
    let prompt = 0;
    let cached = 0;
    ctx.beginPath();
    this.hits.forEach((hit, i) => {
      prompt += hit.prompt;
      cached += hit.cached;
      if (i === 0) ctx.moveTo(x(hit.ms), y(cached / prompt));
      else ctx.lineTo(x(hit.ms), y(cached / prompt));
    });
    if (prompt) ctx.lineTo(right, y(cached / prompt));
    ctx.strokeStyle = palette["o-cached"];
    ctx.lineWidth = 2;
    ctx.lineJoin = "round";
    ctx.stroke();
    ctx.lineTo(right, bottom);
    if (this.hits.length) ctx.lineTo(x(this.hits[0].ms), bottom);
    ctx.globalAlpha = 0.14;
    ctx.fillStyle = palette["o-cached"];
    if (prompt) ctx.fill();
    ctx.globalAlpha = 1;
    if (this.hits.length > CROWD) this.paintCrowd(ctx, palette, x, y);
    else this.paintDots(ctx, palette, x, y);
  }

  paintDots(ctx, palette, x, y) {
    const large = Math.max(1, ...this.hits.map((hit) => hit.prompt));
    ctx.globalAlpha = 0.8;
    for (const hit of this.hits) {
      const share = hit.prompt ? hit.cached / hit.prompt : 0;
      ctx.beginPath();
      ctx.arc(x(hit.ms), y(share), 1.8 + 2.6 * Math.sqrt(hit.prompt / large), 0, 7);
      ctx.fillStyle = palette.surface;
      ctx.fill();
      ctx.strokeStyle = palette["o-cached"];
      ctx.lineWidth = 1.2;
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
  }

  // Too many for rings: points that add up where they are dense, under the line.
  paintCrowd(ctx, palette, x, y) {
    ctx.fillStyle = palette.text;
    ctx.globalAlpha = Math.max(0.12, Math.min(0.5, 300 / this.hits.length));
    for (const hit of this.hits) ctx.fillRect(x(hit.ms) - 1, y(hit.prompt ? hit.cached / hit.prompt : 0) - 1, 2, 2);
    ctx.globalAlpha = 1;
  }

  paintPool(ctx, palette, { left, right, top, bottom, most }) {
    write(ctx, palette, "KV pool, tokens", left, top - 10);
    const pairs = [[palette.used, "in use"], [palette.cached, "cached"], [palette["none-fill"], "free"], [palette["gone-edge"], "evictions"]];
    writeKeys(ctx, palette, left + 100, top - 10, pairs);
    const last = this.pool.at(-1);
    timeAxis(ctx, palette, { left, right, top, bottom: bottom + 7, most });
    if (!last) return;
    const capacity = last.free + last.cached + last.used;
    const x = (ms) => left + ((right - left) * ms) / most;
    const y = (tokens) => bottom - ((bottom - top) * tokens) / capacity;
    ctx.fillStyle = palette["none-fill"];
    ctx.fillRect(left, top, right - left, bottom - top);
    const area = (value, colour) => {
      ctx.beginPath();
      ctx.moveTo(x(this.pool[0].ms), bottom);
      let before = 0;
      for (const reading of this.pool) {
        ctx.lineTo(x(reading.ms), y(before));
        before = value(reading);
        ctx.lineTo(x(reading.ms), y(before));
      }
      ctx.lineTo(right, y(before));
      ctx.lineTo(right, bottom);
      ctx.fillStyle = colour;
      ctx.fill();
    };
    area((reading) => reading.used + reading.cached, palette.cached);
    area((reading) => reading.used, palette.used);
    let evicted = 0;
    for (const reading of this.pool) {
      if (reading.evicted > evicted) {
        ctx.fillStyle = palette["gone-edge"];
        ctx.fillRect(x(reading.ms) - 1, bottom + 1, 2, 6);
      }
      evicted = reading.evicted;
    }
    write(ctx, palette, short(capacity), left - 6, top, { align: "right" });
    write(ctx, palette, "0", left - 6, bottom, { align: "right" });
    this.poolSpots(x, { top, bottom, right });
  }

  poolSpots(x, { top, bottom, right }) {
    const every = Math.ceil(this.pool.length / Math.max(1, right / 3));
    for (let i = 0; i < this.pool.length; i += every) {
      const r = this.pool[i];
      const end = this.pool[i + every]?.ms;
      const facts = [`${r.used.toLocaleString()} in use`, `${r.cached.toLocaleString()} cached`, `${r.free.toLocaleString()} free`, `${r.evicted.toLocaleString()} evicted so far`, `${r.running} running, ${r.waiting} waiting`];
      this.spots.push({ x: x(r.ms), y: top, w: Math.max(1, (end === undefined ? right : x(end)) - x(r.ms) - 4), h: bottom - top, head: `Step ${r.step}`, right: duration(r.ms), facts });
    }
  }

  // A bar for each request, as tall as its prompt; many requests are put together, so that a bar keeps its width.
  paintEach(ctx, palette, { left, right, top, bottom }) {
    const size = Math.max(1, Math.ceil(this.hits.length / Math.max(1, Math.floor((right - left) / 6))));
    write(ctx, palette, size > 1 ? `prompts, ${size} requests to a bar, tokens: the cached part is hatched` : "each request’s prompt, tokens: the cached part is hatched", left, top - 10);
    const bars = [];
    for (let i = 0; i < this.hits.length; i += size) {
      const part = this.hits.slice(i, i + size);
      bars.push({ part, prompt: part.reduce((s, h) => s + h.prompt, 0), cached: part.reduce((s, h) => s + h.cached, 0) });
    }
    const tall = Math.max(1, ...bars.map((one) => one.prompt));
    const step = Math.min(26, (right - left) / Math.max(1, bars.length));
    const fill = hatching(ctx, palette["o-cached"], palette.surface);
    write(ctx, palette, short(tall), left - 6, top, { align: "right" });
    ctx.fillStyle = palette.line;
    ctx.fillRect(left, bottom, right - left, 1);
    bars.forEach((one, i) => {
      const w = Math.max(1, step * 0.78);
      const x = left + i * step;
      const h = ((bottom - top) * one.prompt) / tall;
      const hc = ((bottom - top) * one.cached) / tall;
      ctx.fillStyle = palette["o-prefilled"];
      ctx.fillRect(x, bottom - h, w, h - hc);
      ctx.fillStyle = fill;
      ctx.fillRect(x, bottom - hc, w, hc);
      const first = one.part[0];
      const head = size > 1 ? `Requests ${first.rid} to ${one.part.at(-1).rid}` : `Request ${first.rid}`;
      const facts = [`${one.prompt.toLocaleString()} prompt tokens`, `${one.cached.toLocaleString()} cached`, percent(one.prompt ? one.cached / one.prompt : 0)];
      this.spots.push({ x, y: bottom - h, w, h, head, right: duration(first.ms), facts });
    });
  }
}
