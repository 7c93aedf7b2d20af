// Plays the columns of sgbench/views/frames.py forward and backward. No DOM: runs under node as it runs in the page.
//
// The log is append-only; `position` says how many of its events have been applied. Every patch is reversible, and a
// checkpoint each CHECKPOINT patches bounds the length of a jump.

export const EVENT_STRIDE = 9;
export const PATCH_STRIDE = 4;
export const OP = { ADD: 0, REMOVE: 1, PARENT: 2, TOKENS: 3, REF_COUNT: 4, LAST_ACCESS: 5, BORN: 6, TOUCHED: 7, GAUGE: 8, GROWN: 9, ROW: 10 };
export const GAUGE = { CAPACITY: 0, FREE: 1, CACHED: 2, USED: 3, RUNNING: 4, WAITING: 5 };
export const MARK = { NONE: 0, NEW: 1, ACCESSED: 2, EVICTED: 3 };
// What an event changed, for the strip above the scrubber and for stepping from change to change.
export const CHANGE = { ADDED: 1, TOUCHED: 2, REMOVED: 4, OTHER: 8 };
const CHECKPOINT = 16000; // patches between two checkpoints, at least
const FIELDS = 8; // of a node in a checkpoint
const NO_ROWS = new Map();
const KIND_CHANGE = { NodeInserted: 1, NodeExtended: 1, PathAccessed: 2, NodeEvicted: 4 }; // where the tree's patches do not travel

class Column {
  constructor() {
    this.data = new Int32Array(1024);
    this.length = 0;
  }

  append(values) {
    this.makeRoom(values.length);
    this.data.set(values, this.length);
    this.length += values.length;
  }

  push(value) {
    this.makeRoom(1);
    this.data[this.length++] = value;
  }

  makeRoom(more) {
    const need = this.length + more;
    if (need <= this.data.length) return;
    const grown = new Int32Array(Math.max(need, this.data.length * 2));
    grown.set(this.data.subarray(0, this.length));
    this.data = grown;
  }
}

// A buffer from a comm may start at any byte; Int32Array wants multiples of four. Little-endian on every machine we know.
export function int32(buffer) {
  const bytes = new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength);
  return new Int32Array(bytes.slice().buffer);
}

const newNode = (parent, span) => ({ parent, span, children: new Set(), refCount: 0, lastAccess: 0, born: -1, grown: -1, touched: -1 });

function cellsOf(pairs) {
  const cells = new Map();
  for (let at = 0; at < pairs.length; at += 2) cells.set(pairs[at], pairs[at + 1]);
  return cells;
}

export class Player {
  constructor() {
    this.reset(0);
  }

  reset(epoch) {
    this.epoch = epoch;
    this.kinds = [];
    this.dropped = 0;
    this.events = new Column();
    this.patches = new Column();
    this.changes = new Column(); // CHANGE bits of each event
    this.spans = [];
    this.rows = [];
    this.admissions = []; // indices of the events that admitted a request
    this.removals = []; // {event, seq, id, parent, span, born}, in order
    this.checkpoints = []; // {position, nodes, gauges, tables, size}, in order; numbers only, so that many are cheap
    this.rewind();
  }

  rewind() {
    this.position = 0;
    this.nodes = new Map([[0, newNode(-1, -1)]]);
    this.gauges = [-1, -1, -1, -1, -1, -1];
    this.tables = new Map(); // table -> cell -> index in `rows`
  }

  get length() {
    return this.events.length / EVENT_STRIDE;
  }

  // Takes a frame. Returns "ok", "gap" (something before it is missing: ask again from `length`) or "known".
  feed(meta, eventBytes, patchBytes) {
    if (meta.epoch < this.epoch) return "known";
    if (meta.epoch > this.epoch) {
      if (meta.first !== 0) return "gap";
      this.reset(meta.epoch);
    }
    const events = int32(eventBytes);
    const count = events.length / EVENT_STRIDE;
    if (meta.first > this.length) return "gap";
    const skip = this.length - meta.first;
    if (skip >= count) return "known";
    const patches = int32(patchBytes);
    const patchSkip = this.patches.length / PATCH_STRIDE - meta.patch_first;
    this.kinds = meta.kinds;
    this.tree = meta.tree;
    for (let i = this.rows.length - meta.row_first; i < meta.rows.length; i++) this.rows.push(meta.rows[i]);
    this.dropped = meta.dropped;
    for (let i = this.spans.length - meta.span_first; i < meta.spans.length; i++) this.spans.push(meta.spans[i]);
    this.events.append(events.subarray(skip * EVENT_STRIDE));
    this.patches.append(patches.subarray(patchSkip * PATCH_STRIDE));
    for (let i = this.length - (count - skip); i < this.length; i++) this.scan(i);
    return "ok";
  }

