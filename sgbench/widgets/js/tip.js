// What stands beside the pointer, and the list of keys. Text of the model goes in as text only.

import { el } from "./dom.js";

const SHARED_KEYS = [
  ["Space", "play or pause"], ["[ ]", "one change back or on"], ["{ }", "one engine step back or on"], ["Home End", "beginning, end"], ["Esc", "leave the widget"],
];

export function keyList(keys) {
  const seen = new Map([...keys, ...SHARED_KEYS]);
  return el("dl", { class: "sgb-help sgb-hidden" }, ...[...seen].flatMap(([key, what]) => [el("dt", { text: key }), el("dd", { text: what })]));
}

export class Tip {
  constructor() {
    this.element = el("div", { class: "sgb-tip sgb-hidden", role: "tooltip" });
  }

  fill(head, right, facts, text) {
    this.element.replaceChildren(
      el("div", { class: "sgb-tip-head" }, el("b", { text: head }), el("span", { text: right })), el("div", { class: "sgb-tip-facts", text: facts.join(" · ") }));
    if (text) this.element.append(el("pre", { class: "sgb-tip-text", text }));
  }

  // Beside the pointer, inside the stage.
  place(left, top, { clientWidth, clientHeight }) {
    const { offsetWidth, offsetHeight } = this.element;
    const x = left + 14 + offsetWidth > clientWidth ? left - offsetWidth - 14 : left + 14;
    const y = top + 14 + offsetHeight > clientHeight ? top - offsetHeight - 10 : top + 14;
    this.element.style.transform = `translate(${Math.max(2, x)}px, ${Math.max(2, y)}px)`;
  }
}
