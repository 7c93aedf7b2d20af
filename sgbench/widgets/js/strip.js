// The strip above the scrubber: where in time nodes came, were used and left. Draws on its own canvas.

import { CHANGE } from "./player.js";

export function drawStrip(canvas, player, palette) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  const total = player.length;
  if (!total) return;
  const bins = Math.max(1, Math.min(Math.floor(width / 3), total));
  const counts = { new: new Float64Array(bins), hit: new Float64Array(bins), gone: new Float64Array(bins) };
  for (let i = 0; i < total; i++) {
    const bits = player.changes.data[i];
    const bin = Math.floor((i * bins) / total);
    if (bits & CHANGE.ADDED) counts.new[bin]++;
    if (bits & CHANGE.TOUCHED) counts.hit[bin]++;
    if (bits & CHANGE.REMOVED) counts.gone[bin]++;
  }
  const most = Math.max(1, ...counts.new.map((v, i) => v + counts.hit[i]), ...counts.gone);
  const middle = height * 0.66;
  const each = width / bins;
  const tall = (v, room) => (v ? Math.max(2, Math.sqrt(v / most) * room) : 0);
  for (let i = 0; i < bins; i++) {
    const x = i * each;
    const w = Math.max(1, Math.min(each - 1, 6));
    const green = tall(counts.new[i], middle * 0.6);
    const blue = tall(counts.hit[i], middle * 0.4);
    bar(ctx, x, middle - green, w, green, palette["new-edge"]);
    bar(ctx, x, middle - green - blue, w, blue, palette["hit-edge"]);
    bar(ctx, x, middle + 1, w, tall(counts.gone[i], height - middle - 1), palette["gone-edge"]);
  }
  ctx.fillStyle = palette.line;
  ctx.fillRect(0, middle, width, 1);
}

function bar(ctx, x, y, w, h, colour) {
  if (!h) return;
  ctx.fillStyle = colour;
  ctx.fillRect(x, y, w, h);
}
