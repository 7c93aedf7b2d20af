// The golden files that Python wrote (tools/make_golden.py) and checks (tests/views): the player must be where Python was, at every
// position asked about, forward, backward and by jumps, whatever the parts in which the log came.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { collapse } from "../../sgbench/widgets/js/collapse.js";
import { layout } from "../../sgbench/widgets/js/layout.js";
import { narrate } from "../../sgbench/widgets/js/narrate.js";
import { EVENT_STRIDE, int32, PATCH_STRIDE, Player } from "../../sgbench/widgets/js/player.js";

const golden = (name) => JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), "utf8"));
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));

function played(frame) {
  const player = new Player();
  expect(player.feed(frame, bytes(frame.events), bytes(frame.patches))).toBe("ok");
  return player;
}

// The frame in `count` parts, each a frame of its own, as a feed sends a long log. Texts and rows go with the first.
function* parts(frame, count) {
  const events = int32(bytes(frame.events));
  const patches = int32(bytes(frame.patches));
  const total = events.length / EVENT_STRIDE;
  const end = (i) => (i === 0 ? 0 : events[i * EVENT_STRIDE - 1]);
  for (let part = 0; part < count; part++) {
    const [first, last] = [part, part + 1].map((n) => Math.floor((n * total) / count));
    const meta = { ...frame, first, patch_first: end(first), spans: part ? [] : frame.spans, span_first: part ? frame.spans.length : 0, rows: part ? [] : frame.rows, row_first: part ? frame.rows.length : 0 };
    yield [meta, events.slice(first * EVENT_STRIDE, last * EVENT_STRIDE), patches.slice(end(first) * PATCH_STRIDE, end(last) * PATCH_STRIDE)];
  }
}

const orders = {
  forward: (list) => list,
  backward: (list) => [...list].reverse(),
  "by jumps": (list) => list.map((_, i) => list[(i * 7919) % list.length]),
};

describe("the tree", () => {
  const { frame, expected } = golden("chats");

  test.each(Object.entries(orders))("is Python's, %s", (_name, order) => {
    const player = played(frame);
    for (const want of order(expected)) {
      player.seek(want.position);
      expect(player.current.seq).toBe(want.seq);
      expect(player.snapshot()).toEqual(want.rows);
      expect(player.gauges).toEqual(want.gauges);
      expect(player.since("step")).toBe(want.since);
      for (const [id, mark] of Object.entries(want.marks)) expect(player.mark(Number(id), want.since)).toBe(mark);
      expect(player.ghosts(want.since, 256).map((g) => [g.id, g.parent, g.born])).toEqual(want.ghosts);
      for (const [rows, { shown, hidden }] of Object.entries(want.collapse)) {
        const got = collapse(player, Number(rows));
        expect([...got.shown].sort((a, b) => a - b)).toEqual(shown);
        expect(Object.fromEntries([...got.hidden].map(([id, rest]) => [id, [rest.children, rest.nodes, rest.tokens]]))).toEqual(hidden);
      }
      expect(narrate(player)).toBeTypeOf("string");
    }
  });

  test("is the same over checkpoints", () => {
    const player = played(frame);
    for (let i = 1; i < 6; i++) {
      player.seek(Math.floor((i * player.length) / 6));
      player.checkpoint();
    }
    for (const want of orders["by jumps"](expected)) {
      player.seek(want.position);
      expect(player.snapshot()).toEqual(want.rows);
    }
  });

  test.each([2, 5, 17])("is the same from %i parts, and a part that is missing is noticed", (count) => {
    const player = new Player();
    const sent = [...parts(frame, count)];
    if (count > 2) expect(player.feed(...sent[1])).toBe("gap");
    for (const part of sent) expect(player.feed(...part)).toBe("ok");
    expect(player.feed(...sent.at(-1))).toBe("known");
    player.seek(expected.at(-1).position);
    expect(player.snapshot()).toEqual(expected.at(-1).rows);
  });

  test("stands in its room, children to the right of their parents, leaves apart", () => {
    const player = played(frame);
    for (const { position } of expected) {
      player.seek(position);
      const { order, height } = layout(player, { width: 900, height: 360, since: player.since("step") });
      const byKey = new Map(order.map((item) => [item.key, item]));
      expect(byKey.size).toBe(order.length);
      for (const item of order) {
        expect(item.y).toBeGreaterThanOrEqual(0);
        expect(item.y + item.h).toBeLessThanOrEqual(Math.max(height, 360) + 0.01);
        if (item.parent) expect(item.x).toBeGreaterThanOrEqual(byKey.get(item.parent).x + byKey.get(item.parent).w);
      }
    }
  });
});

describe("requests, steps, text and machines", () => {
  const { frame, expected } = golden("programs");
  const seen = (player, name) => Object.fromEntries(player.table(name).map(([key, ...values]) => [key, values]));

  test.each(Object.entries(orders))("are Python's, %s", (_name, order) => {
    const player = played(frame);
    for (const want of order(expected)) {
      player.seek(want.position);
      for (const [name, rows] of Object.entries(want.tables)) expect(seen(player, name)).toEqual(rows);
      expect(player.since("request")).toBe(want.request);
    }
  });

  test("are the same over checkpoints", () => {
    const player = played(frame);
    for (let i = 1; i < 6; i++) {
      player.seek(Math.floor((i * player.length) / 6));
      player.checkpoint();
    }
    for (const want of orders["by jumps"](expected)) {
      player.seek(want.position);
      for (const [name, rows] of Object.entries(want.tables)) expect(seen(player, name)).toEqual(rows);
    }
  });
});
