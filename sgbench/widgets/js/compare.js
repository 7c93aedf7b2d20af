// The Compare widget: two runs, figure by figure. Nothing moves here; text goes in as text only.

import { el } from "./dom.js";

function bar(side, share, spread, shown, predicted) {
  const track = el("div", { class: "sgb-track" }, el("div", { class: `sgb-bar-${side}${predicted ? " sgb-predicted" : ""}`, style: `width:${100 * share}%` }));
  if (spread) track.append(el("i", { class: "sgb-whisker", style: `left:${100 * spread[0]}%;width:${Math.max(0.2, 100 * (spread[1] - spread[0]))}%` }));
  return el("div", { class: "sgb-compared" }, track, el("span", { class: "sgb-amount", text: shown }));
}

function figureRow(figure, sides) {
  const most = Math.max(1e-9, ...figure.spread.flatMap((pair) => pair ?? [0]));
  const bars = ["one", "other"].map((name, i) => {
    const [low, high] = figure.spread[i] ?? [0, 0];
    return bar(name, (figure.medians[i] ?? 0) / most, high > low ? [low / most, high / most] : null, figure.shown[i], sides[i].predicted);
  });
  const gain = figure.gain === null ? "" : `${figure.gain.toFixed(figure.gain < 10 ? 2 : figure.gain < 100 ? 1 : 0)}×`;
  const verdict = figure.gain === null ? "" : figure.gain >= 1.05 ? " sgb-gain-better" : figure.gain <= 0.95 ? " sgb-gain-worse" : "";
  const words = `${figure.name}: ${sides[0].name} ${figure.shown[0]}, ${sides[1].name} ${figure.shown[1]}${gain ? `, ${gain} as good` : ""}`;
  return el("div", { class: "sgb-figure-row", role: "listitem", "aria-label": words },
    el("span", { class: "sgb-figure-name", text: figure.name }), el("div", { class: "sgb-figure-bars" }, ...bars),
    el("b", { class: `sgb-gain${verdict}`, text: gain, title: "how many times better than the baseline; below 1: worse" }));
}

export default {
  render({ model, el: host }) {
    const root = el("div", { class: "sgb-root sgb-compare", "data-sgb-widget": "Compare", "data-sgb-seq": "-1" });
    const draw = () => {
      const { sides, figures, verdict, note, seq } = model.get("data");
      const keys = sides.map((side, i) => el("span", { class: "sgb-key" }, el("i", { class: `sgb-bar-${["one", "other"][i]}${side.predicted ? " sgb-predicted" : ""}` }),
        el("span", { text: `${side.name} · ${side.predicted ? `predicted: ${side.predicted}` : "measured"}` })));
      root.replaceChildren(
        el("div", { class: "sgb-head" }, el("span", { class: "sgb-title", text: "Compare" }), el("span", { class: "sgb-summary", text: verdict }), el("div", { class: "sgb-legend" }, ...keys)),
        el("div", { class: "sgb-figure-rows", role: "list" }, ...figures.map((figure) => figureRow(figure, sides))),
        el("div", { class: "sgb-remark", text: note }));
      root.dataset.sgbSeq = String(seq);
      root.dataset.sgbNodes = String(figures.length);
    };
    draw();
    model.on("change:data", draw);
    host.append(root);
    return () => model.off("change:data", draw);
  },
};
