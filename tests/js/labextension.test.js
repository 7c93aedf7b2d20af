// What JupyterLab's extension does without a page: a trace file is read and folded as Python does it (tests/golden, see
// golden.test.js), and the words of a `%%sgl` cell are found.
import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { sglWords } from "../../labextension/src/sgl_words.ts";
import { kvShare, loadsSgbench, statusWords } from "../../labextension/src/state.ts";
import { hundredths } from "../../labextension/src/trace/cells.ts";
import { readTrace, textOf } from "../../labextension/src/trace/reader.ts";
import { recordingOf, tablesOf } from "../../labextension/src/trace/recording.ts";
import { part, readable, size, Vocab } from "../../labextension/src/trace/text.ts";
import { Player } from "../../sgbench/widgets/js/player.js";

const file = (name) => readFileSync(new URL(`../golden/${name}`, import.meta.url));
const golden = (name) => JSON.parse(file(`${name}.json`).toString());
const bytes = (text) => new Uint8Array(Buffer.from(text));
const words = (name) => gunzipSync(file(`${name}.sgtrace.gz`)).toString();
const same = (column, base64) => Buffer.from(column.buffer).equals(Buffer.from(base64, "base64"));

describe("a trace file without a kernel", () => {
  test.each([["chats", () => []], ["programs", tablesOf], ["constrained", tablesOf]])("%s becomes the columns that Python makes of it", async (name, folds) => {
    const { text, damage } = await textOf(new Uint8Array(file(`${name}.sgtrace.gz`)));
    expect(damage).toBe("");
    const trace = await readTrace(text);
    expect(trace.notes).toEqual([]);
    const { recording, failure } = await recordingOf(trace, folds(trace));
    expect(failure).toBe("");
    const { frame } = golden(name);
    for (const key of ["kinds", "spans", "rows", "total", "epoch", "first", "tree"]) expect(recording[key]).toEqual(frame[key]);
    expect(same(recording.events, frame.events)).toBe(true);
    expect(same(recording.patches, frame.patches)).toBe(true);
    expect(new Player().feed(recording, recording.events, recording.patches)).toBe("ok");
  });

  test("without the machine of a constraint shows its figures only, and with a wrong one says so", async () => {
    const lines = words("constrained").split("\n");
    const at = lines.findIndex((line) => line.startsWith('{"kind":"machine"'));
    const without = await readTrace(lines.filter((_, i) => i !== at).join("\n"));
    expect(without.machines).toEqual([]);
    const { recording } = await recordingOf(without);
    const rows = recording.rows.filter(([table]) => table === "machine");
    expect(rows.map((row) => row.slice(5))).toEqual([[false, [[], [], 0, 0], [[], [], 0, 0]]]);
    const last = recording.rows.filter(([table]) => table === "walk").at(-1);
    expect([last[3], last[5] > 0, last[6] > 0, last.at(-1)]).toEqual([-1, true, true, []]);
    const whole = JSON.parse(lines[at]);
    for (const damage of [{ start: 99999 }, { next: [] }, { classes: null }, { normal: [[null], [], 1, 1] }, { compressed: [[], [[0, 1, "a", true]], 1, 1] }]) {
      const wrong = await readTrace(lines.with(at, JSON.stringify({ ...whole, ...damage })).join("\n"));
      expect([wrong.machines, wrong.events.length, wrong.notes]).toEqual([[], without.events.length, [`line ${at + 1}: the machine of a constraint is damaged and not shown`]]);
    }
  });

  test("opens packed or not", async () => {
    const plain = words("chats");
    expect((await textOf(bytes(plain))).text).toBe(plain);
    expect((await textOf(new Uint8Array(gzipSync(plain)))).text).toBe(plain);
  });

  test("cut short shows what came before, and says so", async () => {
    const { text, damage } = await textOf(new Uint8Array(file("programs.sgtrace.gz")).slice(0, 3000));
    const trace = await readTrace(text, damage);
    expect(trace.events.length).toBeGreaterThan(10);
    expect(trace.notes.join()).toMatch(/line \d+: .*cut short.*events before it are here/);
    const lines = words("chats").split("\n");
    const half = await readTrace(`${lines.slice(0, 20).join("\n")}\n${lines[20].slice(0, 30)}`);
    expect(half.events.length).toBe(18);
    expect(half.notes).toHaveLength(1);
  });

  test("of a newer version shows what is known, and says so", async () => {
    const [head, ...rest] = words("chats").split("\n");
    const newer = [head.replace('"sgtrace":1', '"sgtrace":2'), '{"kind":"Thought","seq":0}', ...rest].join("\n");
    const trace = await readTrace(newer);
    expect(trace.events).toHaveLength(rest.filter(Boolean).length - 1);
    expect(trace.notes.join()).toMatch(/version 2.*Thought/);
  });

  test("longer than the limit shows its beginning, and says so", async () => {
    const trace = await readTrace(words("chats"), "", 50);
    expect(trace.events).toHaveLength(50);
    expect(trace.notes.join()).toContain("only the first 50 events");
  });

  test.each(["", "hello\n", "[1]\n", '{"sgtrace":0}\n', '{"sgtrace":1}\n'])("that is none is refused: %j", async (text) => {
    await expect(readTrace(text)).rejects.toThrow(/no sgbench trace|no event/);
  });

  test("whose beginning is missing is shown as far as it goes, with the reason", async () => {
    const [head, vocab, ...events] = words("chats").split("\n");
    const trace = await readTrace([head, vocab, ...events.slice(12)].join("\n"));
    const { recording, failure } = await recordingOf(trace);
    expect(failure).toMatch(/event \d+ \(\w+\) speaks of node \d+, which is not in the tree/);
    expect(recording.total).toBeLessThan(trace.events.length);
  });
});

