// Where each token came from: a program's text, coloured by origin, its forks side by side. Text goes in as text only.

import { button, el, ICONS, setText } from "./dom.js";
import { duration, key } from "./canvas_panel.js";
import { Tip } from "./tip.js";

const ORIGINS = ["cached", "prefilled", "decoded", "jumped", "selected"];
const ORIGIN_WORDS = {
  template: "template, not read yet", cached: "from the cache", prefilled: "computed in the prefill", decoded: "decoded", jumped: "forced by the constraint", selected: "selected",
};

const percentOf = (part, whole) => (part / whole < 0.01 ? "<1\u00a0%" : `${Math.round((100 * part) / whole)}\u00a0%`);

export class TokensPanel {
  constructor(shell, height) {
    this.shell = shell;
    this.title = "Tokens";
    this.area = "tokens";
    this.keys = [["← →", "walk along the text"], ["< >", "previous, next program"]];
    this.chosen = null; // a program's number; null: the one that wrote last
    this.focus = -1;
    this.shown = "";
    this.text = el("div", { class: "sgb-text-flow" });
    this.item = el("div", { role: "option", id: `sgb-item-${Math.random().toString(36).slice(2)}`, class: "sgb-offscreen" });
    this.stage = el("div", { class: "sgb-stage sgb-scroll", role: "listbox", tabindex: "0", "aria-label": "Text", "aria-activedescendant": this.item.id, style: `max-height:${height}px` }, this.text, this.item);
    this.tip = new Tip();
    this.empty = el("div", { class: "sgb-empty sgb-hidden" });
    this.element = el("div", { class: "sgb-panel sgb-tokens-panel" }, this.stage, this.empty, this.tip.element);
    this.which = el("select", { class: "sgb-select", "aria-label": "Program" });
    this.which.addEventListener("change", () => this.choose(this.which.value === "" ? null : Number(this.which.value)));
    this.channel = el("select", { class: "sgb-select sgb-hidden", "aria-label": "Colours show" }, el("option", { value: "origin", text: "colours: origin" }), el("option", { value: "probability", text: "colours: probability" }));
    this.channel.addEventListener("change", () => {
      const on = this.channel.value === "probability";
      this.text.classList.toggle("sgb-by-probability", on);
      this.doubt.classList.toggle("sgb-hidden", !on);
    });
    this.tools = [this.channel, button("Previous program (<)", ICONS.back, () => this.turn(-1)), this.which, button("Next program (>)", ICONS.next, () => this.turn(1))];
    this.legend = el("div", { class: "sgb-legend" }, ...ORIGINS.map((name) => el("span", { class: `sgb-o sgb-o-${name}`, text: name })));
    this.doubt = key("doubt", "", "unlikely token");
    this.doubt.classList.add("sgb-hidden");
    this.legend.append(this.doubt);
    this.text.addEventListener("pointermove", (event) => this.point(event));
    this.text.addEventListener("pointerleave", () => this.tip.element.classList.add("sgb-hidden"));
    this.atEnd = true;
    this.stage.addEventListener("scroll", () => (this.atEnd = this.stage.scrollTop + this.stage.clientHeight >= this.stage.scrollHeight - 8));
    this.stage.addEventListener("blur", () => this.walk(-1));
  }

  get player() {
    return this.shell.player;
  }

  arrange() {
    this.programs = this.player.table("program").map(([number, name, state]) => ({ number, name, state }));
    this.spans = this.player.table("span").map(([, program, branch, index, origin, text, name, pieces, call, tokens]) => ({ program, branch, index, origin, text, name, pieces, call, tokens: tokens ?? [] }));
    this.channel.classList.toggle("sgb-hidden", !this.spans.some((span) => span.tokens.length));
    this.branches = this.player.table("branch").map(([, program, number, parent, at, joined]) => ({ program, number, parent, at, joined }));
    this.tails = this.player.table("tail").map(([rid, program, branch, text]) => ({ rid, program, branch, text }));
    this.offer();
    const none = !this.spans.length;
    this.empty.classList.toggle("sgb-hidden", !none);
    setText(this.empty, this.player.position ? "No program has written anything yet" : this.shell.store.nothingYet);
    const program = this.chosen ?? this.spans.at(-1)?.program;
    const own = this.player.table("span").length + this.tails.length;
    const signature = JSON.stringify([program, this.spans.filter((span) => span.program === program).map((span) => [span.index, span.pieces]), this.tails.filter((tail) => tail.program === program), own && this.branches.length]);
    if (signature === this.shown) {
      this.stick(); // the room may have changed
      return;
    }
    this.shown = signature;
    this.render(program);
  }

  offer() {
    const numbers = [...new Set(this.branches.map((branch) => branch.program))];
    if (this.which.options.length !== numbers.length + 1) {
      this.which.replaceChildren(el("option", { value: "", text: "the latest program" }));
      for (const number of numbers) {
        const name = this.programs.find((program) => program.number === number)?.name ?? "";
        this.which.append(el("option", { value: String(number), text: `${name || "program"} #${number}` }));
      }
    }
    this.which.value = this.chosen === null ? "" : String(this.chosen);
    this.numbers = numbers;
  }

  choose(number) {
    this.chosen = number;
    this.shell.touch();
  }

