// What ran when: a line for each request, and under it each step's batch.

import { CanvasPanel, duration, hatching, key, timeAxis, write, writeKeys } from "./canvas_panel.js";

const LINE_LEFT = 52;
const LINE_RIGHT = 16;
const STRETCH = ["waits in the queue", "prefill", "decode"];
const LANE_MAX = 30;
const END_MARK = 5; // least width in pixels of a request whose end is marked

export class TimelinePanel extends CanvasPanel {
  constructor(shell, height) {
    super(shell, { title: "Timeline", area: "timeline", height });
    this.legend = document.createElement("div");
    this.legend.className = "sgb-legend";
    this.legend.append(key("queued", "", "queued"), key("cached", "", "prefill: cached"), key("prefilled", "", "prefill: computed"), key("decoded", "", "decode"), key("jumped", "↷", "jump"));
  }

  gather() {
    this.requests = this.player.table("request").map(([rid, lane, program, branch, prompt, cached, output, queued, first, end, reason, order, preempted, spans, jumps]) =>
      ({ rid, lane, program, branch, prompt, cached, output, queued, first, end, reason, order, preempted, spans, jumps }));
    this.steps = this.player.table("step").map(([step, planned, finished, tokens, prefill, decode, waiting]) => ({ step, planned, finished, tokens, prefill, decode, waiting }));
  }

  summary() {
    if (!this.requests.length) return "no request yet";
    const done = this.requests.filter((request) => request.reason).length;
    const batch = this.steps.reduce((sum, step) => sum + step.prefill + step.decode, 0) / Math.max(1, this.steps.length);
    return `${done.toLocaleString()} of ${this.requests.length.toLocaleString()} requests done · ${this.steps.length.toLocaleString()} steps · ${batch.toFixed(1)} requests in a batch on average`;
  }

  count() {
    return this.requests.length;
  }

  paint(ctx, width, height, palette) {
    const most = Math.max(this.now, 1);
    const [left, right] = [LINE_LEFT, width - LINE_RIGHT];
    const batchTop = height - Math.min(96, height * 0.32);
    const x = (ms) => left + ((right - left) * ms) / most;
    timeAxis(ctx, palette, { left, right, top: 8, bottom: batchTop - 26, most });
    this.paintRequests(ctx, palette, x, { left, right, top: 8, bottom: batchTop - 28 });
    this.paintBatches(ctx, palette, x, { left, right, top: batchTop + 8, bottom: height - 8 });
  }

  paintRequests(ctx, palette, x, { left, top, bottom }) {
    const lanes = 1 + Math.max(0, ...this.requests.map((request) => request.lane));
    const pitch = Math.min(LANE_MAX, (bottom - top) / lanes);
    const tall = Math.max(1, pitch - (pitch > 6 ? 4 : pitch > 3 ? 1 : 0));
    const fills = { queued: this.dashes(ctx, palette), cached: hatching(ctx, palette["o-cached"], palette.surface) };
    write(ctx, palette, `${lanes}`, left - 8, top + 5, { align: "right" });
    write(ctx, palette, lanes === 1 ? "lane" : "lanes", left - 8, top + 18, { align: "right", size: 10 });
    for (const request of this.requests) {
      const y = top + request.lane * pitch + (pitch - tall) / 2;
      for (const span of request.spans) this.paintSpan(ctx, palette, request, span, x, y, tall, fills);
      for (const [ms, tokens] of request.jumps) this.paintJump(ctx, palette, request, ms, tokens, x, y, tall);
      if (request.reason && tall >= 5 && x(request.end) - x(request.queued) > END_MARK) {
        ctx.fillStyle = request.reason === "stop" || request.reason === "length" ? palette.text : palette["gone-edge"];
        ctx.fillRect(x(request.end) - 1, y, 1.5, tall);
      }
    }
    for (const request of this.requests) this.label(ctx, palette, request, x, top + request.lane * pitch + pitch / 2, tall);
  }

  dashes(ctx, palette) {
    const tile = document.createElement("canvas");
    tile.width = 5;
    tile.height = 4;
    const pen = tile.getContext("2d");
    pen.fillStyle = palette["none-edge"];
    pen.fillRect(0, 0, 2, 4);
    return ctx.createPattern(tile, "repeat");
  }

