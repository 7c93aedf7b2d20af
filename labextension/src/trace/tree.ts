// The radix tree and the numbers beside it, folded from events into reversible patches: the twin of sgbench/trace/tree.py and of
// TreeView in sgbench/views/tree.py, which say what each patch means. A test holds the two together.

import { Event } from './reader';

export const OP = { ADD: 0, REMOVE: 1, PARENT: 2, TOKENS: 3, REF_COUNT: 4, LAST_ACCESS: 5, BORN: 6, TOUCHED: 7, GAUGE: 8, GROWN: 9, ROW: 10 };
const GAUGE = { CAPACITY: 0, FREE: 1, CACHED: 2, USED: 3, RUNNING: 4, WAITING: 5 };

/** `[op, id, before, after]`; token runs stand as arrays. */
export type Patch = [op: number, id: number, before: any, after: any];

interface Node {
  parent: number;
  tokens: number[];
  children: Set<number>;
  refCount: number;
  lastAccess: number;
  born: number;
  grown: number;
  touched: number;
  writer: number;
}

const newNode = (parent: number, tokens: number[]): Node => ({
  parent, tokens, children: new Set(), refCount: 0, lastAccess: 0, born: -1, grown: -1, touched: -1, writer: -1
});

function note(patches: Patch[], op: number, id: number, before: number, after: number): void {
  if (before !== after) patches.push([op, id, before, after]);
}

/** Which requests run and which wait. */
export class Requests {
  running = new Set<number>();
  waiting = new Set<number>();

  apply(event: Event): void {
    const { rid } = event;
    if (event.kind === 'RequestQueued') this.waiting.add(rid);
    else if (event.kind === 'RequestAdmitted') {
      this.waiting.delete(rid);
      this.running.add(rid);
    } else if (event.kind === 'RequestPreempted') {
      this.running.delete(rid);
      this.waiting.add(rid);
    } else if (event.kind === 'RequestFinished' || event.kind === 'RequestAborted') {
      this.running.delete(rid);
      this.waiting.delete(rid);
    } else if (event.kind === 'Keyframe') {
      this.running = new Set(event.running ?? []);
      this.waiting = new Set(event.waiting ?? []);
    }
  }
}

const READABLE = new Set(['StepFinished', 'Keyframe', 'RequestQueued', 'RequestAdmitted', 'RequestPreempted', 'RequestFinished', 'RequestAborted']);

export class TreeFold {
  private nodes = new Map<number, Node>([[0, newNode(-1, [])]]);
  private requests = new Requests();
  private gauges = [-1, -1, -1, -1, -1, -1];

  /** Fold the next event in; throws an Error with a sentence when events before it are missing. */
  apply(event: Event): Patch[] {
    const patches = this.treePatches(event);
    if (!READABLE.has(event.kind)) return patches;
    this.requests.apply(event);
    for (const [gauge, value] of this.readings(event)) {
      note(patches, OP.GAUGE, gauge, this.gauges[gauge], value);
      this.gauges[gauge] = value;
    }
    return patches;
  }

  private treePatches(event: Event): Patch[] {
    switch (event.kind) {
      case 'Keyframe':
        return this.keyframe(event);
      case 'CacheReset':
        return this.leavesFirst().flatMap(id => this.drop(id));
      case 'NodeInserted':
        return this.inserted(event);
      case 'NodeExtended':
        return this.extended(event);
      case 'NodeSplit':
        return this.split(event);
      case 'PathAccessed':
        return this.accessed(event);
      case 'PathLocked':
        return this.count(event, 1);
      case 'PathUnlocked':
        return this.count(event, -1);
      case 'NodeEvicted':
        this.node(event.node, event);
        return this.drop(event.node);
      default:
        return [];
    }
  }

  private node(id: number, event: Event): Node {
    const node = this.nodes.get(id);
    if (!node) throw new Error(`event ${event.seq} (${event.kind}) speaks of node ${id}, which is not in the tree: events before it are missing`);
    return node;
  }

  private path(event: Event): [number, Node][] {
    const found: [number, Node][] = [];
    for (let id = event.node as number; id !== 0; ) {
      const node = this.node(id, event);
      found.push([id, node]);
      id = node.parent;
    }
    return found;
  }

  private grow(id: number, parent: number, tokens: number[], values: { lastAccess: number; refCount: number; born: number }): Patch[] {
    const node = Object.assign(newNode(parent, tokens), values);
    this.nodes.set(id, node);
    this.nodes.get(parent)!.children.add(id);
    const patches: Patch[] = [[OP.ADD, id, parent, tokens]];
    note(patches, OP.LAST_ACCESS, id, 0, node.lastAccess);
    note(patches, OP.REF_COUNT, id, 0, node.refCount);
    note(patches, OP.BORN, id, -1, node.born);
    return patches;
  }

  private inserted(event: Event): Patch[] {
    this.node(event.parent, event);
    const patches = this.grow(event.node, event.parent, event.token_ids, { lastAccess: event.tick, refCount: 0, born: event.seq });
    this.nodes.get(event.node)!.writer = event.rid;
    return patches;
  }

