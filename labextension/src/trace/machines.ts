// What the constraint forces: the twin of sgbench/views/machine.py, which says what the rows mean. The machines come with the file.

import { Cell, CellFold, inTurn } from './cells';
import { Output } from './output';
import { Event } from './reader';
import { part, Vocab } from './text';

const MAX_WAY = 400;
const MAX_TEXT = 120;

/** A machine as it stands in the file: `sgbench/views/machine_data.py`. */
export interface MachineData {
  form: string;
  source: string;
  states: number;
  start: number;
  classes: number[];
  next: number[][];
  normal: unknown[];
  compressed: unknown[];
}

interface Walk {
  constraint: number;
  machine: MachineData | undefined;
  output: Output;
  way: [state: number, forced: boolean][];
  read: number[]; // states of the way after each token
  jumps: number;
  again: number;
  dropped: number;
  end: string;
}

const NOTHING = [[], [], 0, 0];

export class MachineFold implements CellFold {
  private known = new Map<string, number>();
  private machines: (MachineData | undefined)[] = [];
  private walks = new Map<number, Walk>();

  constructor(private vocab: Vocab, private given: MachineData[]) {}

  apply(event: Event): Cell[] {
    if (event.kind === 'RequestConstrained') return this.constrained(event);
    if (event.kind === 'StepFinished') return this.stepped(event);
    const walk = this.walks.get(event.rid ?? -1);
    if (!walk) return [];
    switch (event.kind) {
      case 'Retokenized':
        walk.output.retokenized(event);
        walk.again++;
        walk.dropped += event.dropped_kv_tokens;
        return [];
      case 'JumpForward':
        walk.jumps++;
        this.move(walk, walk.output.jumped(event));
        return [this.cell(event.rid, walk)];
      case 'RequestFinished':
      case 'RequestAborted':
        walk.end = event.reason;
        this.move(walk, walk.output.finished(event.output_ids ?? []));
        return [this.cell(event.rid, walk)];
      default:
        return [];
    }
  }

  private constrained(event: Event): Cell[] {
    const cells: Cell[] = [];
    const place = JSON.stringify([event.form, event.source]);
    if (!this.known.has(place)) {
      const number = this.known.size;
      this.known.set(place, number);
      const machine = this.given.find(one => one.form === event.form && one.source === event.source && one.states === event.states);
      this.machines.push(machine);
      const value = [event.form, event.source, event.states, Boolean(machine), machine?.normal ?? NOTHING, machine?.compressed ?? NOTHING];
      cells.push({ table: 'machine', key: number, value });
    }
    if (event.rid >= 0) {
      const constraint = this.known.get(place)!;
      const walk = { constraint, machine: this.machines[constraint], output: new Output(this.vocab), way: [], read: [], jumps: 0, again: 0, dropped: 0, end: '' };
      this.walks.set(event.rid, walk);
      cells.push(this.cell(event.rid, walk));
    }
    return cells;
  }

  private stepped(event: Event): Cell[] {
    const cells: Cell[] = [];
    event.rids.forEach((rid: number, i: number) => {
      const walk = this.walks.get(rid);
      if (!walk || walk.end || event.token_ids[i] < 0) return;
      this.move(walk, walk.output.sampled(event.token_ids[i]));
      if (inTurn(rid, event)) cells.push(this.cell(rid, walk));
    });
    return cells;
  }

  // Walk on over the tokens behind the first `same`.
  private move({ machine, output, way, read }: Walk, same: number): void {
    if (!machine) return;
    way.length = same && same <= read.length ? read[same - 1] : 0;
    read.length = Math.min(read.length, same);
    let state = way.length ? way[way.length - 1][0] : machine.start;
    for (let i = read.length; i < output.tokens.length; i++) {
      for (const byte of this.vocab.bytes(output.tokens[i])) {
        const after = machine.next[state][machine.classes[byte]];
        if (after < 0) break; // a token that ends the text is no text
        state = after;
        way.push([state, output.forced[i]]);
      }
      read.push(way.length);
    }
  }

  private cell(rid: number, { constraint, machine, output, way, jumps, again, dropped, end }: Walk): Cell {
    const state = !machine ? -1 : way.length ? way[way.length - 1][0] : machine.start;
    const text = part(this.vocab.text(output.tokens), -MAX_TEXT);
    const jumped = output.jumpedTokens;
    const shown = way.length <= MAX_WAY ? way.map(([at, forced]) => [at, Number(forced)]) : [];
    return { table: 'walk', key: rid, value: [constraint, state, text, output.tokens.length - jumped, jumped, jumps, again, dropped, end, shown] };
  }
}
