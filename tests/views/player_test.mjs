// Run by test_frames.py: plays frames, jumps about, and compares with what Python folded. usage: node player_test.mjs DATA
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Player } from "../../sgbench/widgets/js/player.js";
import { collapse } from "../../sgbench/widgets/js/collapse.js";
import { layout } from "../../sgbench/widgets/js/layout.js";
import { narrate } from "../../sgbench/widgets/js/narrate.js";

const { frames, expected } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const player = new Player();
for (const frame of frames) assert.equal(player.feed(frame, bytes(frame.events), bytes(frame.patches)), "ok");
const again = frames.at(-1);
assert.equal(player.feed(again, bytes(again.events), bytes(again.patches)), "known");
assert.equal(player.feed({ ...again, first: player.length + 3 }, bytes(again.events), bytes(again.patches)), "gap");

function check(want) {
  player.seek(want.position);
  assert.equal(player.current.seq, want.seq);
  assert.deepEqual(player.snapshot(), want.rows);
  assert.deepEqual(player.gauges, want.gauges);
  const children = new Map([...player.nodes.keys()].map((id) => [id, new Set()]));
  for (const [id, node] of player.nodes) if (id) children.get(node.parent).add(id);
  for (const [id, node] of player.nodes) assert.deepEqual(node.children, children.get(id));
  if (want.marks) checkLooks(want);
  checkLayout();
  assert.equal(typeof narrate(player), "string");
}

function checkLooks(want) {
  assert.equal(player.since("step"), want.since);
  for (const [id, mark] of Object.entries(want.marks)) assert.equal(player.mark(Number(id), want.since), mark);
  assert.deepEqual(player.ghosts(want.since, 256).map((g) => [g.id, g.parent, g.born]), want.ghosts);
  for (const [rows, { shown, hidden }] of Object.entries(want.collapse)) {
    const got = collapse(player, Number(rows));
    assert.deepEqual([...got.shown].sort((a, b) => a - b), shown);
    assert.deepEqual(Object.fromEntries([...got.hidden].map(([id, rest]) => [id, [rest.children, rest.nodes, rest.tokens]])), hidden);
  }
}

// Blocks stand inside the room, to the right of their parents, and leaves do not overlap.
function checkLayout() {
  const room = { width: 900, height: 360 };
  const { order, height } = layout(player, { ...room, since: player.since("step") });
  const byKey = new Map(order.map((item) => [item.key, item]));
  assert.equal(byKey.size, order.length);
  const inner = new Set(order.map((item) => item.parent));
  const leaves = order.filter((item) => !inner.has(item.key)).sort((a, b) => a.y - b.y);
  leaves.forEach((leaf, i) => i && assert.ok(leaf.y >= leaves[i - 1].y + leaves[i - 1].h - 0.01));
  for (const item of order) {
    assert.ok(item.y >= 0 && item.y + item.h <= Math.max(height, room.height) + 0.01);
    assert.ok(item.w > 0 && item.h > 0);
    if (item.parent) assert.ok(item.x >= byKey.get(item.parent).x + byKey.get(item.parent).w);
  }
}

expected.forEach(check); // forward
[...expected].reverse().forEach(check); // backward
for (let i = 0; i < 40; i++) check(expected[(i * 7919) % expected.length]); // about
player.seek(player.length);
while (player.checkpoints.length < 3) player.checkpoint(), player.seek(Math.floor((player.length * (player.checkpoints.length + 1)) / 4));
for (let i = 0; i < 20; i++) check(expected[(i * 104729) % expected.length]); // over checkpoints

let position = player.length;
player.seek(position);
for (let steps = 0; player.position > 0; steps++) {
  player.seek(player.nextStep(-1));
  assert.ok(player.position < position && steps < 10000);
  position = player.position;
}
for (let steps = 0; player.position < player.length; steps++) {
  player.seek(player.nextChange(1));
  assert.ok(player.position > position && steps < 100000);
  position = player.position;
}
console.log("ok");