  private extended(event: Event): Patch[] {
    const node = this.node(event.node, event);
    const [before, grown] = [node.tokens, node.grown];
    node.tokens = [...before, ...event.token_ids];
    node.grown = event.seq;
    return [[OP.TOKENS, event.node, before, node.tokens], [OP.GROWN, event.node, grown, event.seq]];
  }

  private split(event: Event): Patch[] {
    const node = this.node(event.node, event);
    const { parent, tokens } = node;
    const cut = event.length_tokens;
    const patches = this.grow(event.upper, parent, tokens.slice(0, cut), node);
    const upper = this.nodes.get(event.upper)!;
    Object.assign(upper, { parent, tokens: tokens.slice(0, cut), children: new Set([event.node]) });
    note(patches, OP.TOUCHED, event.upper, -1, node.touched);
    note(patches, OP.GROWN, event.upper, -1, node.grown);
    this.nodes.get(parent)!.children.delete(event.node);
    node.parent = event.upper;
    node.tokens = tokens.slice(cut);
    patches.push([OP.PARENT, event.node, parent, event.upper], [OP.TOKENS, event.node, tokens, node.tokens]);
    return patches;
  }

  private accessed(event: Event): Patch[] {
    const patches: Patch[] = [];
    for (const [id, node] of this.path(event)) {
      note(patches, OP.LAST_ACCESS, id, node.lastAccess, event.tick);
      node.lastAccess = event.tick;
      if (node.writer === event.rid) continue;
      note(patches, OP.TOUCHED, id, node.touched, event.seq);
      node.touched = event.seq;
    }
    return patches;
  }

  private count(event: Event, change: number): Patch[] {
    return this.path(event).map(([id, node]) => {
      node.refCount += change;
      return [OP.REF_COUNT, id, node.refCount - change, node.refCount];
    });
  }

  private drop(id: number): Patch[] {
    const node = this.nodes.get(id)!;
    const patches: Patch[] = [];
    note(patches, OP.REF_COUNT, id, node.refCount, 0);
    note(patches, OP.LAST_ACCESS, id, node.lastAccess, 0);
    note(patches, OP.BORN, id, node.born, -1);
    note(patches, OP.GROWN, id, node.grown, -1);
    note(patches, OP.TOUCHED, id, node.touched, -1);
    patches.push([OP.REMOVE, id, node.parent, node.tokens]);
    this.nodes.delete(id);
    this.nodes.get(node.parent)?.children.delete(id);
    return patches;
  }

  // Become the keyframe's tree; one that is equal already costs no patch.
  private keyframe(event: Event): Patch[] {
    const rows: any[] = event.tree.nodes;
    if (this.equals(rows)) return [];
    const patches = this.leavesFirst().flatMap(id => this.drop(id));
    const below = new Map<number, any[]>();
    for (const row of rows) if (row.parent !== null) below.set(row.parent, [...(below.get(row.parent) ?? []), row]);
    const queue = [0];
    while (queue.length) {
      for (const row of below.get(queue.pop()!) ?? []) {
        queue.push(row.id);
        patches.push(...this.grow(row.id, row.parent, row.token_ids, { lastAccess: row.last_access, refCount: row.ref_count, born: -1 }));
      }
    }
    return patches;
  }

  private equals(rows: any[]): boolean {
    if (rows.length !== this.nodes.size) return false;
    return rows.every(row => {
      const node = this.nodes.get(row.id);
      if (!node || (row.parent ?? -1) !== node.parent || row.ref_count !== node.refCount || row.last_access !== node.lastAccess) return false;
      return row.token_ids.length === node.tokens.length && row.token_ids.every((token: number, i: number) => token === node.tokens[i]);
    });
  }

  private leavesFirst(): number[] {
    const order: number[] = [];
    const queue = [0];
    while (queue.length) {
      const children = [...this.nodes.get(queue.pop()!)!.children];
      order.push(...children);
      queue.push(...children);
    }
    return order.reverse();
  }

  private readings(event: Event): [number, number][] {
    const found: [number, number][] = [];
    if (event.kind === 'StepFinished') {
      const { free_tokens: free, cached_tokens: cached, used_tokens: used } = event;
      found.push([GAUGE.CAPACITY, free + cached + used], [GAUGE.FREE, free], [GAUGE.CACHED, cached], [GAUGE.USED, used]);
    } else if (event.kind === 'Keyframe') {
      const all = [...this.nodes.values()];
      const tokens = (locked: boolean) => all.reduce((sum, node) => sum + (node.refCount > 0 === locked ? node.tokens.length : 0), 0);
      const [locked, cached] = [tokens(true), tokens(false)];
      found.push([GAUGE.CAPACITY, event.capacity_tokens], [GAUGE.FREE, event.capacity_tokens - locked - cached], [GAUGE.CACHED, cached], [GAUGE.USED, locked]);
    }
    found.push([GAUGE.RUNNING, this.requests.running.size], [GAUGE.WAITING, this.requests.waiting.size]);
    return found;
  }
}
