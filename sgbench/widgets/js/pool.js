// The capacity of the KV pool as a bar: in use by running requests, cached and evictable, free.

import { el, setText } from "./dom.js";
import { GAUGE } from "./player.js";

const PARTS = [["used", "in use", GAUGE.USED], ["cached", "cached", GAUGE.CACHED], ["free", "free", GAUGE.FREE]];

export class Pool {
  constructor() {
    this.segments = PARTS.map(([name]) => el("div", { class: `sgb-part sgb-part-${name}` }));
    this.labels = PARTS.map(([name, word]) => el("span", { class: "sgb-part-label" }, el("i", { class: `sgb-swatch sgb-part-${name}` }), el("b"), ` ${word}`));
    this.total = el("span", { class: "sgb-pool-total" });
    this.queue = el("span", { class: "sgb-queue" });
    this.bar = el("div", { class: "sgb-bar", role: "img" }, ...this.segments);
    this.element = el("div", { class: "sgb-pool" }, this.bar, el("div", { class: "sgb-pool-words" }, ...this.labels, this.total, this.queue));
  }

  refresh(player) {
    const capacity = player.gauges[GAUGE.CAPACITY];
    this.known ||= capacity > 0;
    this.element.classList.toggle("sgb-hidden", !this.known);
    this.element.classList.toggle("sgb-unseen", capacity <= 0); // keeps its room before the first event: nothing jumps
    if (capacity <= 0) return;
    PARTS.forEach(([, word, gauge], i) => {
      const value = Math.max(0, player.gauges[gauge]);
      this.segments[i].style.flexGrow = String(value);
      this.segments[i].style.minWidth = value ? "2px" : "0";
      setText(this.labels[i].children[1], value.toLocaleString());
    });
    setText(this.total, `of ${capacity.toLocaleString()} tokens of KV`);
    const running = Math.max(0, player.gauges[GAUGE.RUNNING]);
    const waiting = Math.max(0, player.gauges[GAUGE.WAITING]);
    setText(this.queue, running + waiting ? `${running} running, ${waiting} waiting` : "");
    this.bar.setAttribute("aria-label", `${this.labels.map((label) => label.textContent).join(", ")} ${this.total.textContent}`);
  }
}
