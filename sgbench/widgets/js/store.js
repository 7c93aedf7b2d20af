// What a model holds, however many views show it: the player, and whether more is to come.

import { Player } from "./player.js";

const ASK_AGAIN_MS = 400;

export class Store {
  constructor(model) {
    this.model = model;
    this.player = new Player();
    this.listeners = new Set();
    this.following = true; // stay at the end while more comes
    this.asked = 0;
    this.lost = false; // did the kernel go?
    this.onMessage = (message, buffers) => this.take(message, buffers);
    this.onStatus = () => this.changed("status");
    this.onRecording = () => this.takeRecording();
    this.onComm = () => this.askWhoIsThere();
    model.on("msg:custom", this.onMessage);
    model.on("change:status", this.onStatus);
    model.on("change:recording", this.onRecording);
    model.on("comm_live_update", this.onComm);
    this.takeRecording();
    this.ask();
  }

  // "live", "ended", "replay" or a sentence that says what went wrong.
  get status() {
    const status = this.model.get("status");
    return this.lost && status === "live" ? "the kernel is gone: this is the last state that it sent" : status;
  }

  // What of the source is missing or not shown.
  get note() {
    return this.model.get("note") ?? "";
  }

  // What a view says while it has nothing to show.
  get nothingYet() {
    if (this.player.length) return "Before the first event";
    return this.status === "replay" ? "The recording is being loaded" : "Waiting for the first event";
  }

  ask() {
    this.asked = performance.now();
    try {
      this.model.send({ type: "resync", epoch: this.player.epoch, have: this.player.length });
    } catch {
      // A saved notebook without a kernel: nobody to ask, what was saved is what there is.
    }
  }

  // The comm was cut or joined again, which of the two nobody tells: whoever answers is there.
  askWhoIsThere() {
    this.lost = true;
    this.ask();
    this.changed("status");
  }

  takeRecording() {
    const saved = this.model.get("recording");
    if (saved?.events?.byteLength) this.absorb(saved, saved.events, saved.patches);
  }

  take(message, buffers) {
    this.lost = false;
    if (message.type === "frames") this.absorb(message, buffers[0], buffers[1]);
  }

  absorb(meta, events, patches) {
    const outcome = this.player.feed(meta, events, patches);
    if (outcome === "gap" && performance.now() - this.asked > ASK_AGAIN_MS) this.ask();
    if (outcome !== "ok") return;
    // A long log comes in parts, each when the one before has arrived; an engine that is watched sends by itself.
    if (meta.total > this.player.length && this.status !== "live") this.ask();
    if (this.following || this.player.position > this.player.length) this.player.seek(this.player.length);
    this.changed("frames");
  }

  changed(what) {
    for (const listener of this.listeners) listener(what);
  }

  dispose() {
    this.model.off("msg:custom", this.onMessage);
    this.model.off("change:status", this.onStatus);
    this.model.off("change:recording", this.onRecording);
    this.model.off("comm_live_update", this.onComm);
  }
}
