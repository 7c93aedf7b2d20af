// Run by test_tables_in_the_browser.py: plays frames with rows, jumps about, and compares the tables with what Python folded.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Player } from "../../sgbench/widgets/js/player.js";

const { frames, expected } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const player = new Player();
for (const frame of frames) assert.equal(player.feed(frame, bytes(frame.events), bytes(frame.patches)), "ok");
const seen = (name) => Object.fromEntries(player.table(name).map(([key, ...values]) => [key, values]));

function check({ position, tables, request }) {
  player.seek(position);
  for (const [name, rows] of Object.entries(tables)) assert.deepEqual(seen(name), rows, `${name} at ${position}`);
  assert.equal(player.since("request"), request);
}

for (const want of expected) check(want);
for (const want of [...expected].reverse()) check(want);
for (let i = 0; i < expected.length; i++) check(expected[(i * 7) % expected.length]);