  paintSpan(ctx, palette, request, [kind, start, end, tokens, cached], x, y, tall, fills) {
    const until = end < 0 ? this.now : end;
    const from = x(start);
    const wide = Math.max(0.75, x(until) - from);
    if (kind === 0) {
      const thin = Math.max(1, Math.min(tall, 6));
      ctx.fillStyle = fills.queued;
      ctx.fillRect(from, y + (tall - thin) / 2, wide, thin);
    } else if (kind === 1) {
      const share = tokens ? cached / tokens : 0;
      ctx.fillStyle = palette["o-prefilled"];
      ctx.fillRect(from, y, wide, tall);
      ctx.fillStyle = fills.cached;
      ctx.fillRect(from, y + tall * (1 - share), wide, tall * share);
      ctx.strokeStyle = palette["o-cached"];
      ctx.lineWidth = 1;
      if (wide > 3 && tall > 4 && share) ctx.strokeRect(from + 0.5, y + tall * (1 - share) + 0.5, wide - 1, tall * share - 1);
    } else {
      ctx.fillStyle = palette["o-decoded"];
      ctx.globalAlpha = 0.2;
      ctx.fillRect(from, y, wide, tall);
      ctx.globalAlpha = 1;
      ctx.fillStyle = palette["o-decoded"];
      ctx.fillRect(from, y + tall - Math.max(1, tall * 0.22), wide, Math.max(1, tall * 0.22));
    }
    this.spots.push({ x: from, y, w: wide, h: tall, head: `Request ${request.rid}: ${STRETCH[kind]}`, right: duration(until - start), facts: factsOf(request, kind, tokens, cached) });
  }

  paintJump(ctx, palette, request, ms, tokens, x, y, tall) {
    const size = Math.max(3, Math.min(8, tall * 0.8));
    ctx.fillStyle = palette["o-jumped"];
    ctx.beginPath();
    ctx.moveTo(x(ms) - size / 2, y - 1);
    ctx.lineTo(x(ms) + size / 2, y - 1);
    ctx.lineTo(x(ms), y + size - 1);
    ctx.fill();
    this.spots.push({ x: x(ms) - size / 2, y, w: size, h: size, head: `Request ${request.rid} jumps`, right: duration(ms), facts: [`${tokens} token${tokens === 1 ? "" : "s"} forced by its constraint`] });
  }

  label(ctx, palette, request, x, y, tall) {
    if (tall < 11) return;
    const decode = request.spans.find((span) => span[0] === 2);
    if (!decode) return;
    const [from, until] = [x(decode[1]), x(decode[2] < 0 ? this.now : decode[2])];
    const words = request.program < 0 ? `#${request.rid}` : `#${request.rid} · program ${request.program}`;
    ctx.font = `11px ${palette.uiFont}`;
    const shown = [words, `#${request.rid}`].find((candidate) => ctx.measureText(candidate).width + 10 < until - from);
    if (shown) write(ctx, palette, shown, from + 5, y - 1, { colour: palette.text });
  }

  // Each step: requests in prefill and in decode, stacked; those that wait as a line.
  paintBatches(ctx, palette, x, { left, right, top, bottom }) {
    const most = Math.max(1, ...this.steps.map((step) => Math.max(step.prefill + step.decode, step.waiting)));
    const y = (value) => bottom - ((bottom - top) * value) / most;
    write(ctx, palette, "requests in each step’s batch", left, top - 10);
    writeKeys(ctx, palette, left + 176, top - 10, [[palette["o-prefilled"], "in prefill"], [palette["o-decoded"], "decoding"], [palette.text, "waiting (line)"]]);
    write(ctx, palette, most.toLocaleString(), left - 8, top + 2, { align: "right" });
    write(ctx, palette, "0", left - 8, bottom, { align: "right" });
    ctx.fillStyle = palette.line;
    ctx.fillRect(left, bottom, right - left, 1);
    ctx.beginPath();
    for (const step of this.steps) {
      const until = step.finished < 0 ? this.now : step.finished;
      const from = x(step.planned);
      const wide = Math.max(0.75, x(until) - from - (x(until) - from > 4 ? 1 : 0));
      ctx.fillStyle = palette["o-decoded"];
      ctx.fillRect(from, y(step.decode), wide, bottom - y(step.decode));
      ctx.fillStyle = palette["o-prefilled"];
      ctx.fillRect(from, y(step.decode + step.prefill), wide, y(step.decode) - y(step.decode + step.prefill));
      ctx.lineTo(from, y(step.waiting));
      ctx.lineTo(x(until), y(step.waiting));
      const facts = [`${step.prefill} in prefill with ${step.tokens.toLocaleString()} tokens`, `${step.decode} decoding`, `${step.waiting} waiting`];
      this.spots.push({ x: from, y: top, w: wide, h: bottom - top, head: `Step ${step.step}`, right: duration(until - step.planned), facts });
    }
    ctx.strokeStyle = palette.text;
    ctx.lineWidth = 1.2;
    if (this.steps.some((step) => step.waiting)) ctx.stroke();
  }
}

function factsOf(request, kind, tokens, cached) {
  const facts = [];
  if (kind === 0 && request.order >= 0) facts.push(`place ${request.order + 1} in the queue at last`);
  if (kind === 1) facts.push(`${cached.toLocaleString()} of ${tokens.toLocaleString()} tokens from the cache`);
  if (kind === 2) facts.push(`${request.output.toLocaleString()} tokens generated`);
  if (request.first >= 0) facts.push(`first token after ${duration(request.first - request.queued)}`);
  if (request.program >= 0) facts.push(`program ${request.program}, branch ${request.branch}`);
  if (request.preempted) facts.push(`preempted ${request.preempted} times`);
  if (request.reason) facts.push(`ended: ${request.reason}`);
  return facts;
}
