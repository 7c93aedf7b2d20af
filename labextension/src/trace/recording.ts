// A trace as the columns that the widgets' player plays: the twin of sgbench/views/frames.py, which describes them.

import { Cell, CellFold } from './cells';
import { KINDS } from './kinds';
import { MachineFold } from './machines';
import { Event, Trace } from './reader';
import { StatsFold } from './stats';
import { Vocab } from './text';
import { TimelineFold } from './timeline';
import { TokensFold } from './tokens';
import { OP, Patch, TreeFold } from './tree';

const KIND_INDEX = new Map(KINDS.map((kind, i) => [kind, i]));
const BATCH_MS = 24; // then the page has its turn

/** What `Player.feed` takes, buffers included. */
export interface Recording {
  kinds: string[];
  epoch: number;
  first: number;
  patch_first: number;
  span_first: number;
  row_first: number;
  events: Int32Array;
  patches: Int32Array;
  spans: [number, string][];
  rows: unknown[][];
  dropped: number;
  tree: boolean;
  total: number;
}

/** What is shown beside the tree. */
export const tablesOf = (trace: Trace): CellFold[] => [
  new StatsFold(),
  new TimelineFold(),
  new TokensFold(trace.vocab),
  new MachineFold(trace.vocab, trace.machines)
];

/** The recording of a whole trace, and why it ends early if events are missing. */
export async function recordingOf(trace: Trace, folds = tablesOf(trace)): Promise<{ recording: Recording; failure: string }> {
  const encoder = new Encoder(trace.vocab);
  const tree = new TreeFold();
  let failure = '';
  let turn = performance.now();
  for (const event of trace.events) {
    try {
      const patches = tree.apply(event);
      encoder.add(event, patches, folds.flatMap(fold => fold.apply(event)));
    } catch (reason) {
      failure = reason instanceof Error ? reason.message : String(reason);
      break;
    }
    if (performance.now() - turn > BATCH_MS) {
      await new Promise(resolve => setTimeout(resolve));
      turn = performance.now();
    }
  }
  return { recording: encoder.recording(), failure };
}

class Encoder {
  private events: number[] = [];
  private patches: number[] = [];
  private spans: [number, string][] = [];
  private spanOf = new Map<number, number>();
  private rows: unknown[][] = [];
  private cells = new Map<string, [number: number, row: number]>();
  private start: number | null = null;
  private total = 0;

  constructor(private vocab: Vocab) {}

  add(event: Event, patches: Patch[], cells: Cell[]): void {
    for (const patch of patches) this.addPatch(patch);
    for (const cell of cells) this.addCell(cell);
    this.start ??= event.t_ns;
    const time = Math.floor((event.t_ns - this.start) / 100_000);
    const kind = KIND_INDEX.get(event.kind) ?? KINDS.length - 1;
    this.events.push(event.seq, event.step ?? -1, time, kind, ...numbers(event), this.patches.length / 4);
    this.total++;
  }

  recording(): Recording {
    return {
      kinds: KINDS, epoch: 0, first: 0, patch_first: 0, span_first: 0, row_first: 0, events: Int32Array.from(this.events),
      patches: Int32Array.from(this.patches), spans: this.spans, rows: this.rows, dropped: 0, tree: true, total: this.total
    };
  }

  private addPatch([op, id, before, after]: Patch): void {
    if (op === OP.ADD || op === OP.REMOVE || op === OP.TOKENS) {
      if (op === OP.TOKENS) before = this.spanOf.get(id)!;
      if (op === OP.REMOVE) {
        after = this.spanOf.get(id)!;
        this.spanOf.delete(id);
      } else after = this.span(id, after);
    }
    this.patches.push(op, id, before, after);
  }

  private addCell({ table, key, value }: Cell): void {
    const place = `${table} ${key}`;
    const [number, before] = this.cells.get(place) ?? [this.cells.size, -1];
    if (before < 0 && !value.length) return; // no row was there to take away
    const after = value.length ? this.rows.push([table, key, ...value]) - 1 : -1;
    this.cells.set(place, [number, after]);
    this.patches.push(OP.ROW, number, before, after);
  }

  private span(id: number, tokens: number[]): number {
    const index = this.spans.push([tokens.length, this.vocab.preview(tokens)]) - 1;
    this.spanOf.set(id, index);
    return index;
  }
}

// Request, node, and two numbers of an event, -1 where it has none.
function numbers(event: Event): [number, number, number, number] {
  const { rid = -1, node = -1 } = event;
  switch (event.kind) {
    case 'NodeInserted':
    case 'NodeExtended':
      return [rid, node, event.token_ids.length, -1];
    case 'NodeSplit':
      return [-1, node, event.length_tokens, event.upper];
    case 'NodeEvicted':
      return [event.for_rid ?? -1, node, event.length_tokens, -1];
    case 'PathAccessed':
    case 'PathLocked':
    case 'PathUnlocked':
      return [rid, node, -1, -1];
    case 'RequestQueued':
      return [rid, -1, event.prompt_ids.length, event.max_new_tokens];
    case 'RequestAdmitted':
      return [rid, node, event.cached_tokens, event.prompt_tokens];
    case 'RequestDeferred':
      return [rid, -1, event.shared_tokens, event.for_rid];
    case 'RequestPreempted':
      return [rid, -1, event.output_tokens, -1];
    case 'RequestFinished':
    case 'RequestAborted':
      return [rid, -1, (event.output_ids ?? []).length, -1];
    case 'StepPlanned':
      return [-1, -1, event.prefill.reduce((sum: number, [, tokens]: [number, number]) => sum + tokens, 0), event.decode.length];
    case 'StepFinished':
      return [-1, -1, event.rids.length, -1];
    case 'JumpForward':
      return [rid, -1, event.token_ids.length, event.position];
    case 'Retokenized':
      return [rid, -1, event.old_ids.length, event.new_ids.length];
    case 'RequestConstrained':
      return [rid, -1, event.states, -1];
    case 'BranchForked':
    case 'BranchJoined':
      return [-1, -1, event.branches.length, event.parent];
    case 'SpanAppended':
      return [rid, -1, event.text.length, event.branch];
    default:
      return [-1, -1, -1, -1];
  }
}