  // Notes what event i changes: bits for the strip, and every removal with the place it left.
  scan(i) {
    const kind = this.kinds[this.events.data[i * EVENT_STRIDE + 3]];
    if (kind === "RequestAdmitted") this.admissions.push(i);
    let bits = (!this.tree && KIND_CHANGE[kind]) || 0;
    let born = null;
    const data = this.patches.data;
    for (let p = this.patchStart(i), end = this.patchEnd(i); p < end; p += PATCH_STRIDE) {
      const op = data[p];
      const id = data[p + 1];
      const before = data[p + 2];
      const after = data[p + 3];
      if (op === OP.ADD || (op === OP.GROWN && after >= 0)) bits |= CHANGE.ADDED;
      else if (op === OP.TOUCHED && after >= 0) bits |= CHANGE.TOUCHED;
      else if (op === OP.BORN && after === -1) (born ??= new Map()).set(id, before);
      else if (op === OP.REMOVE) {
        bits |= CHANGE.REMOVED;
        this.removals.push({ event: i, seq: this.event(i).seq, id, parent: before, span: after, born: born?.get(id) ?? -1 });
      } else if (op !== OP.GAUGE) bits |= CHANGE.OTHER;
    }
    this.changes.push(bits);
  }

  event(i) {
    const [seq, step, time, kind, rid, node, count, total] = this.events.data.subarray(i * EVENT_STRIDE, (i + 1) * EVENT_STRIDE);
    return { seq, step, ms: time / 10, kind: this.kinds[kind], rid, node, count, total };
  }

  patchEnd(i) {
    return this.events.data[i * EVENT_STRIDE + EVENT_STRIDE - 1] * PATCH_STRIDE;
  }

  patchStart(i) {
    return i === 0 ? 0 : this.patchEnd(i - 1);
  }

  get current() {
    return this.position > 0 ? this.event(this.position - 1) : null;
  }

  // --- time travel

  seek(position) {
    const target = Math.max(0, Math.min(position, this.length));
    if (target === this.position) return;
    const checkpoint = this.nearestCheckpoint(target);
    const here = Math.abs(this.patchesBefore(target) - this.patchesBefore(this.position));
    if (checkpoint && Math.abs(this.patchesBefore(target) - this.patchesBefore(checkpoint.position)) < here) this.restore(checkpoint);
    while (this.position < target) this.forward();
    while (this.position > target) this.backward();
  }

  patchesBefore(position) {
    return position === 0 ? 0 : this.patchEnd(position - 1) / PATCH_STRIDE;
  }

  forward() {
    const end = this.patchEnd(this.position);
    for (let p = this.patchStart(this.position); p < end; p += PATCH_STRIDE) this.apply(p, false);
    this.position++;
    const last = this.checkpoints.at(-1);
    // The larger the state, the rarer: what is kept grows as the log does.
    const apart = Math.max(CHECKPOINT, last ? 2 * last.size : 0);
    if (end / PATCH_STRIDE - (last ? this.patchesBefore(last.position) : 0) >= apart) this.checkpoint();
  }

  backward() {
    this.position--;
    const start = this.patchStart(this.position);
    for (let p = this.patchEnd(this.position) - PATCH_STRIDE; p >= start; p -= PATCH_STRIDE) this.apply(p, true);
  }

  apply(p, back) {
    const data = this.patches.data;
    const op = data[p];
    const id = data[p + 1];
    const value = data[p + (back ? 2 : 3)];
    if (op === OP.ADD || op === OP.REMOVE) {
      if ((op === OP.ADD) !== back) {
        this.nodes.set(id, newNode(data[p + 2], data[p + 3]));
        this.nodes.get(data[p + 2]).children.add(id);
      } else {
        this.nodes.get(data[p + 2]).children.delete(id);
        this.nodes.delete(id);
      }
      return;
    }
    if (op === OP.GAUGE) {
      this.gauges[id] = value;
      return;
    }
    if (op === OP.ROW) {
      this.setRow(id, data[p + (back ? 3 : 2)], value);
      return;
    }
    const node = this.nodes.get(id);
    if (op === OP.PARENT) {
      this.nodes.get(node.parent)?.children.delete(id);
      node.parent = value;
      this.nodes.get(value).children.add(id);
    } else if (op === OP.TOKENS) node.span = value;
    else if (op === OP.REF_COUNT) node.refCount = value;
    else if (op === OP.LAST_ACCESS) node.lastAccess = value;
    else if (op === OP.BORN) node.born = value;
    else if (op === OP.GROWN) node.grown = value;
    else if (op === OP.TOUCHED) node.touched = value;
  }

  // Cell `id` held row `before` and holds row `after` now; -1: none.
  setRow(id, before, after) {
    const table = this.rows[after < 0 ? before : after][0];
    if (!this.tables.has(table)) this.tables.set(table, new Map());
    if (after < 0) this.tables.get(table).delete(id);
    else this.tables.get(table).set(id, after);
  }

  // The present rows of a table, `[key, ...values]` each, in the order in which they came.
  table(name) {
    return [...(this.tables.get(name) ?? NO_ROWS).values()].map((index) => this.rows[index].slice(1));
  }

