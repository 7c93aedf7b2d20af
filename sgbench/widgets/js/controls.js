// Play, pause, step, speed and scrubber over a store. Knows time; draws no tree.

import { button, el, icon, ICONS, setText } from "./dom.js";
import { narrate } from "./narrate.js";
import { drawStrip } from "./strip.js";

const CHANGES_PER_S = 4; // at speed 1, unless the whole would take longer than LONGEST_S
const LONGEST_S = 40;
const STRIP_EVERY_MS = 400;

export class Controls {
  constructor(store, onMove) {
    this.store = store;
    this.onMove = onMove;
    this.playing = false;
    this.due = 0;
    this.stripAt = 0;
    this.stripLength = -1;
    this.playButton = button("Play (space)", ICONS.play, () => this.toggle(), "sgb-button sgb-play");
    this.strip = el("canvas", { class: "sgb-strip", "aria-hidden": "true" });
    this.slider = el("input", { type: "range", class: "sgb-slider", min: "0", max: "0", step: "1", "aria-label": "Position in time" });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.place = el("span", { class: "sgb-place" });
    this.speed = select("Speed", [["0.5", "½×"], ["1", "1×"], ["2", "2×"], ["4", "4×"], ["16", "16×"]], String(store.model.get("speed")));
    this.window = select("Colours show what happened in", [["request", "last request"], ["step", "last step"], ["event", "last event"], ["run", "whole run"]], store.model.get("marks"));
    this.window.addEventListener("change", () => onMove());
    this.liveButton = el("button", { type: "button", class: "sgb-button sgb-golive", title: "Follow the newest event (End)", text: "Latest", onclick: () => this.toEnd() });
    this.caption = el("div", { class: "sgb-caption" });
    this.element = el("div", { class: "sgb-controls" },
      el("div", { class: "sgb-buttons", role: "group", "aria-label": "Replay" },
        button("To the beginning (Home)", ICONS.first, () => this.go(0)),
        button("Back one change ([)", ICONS.back, () => this.step(-1)),
        this.playButton,
        button("On one change (])", ICONS.next, () => this.step(1)),
        button("To the end (End)", ICONS.last, () => this.toEnd())),
      el("div", { class: "sgb-time" }, this.strip, this.slider),
      el("div", { class: "sgb-where" }, this.place),
      el("label", { class: "sgb-choice" }, "Speed", this.speed),
      el("label", { class: "sgb-choice", title: "What the tree's colours look back on" }, "Colours", this.window));
    this.element.lastChild.classList.toggle("sgb-hidden", !store.model.get("marks"));
  }

  get player() {
    return this.store.player;
  }

  // The span of events that the tree's colours look back on.
  get markWindow() {
    return this.window.value;
  }

  go(position) {
    this.player.seek(position);
    this.store.following = this.player.position === this.player.length;
    this.onMove();
  }

  step(direction, whole = false) {
    this.pause();
    this.go(whole ? this.player.nextStep(direction) : this.player.nextChange(direction));
  }

  toEnd() {
    this.pause();
    this.go(this.player.length);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
    this.onMove();
  }

  play() {
    if (this.player.position === this.player.length) this.player.seek(0);
    this.store.following = false;
    this.playing = true;
    this.due = 0;
    this.budget = 0;
    this.perSecond = Math.max(CHANGES_PER_S, this.changesAhead() / LONGEST_S);
    this.showPlaying();
  }

  pause() {
    this.playing = false;
    this.showPlaying();
  }

  showPlaying() {
    const label = this.playing ? "Pause (space)" : "Play (space)";
    this.playButton.replaceChildren(icon(this.playing ? ICONS.pause : ICONS.play));
    this.playButton.title = label;
    this.playButton.setAttribute("aria-label", label);
  }

  changesAhead() {
    const ahead = this.player.changes.data.subarray(this.player.position, this.player.length);
    return ahead.reduce((sum, bits) => sum + (bits ? 1 : 0), 0);
  }

  // Moves on while playing; called once for each frame. Returns whether the position changed.
  tick(now) {
    if (!this.playing) return false;
    const elapsed = this.due ? Math.min(250, now - this.due) : 0;
    this.due = now;
    this.budget += (elapsed / 1000) * this.perSecond * Number(this.speed.value);
    const changes = Math.floor(this.budget);
    if (changes < 1) return false;
    this.budget -= changes;
    let target = this.player.position;
    for (let i = 0; i < changes && target < this.player.length; i++) {
      this.player.seek(target);
      target = this.player.nextChange(1);
    }
    this.go(target);
    if (this.player.position === this.player.length) this.pause();
    return true;
  }

  refresh(palette, now) {
    const { position, length } = this.player;
    const event = this.player.current;
    this.slider.max = String(length);
    this.slider.value = String(position);
    const share = length ? (100 * position) / length : 0;
    this.slider.style.setProperty("--sgb-share", `${share}%`);
    const step = event && event.step >= 0 ? ` · step ${event.step.toLocaleString()}` : "";
    this.place.style.minWidth = `${2 * length.toLocaleString().length + 9}ch`; // the slider holds still while figures grow
    setText(this.place, `event ${position.toLocaleString()} of ${length.toLocaleString()}${step}`);
    this.slider.setAttribute("aria-valuetext", `${this.place.textContent}. ${narrate(this.player)}`);
    setText(this.caption, narrate(this.player));
    this.liveButton.classList.toggle("sgb-hidden", position === length);
    if (length !== this.stripLength && now - this.stripAt > STRIP_EVERY_MS) this.drawStrip(palette, now);
    return length !== this.stripLength;
  }

  drawStrip(palette, now) {
    drawStrip(this.strip, this.player, palette);
    this.stripAt = now;
    this.stripLength = this.strip.clientWidth ? this.player.length : -1;
  }
}

function select(label, options, value) {
  const list = el("select", { class: "sgb-select", "aria-label": label });
  for (const [key, text] of options) list.append(el("option", { value: key, text }));
  list.value = value;
  if (list.selectedIndex < 0) list.selectedIndex = 0;
  return list;
}