  turn(by) {
    const here = this.numbers.indexOf(this.chosen ?? this.spans.at(-1)?.program);
    const next = this.numbers[here + by];
    if (next !== undefined) this.choose(next);
    return true;
  }

  draw() {
    return false;
  }

  count() {
    return this.spans?.length ?? 0;
  }

  summary() {
    const counts = new Map();
    for (const span of this.spans ?? []) for (const [origin, length] of span.pieces) counts.set(origin, (counts.get(origin) ?? 0) + length);
    const total = [...counts.values()].reduce((sum, value) => sum + value, 0);
    const known = [...ORIGINS, "template"].filter((origin) => counts.get(origin));
    const shares = known.map((origin) => `${percentOf(counts.get(origin), total)} ${origin}`);
    return `${this.numbers?.length ?? 0} program${this.numbers?.length === 1 ? "" : "s"}${total ? ` · of the text ${shares.join(", ")}` : ""}`;
  }

  render(program) {
    this.parts = [];
    this.text.replaceChildren();
    for (const root of this.branches.filter((branch) => branch.program === program && branch.parent < 0)) this.renderBranch(root, this.text);
    this.stick();
  }

  // Who reads the end goes on to read the end.
  stick() {
    if (this.atEnd && this.shell.store.following) this.stage.scrollTop = this.stage.scrollHeight;
  }

  // A branch's text; where it was forked, its branches stand side by side.
  renderBranch(branch, host) {
    const own = this.spans.filter((span) => span.program === branch.program && span.branch === branch.number);
    const forks = this.branches.filter((other) => other.program === branch.program && other.parent === branch.number);
    let flow = el("div", { class: "sgb-flow" });
    host.append(flow);
    for (let i = 0; i <= own.length; i++) {
      const here = forks.filter((fork) => fork.at === i);
      if (here.length) {
        const row = el("div", { class: "sgb-forks" });
        host.append(row);
        for (const fork of here) {
          const words = fork.joined ? `branch ${fork.number} · joined` : `branch ${fork.number}`;
          const card = el("div", { class: "sgb-fork" }, el("div", { class: "sgb-fork-name", text: words }));
          row.append(card);
          this.renderBranch(fork, card);
        }
        flow = el("div", { class: "sgb-flow" });
        host.append(flow);
      }
      if (i < own.length) this.renderSpan(own[i], flow);
    }
    for (const tail of this.tails.filter((one) => one.program === branch.program && one.branch === branch.number)) {
      flow.append(el("span", { class: "sgb-o sgb-o-decoded sgb-o-live", text: tail.text }));
    }
    if (!flow.childNodes.length) flow.remove();
  }

  // Lengths count characters as Python does: code points.
  renderSpan(span, flow) {
    const characters = [...span.text];
    const pieces = span.tokens.length ? span.tokens.map(([length, logprob]) => [span.origin, length, Math.exp(logprob)]) : span.pieces;
    let start = 0;
    for (const [origin, length, probability] of pieces) {
      const text = characters.slice(start, start + length).join("");
      start += length;
      if (!text) continue;
      const part = el("span", { class: `sgb-o sgb-o-${origin}`, text, "data-part": String(this.parts.length) });
      if (probability !== undefined) {
        part.classList.add("sgb-token");
        part.style.setProperty("--sgb-doubt", `${Math.round(100 * (1 - probability))}%`);
      }
      this.parts.push({ part, span, origin, text, probability });
      flow.append(part);
    }
  }

  describe({ span, origin, text, probability }) {
    const facts = [ORIGIN_WORDS[origin] ?? origin];
    if (probability !== undefined) facts.unshift(`probability ${probability < 0.001 ? "below 0.001" : probability.toFixed(3)}`);
    if (span.name) facts.push(`variable ${span.name}`);
    const [rid, latency, first, prompt, cached, output] = span.call;
    if (rid !== undefined) {
      facts.push(`request ${rid}`, `${duration(latency)} in all`);
      if (first >= 0) facts.push(`first token after ${duration(first)}`);
      facts.push(`${output} tokens`, `${cached} of ${prompt} prompt tokens cached`);
    }
    return { head: span.name || ORIGIN_WORDS[span.origin], facts, text };
  }

  point(event) {
    const index = event.target.dataset?.part;
    this.tip.element.classList.toggle("sgb-hidden", index === undefined);
    if (index === undefined) return;
    const { head, facts, text } = this.describe(this.parts[Number(index)]);
    this.tip.fill(head, "", facts, text.length > 60 ? "" : text);
    const box = this.stage.getBoundingClientRect();
    this.tip.place(event.clientX - box.left, event.clientY - box.top, this.stage);
  }

  walk(index) {
    this.parts?.[this.focus]?.part.classList.remove("sgb-o-focus");
    this.focus = Math.max(-1, Math.min(index, (this.parts?.length ?? 0) - 1));
    const found = this.parts?.[this.focus];
    if (!found) return true;
    found.part.classList.add("sgb-o-focus");
    found.part.scrollIntoView({ block: "nearest" });
    const { facts, text } = this.describe(found);
    setText(this.item, `${text}: ${facts.join(", ")}`);
    return true;
  }

  onKey(event) {
    if (event.key === "<") return this.turn(-1);
    if (event.key === ">") return this.turn(1);
    if (event.target !== this.stage) return false;
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    return by ? this.walk(Math.max(0, this.focus + by)) : false;
  }
}