  checkpoint() {
    const nodes = new Int32Array(this.nodes.size * FIELDS);
    let at = 0;
    for (const [id, n] of this.nodes) {
      nodes.set([id, n.parent, n.span, n.refCount, n.lastAccess, n.born, n.grown, n.touched], at);
      at += FIELDS;
    }
    let size = this.nodes.size;
    const tables = [...this.tables].map(([name, cells]) => {
      size += cells.size;
      return [name, Int32Array.from([...cells].flat())];
    });
    this.checkpoints.push({ position: this.position, nodes, gauges: [...this.gauges], tables, size });
  }

  nearestCheckpoint(target) {
    let best = null;
    for (const c of this.checkpoints) if (!best || Math.abs(c.position - target) < Math.abs(best.position - target)) best = c;
    return best;
  }

  restore({ position, nodes, gauges, tables }) {
    this.position = position;
    this.gauges = [...gauges];
    this.tables = new Map(tables.map(([name, pairs]) => [name, cellsOf(pairs)]));
    this.nodes = new Map();
    for (let at = 0; at < nodes.length; at += FIELDS) {
      const [id, parent, span, refCount, lastAccess, born, grown, touched] = nodes.subarray(at, at + FIELDS);
      this.nodes.set(id, { parent, span, children: new Set(), refCount, lastAccess, born, grown, touched });
    }
    for (const [id, n] of this.nodes) if (id !== 0) this.nodes.get(n.parent).children.add(id);
  }

  // Position after the next event in `direction` that changed the tree, or the end of the log.
  nextChange(direction) {
    const data = this.changes.data;
    let i = direction > 0 ? this.position : this.position - 2;
    while (i >= 0 && i < this.length && !data[i]) i += direction;
    return Math.max(0, Math.min(i + 1, this.length));
  }

  // Position at the end of the next engine step in `direction`.
  nextStep(direction) {
    if (direction > 0) {
      if (this.position >= this.length) return this.length;
      const step = this.event(this.position).step;
      return this.firstOfStep(step + 1);
    }
    return this.position === 0 ? 0 : this.firstOfStep(this.event(this.position - 1).step);
  }

  // Number of events whose step is below `step`; steps never fall.
  firstOfStep(step) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events.data[middle * EVENT_STRIDE + 1] < step) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // The first event of the step that admitted the last request before here: what one snapshot of the paper's figure shows.
  firstOfRequest() {
    let low = 0;
    let high = this.admissions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.admissions[middle] < this.position) low = middle + 1;
      else high = middle;
    }
    return low ? this.firstOfStep(this.event(this.admissions[low - 1]).step) : 0;
  }

  // --- what happened lately: `since` is a seq

  // First seq of a window that ends at the present: "event", "step" or "run".
  since(window) {
    if (this.position === 0) return 0;
    const now = this.event(this.position - 1);
    if (window === "event") return now.seq;
    const first = window === "step" ? this.firstOfStep(now.step) : window === "request" ? this.firstOfRequest() : 0;
    return this.event(Math.min(first, this.position - 1)).seq;
  }

  mark(id, since) {
    return this.markOf(this.nodes.get(id), since);
  }

  markOf(node, since) {
    const from = Math.max(since, 0);
    const came = Math.max(node.born, node.grown);
    if (node.touched >= from && node.touched > came) return MARK.ACCESSED;
    return came >= from ? MARK.NEW : MARK.NONE;
  }

  // The last `limit` nodes that left since then and whose place is still known, oldest first.
  ghosts(since, limit) {
    let end = this.removals.length;
    let low = 0;
    while (low < end) {
      const middle = (low + end) >> 1;
      if (this.removals[middle].event < this.position) low = middle + 1;
      else end = middle;
    }
    const kept = new Map();
    for (let i = end - 1; i >= Math.max(0, end - limit); i--) {
      const ghost = this.removals[i];
      if (ghost.seq < since) break;
      if (!this.nodes.has(ghost.id) && (this.nodes.has(ghost.parent) || kept.has(ghost.parent))) kept.set(ghost.id, ghost);
    }
    return [...kept.values()].reverse();
  }

  // --- reading

  tokens(id) {
    const span = this.nodes.get(id).span;
    return span < 0 ? 0 : this.spans[span][0];
  }

  text(id) {
    const span = this.nodes.get(id).span;
    return span < 0 ? "" : this.spans[span][1];
  }

  orderedChildren(id) {
    return [...this.nodes.get(id).children].sort((a, b) => this.nodes.get(a).born - this.nodes.get(b).born || a - b);
  }

  // The path from below the root to `id`.
  path(id) {
    const ids = [];
    for (let node = id; node > 0; node = this.nodes.get(node).parent) ids.push(node);
    return ids.reverse();
  }

  // Plain data, comparable with the Python side's.
  snapshot() {
    const rows = [...this.nodes].sort((a, b) => a[0] - b[0]);
    return rows.map(([id, n]) => ({
      id, parent: id === 0 ? null : n.parent, tokens: this.tokens(id), text: this.text(id), ref_count: n.refCount,
      last_access: n.lastAccess, born: n.born, grown: n.grown, touched: n.touched,
    }));
  }
}
