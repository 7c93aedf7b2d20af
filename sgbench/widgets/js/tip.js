// What stands beside the pointer, and the list of keys. Text of the model goes in as text only.

import { el } from "./dom.js";

const KEYS = [
  ["← → ↑ ↓", "walk the tree"], ["Enter", "show what is folded away"], ["Space", "play or pause"], ["[ ]", "one change back or on"],
  ["{ }", "one engine step back or on"], ["Home End", "beginning, end"], ["+ − 0", "zoom in, out, fit"], ["Esc", "leave the widget"],
];

export function keyList() {
  return el("dl", { class: "sgb-help sgb-hidden" }, ...KEYS.flatMap(([key, what]) => [el("dt", { text: key }), el("dd", { text: what })]));
}

export class Tip {
  constructor() {
    this.element = el("div", { class: "sgb-tip sgb-hidden", role: "tooltip" });
  }

  fill(item, player) {
    const words = { root: "Root", counted: "Folded away", ghost: "Evicted", node: ["Node", "New", "Accessed"][item.mark] ?? "Node" }[item.kind];
    const plain = item.kind === "root" || item.kind === "counted";
    this.element.replaceChildren(
      el("div", { class: "sgb-tip-head" }, el("b", { text: words }), el("span", { text: plain ? "" : `#${item.id}` })),
      el("div", { class: "sgb-tip-facts", text: facts(item, player).join(" · ") }));
    if (item.text) this.element.append(el("pre", { class: "sgb-tip-text", text: item.text }));
  }

  // Beside the pointer, inside the stage.
  place(left, top, { clientWidth, clientHeight }) {
    const { offsetWidth, offsetHeight } = this.element;
    const x = left + 14 + offsetWidth > clientWidth ? left - offsetWidth - 14 : left + 14;
    const y = top + 14 + offsetHeight > clientHeight ? top - offsetHeight - 10 : top + 14;
    this.element.style.transform = `translate(${Math.max(2, x)}px, ${Math.max(2, y)}px)`;
  }
}

function facts(item, player) {
  if (item.kind === "root") return [`${item.subtree.toLocaleString()} tokens below`];
  const found = [`${item.tokens.toLocaleString()} tokens`];
  if (item.kind === "counted") found.push(`${item.nodes.toLocaleString()} nodes; click to show`);
  if (item.kind !== "node") return found;
  const prefix = player.path(item.id).reduce((sum, id) => sum + player.tokens(id), 0);
  found.push(`prefix of ${prefix.toLocaleString()}`);
  if (item.refCount) found.push(`locked by ${item.refCount}`);
  found.push(`last used at tick ${item.lastAccess}`);
  return found;
}