describe("texts", () => {
  test("count characters, not halves of them", () => {
    expect([size("a😀b"), part("a😀b", 2), part("a😀b", -2), part("ab", 5)]).toEqual([3, "a😀", "😀b", "ab"]);
  });

  test("of tokens that end inside a character are joined", () => {
    const escaped = [..."é"].flatMap((c) => [...Buffer.from(c)]).map((b) => String.fromCharCode(0xdc00 + b));
    expect(escaped).toHaveLength(2);
    expect(readable(escaped.join(""))).toBe("é");
    expect(readable(`x${escaped[0]}`)).toBe("x\ufffd");
    const vocab = new Vocab(new Map([[1, escaped[0]], [2, escaped[1]]]));
    expect([vocab.text([1, 2]), vocab.text([1]), vocab.text([9])]).toEqual(["é", "\ufffd", "‹9›"]);
  });

  // What Python's round(x, 2) gives.
  test.each([[0.125, 0.12], [0.375, 0.38], [0.135, 0.14], [2.675, 2.67], [1.005, 1], [7, 7], [0.25, 0.25]])("%d is rounded as Python rounds it", (value, rounded) => {
    expect(hundredths(value)).toBe(rounded);
  });
});

describe("a %%sgl cell", () => {
  const found = (text) => sglWords(text).map(({ from, to, kind }) => `${kind} ${text.slice(from, to)}`);

  test("is told by its first line", () => {
    expect(found("s += gen('a')")).toEqual([]);
    expect(found("x = 1\n%%sgl\ngen('a')")).toEqual([]);
    expect(found("%%sglx\ngen('a')")).toEqual([]);
    expect(found("%%sgl")).toEqual(["magic %%sgl"]);
  });

  test("has a name and options, which values are not", () => {
    expect(found("%%sgl story --batch [{'w': '--x'}] --seed 3 gen(")).toEqual(["magic %%sgl", "name story", "option --batch", "option --seed"]);
    expect(found("%%sgl --no-stream")).toEqual(["magic %%sgl", "option --no-stream"]);
  });

  test.each([
    ["s += user('hi') + assistant(gen ('a', max_tokens=3))", ["role user", "role assistant", "gen gen"]],
    ["x = select('a', choices=['gen(', \"select(\"])", ["select select"]],
    ["# gen('a')\ngen_int('b') # select(", ["gen gen_int"]],
    ["'''gen(\nselect('''\nf\"\"\"user( {gen('x')}\"\"\" + system('a\\'b gen(')", ["role system"]],
    ["s += 'an open string gen(\ngen('a')", ["gen gen"]],
    ["for f in s.fork(2):\n    f.user('a')\n    s.user('b')\n    sgl.gen('c')\n    other.gen('d')", ["fork fork", "role user", "gen gen"]],
    ["def user(x): ...\ngen = 3\nregen('a')\nprint(gen)", []],
    ["rb'gen(' + Rb\"gen(\"", []],
    ["café = gen('ü')", ["gen gen"]],
  ])("finds the language's calls, not what looks like them: %j", (body, want) => {
    expect(found(`%%sgl\n${body}`).slice(1)).toEqual(want);
  });

  test("takes no longer for a long cell with open quotes", () => {
    const long = `%%sgl\n${"s += \"\"\" gen( ' \\\\ \n".repeat(20000)}`;
    expect(sglWords(long).length).toBeGreaterThan(0);
  });
});

describe("the panel's words", () => {
  test.each(["%load_ext sgbench", "%reload_ext sgbench", "x = 1\n%%sgl\ns += 'a'", "%sgl status", "get_ipython().run_line_magic('load_ext', 'sgbench')", "get_ipython().extension_manager.load_extension('sgbench')"])("%j makes a kernel one with an engine", (code) => {
    expect(loadsSgbench(code)).toBe(true);
  });

  test.each(["import sgbench", "print('%%sgl')", "%load_ext autoreload", "sgl = 3"])("%j does not", (code) => {
    expect(loadsSgbench(code)).toBe(false);
  });

  test("say hit rate and KV, and nothing without an engine", () => {
    const stats = { hit_rate: 0.834, prompt_tokens: 10, cached_tokens: 8, completion_tokens: 0, forward_passes: 0, evicted_tokens: 0, finished: 0, running: 0, waiting: 0 };
    const state = { version: "0", engine: { model: "m", device: "cpu", remote: false }, stats, pool: { total: 200, used: 4, cached: 6 } };
    expect(kvShare(state)).toBe(0.05);
    expect(statusWords(state)).toBe("sgl 83 % hits · KV 5.0 %");
    expect(statusWords({ ...state, stats: { ...stats, prompt_tokens: 0 } })).toBe("sgl idle · KV 5.0 %");
    expect(statusWords(null)).toBe("");
    expect(statusWords({ ...state, engine: null, stats: null, pool: null })).toBe("");
  });
});
