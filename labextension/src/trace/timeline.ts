// What ran when: the twin of sgbench/views/timeline.py, which says what the rows mean. A test holds the two together.

import { Cell, CellFold, Clock } from './cells';
import { Event } from './reader';

const STRETCH = { QUEUED: 0, PREFILL: 1, DECODE: 2 };

type Span = [kind: number, start: number, end: number, tokens: number, cached: number];

class Line {
  cached = -1;
  output = 0;
  firstMs = -1;
  endMs = -1;
  end = '';
  order = -1;
  preempted = 0;
  spans: Span[] = [];
  jumps: [number, number][] = [];

  constructor(readonly rid: number, readonly lane: number, private program: number, private branch: number, private prompt: number, private queuedMs: number) {}

  turn(kind: number, ms: number, tokens = 0, cached = 0): void {
    this.close(ms);
    this.spans.push([kind, ms, -1, tokens, cached]);
  }

  close(ms: number): void {
    const last = this.spans[this.spans.length - 1];
    if (last && last[2] < 0) last[2] = ms;
  }

  get cell(): Cell {
    const numbers = [this.lane, this.program, this.branch, this.prompt, this.cached, this.output, this.queuedMs, this.firstMs, this.endMs];
    const spans = this.spans.map(span => [...span]);
    return { table: 'request', key: this.rid, value: [...numbers, this.end, this.order, this.preempted, spans, [...this.jumps]] };
  }
}

export class TimelineFold implements CellFold {
  private requests = new Map<number, Line>();
  private steps = new Map<number, number[]>();
  private freeLanes: number[] = [];
  private lanes = 0;
  private prefilling = new Set<number>();
  private clock = new Clock();

  apply(event: Event): Cell[] {
    const ms = this.clock.ms(event);
    if (event.kind === 'StepPlanned') return this.planned(event, ms);
    if (event.kind === 'StepFinished') return this.stepped(event, ms);
    if (event.kind === 'RequestQueued') {
      const line = new Line(event.rid, this.lane(), event.program ?? -1, event.branch ?? -1, event.prompt_ids.length, ms);
      this.requests.set(event.rid, line);
      line.turn(STRETCH.QUEUED, ms);
      return [line.cell];
    }
    const line = this.requests.get(event.rid ?? -1);
    return line && this.changed(event, line, ms) ? [line.cell] : [];
  }

  private changed(event: Event, line: Line, ms: number): boolean {
    switch (event.kind) {
      case 'RequestAdmitted':
        if (line.cached < 0) line.cached = event.cached_tokens;
        line.turn(STRETCH.PREFILL, ms, event.prompt_tokens + line.output, event.cached_tokens + Math.min(event.cached_output_tokens ?? 0, line.output));
        this.prefilling.add(event.rid);
        return true;
      case 'RequestPreempted':
        line.output = event.output_tokens;
        line.preempted++;
        line.turn(STRETCH.QUEUED, ms);
        this.prefilling.delete(event.rid);
        return true;
      case 'JumpForward':
        line.jumps.push([ms, event.token_ids.length]);
        return true;
      case 'RequestFinished':
      case 'RequestAborted':
        line.output = (event.output_ids ?? []).length;
        line.end = event.reason;
        line.endMs = ms;
        if (line.firstMs < 0 && line.output) line.firstMs = ms; // the event of the step that sampled its only token is still to come
        line.close(ms);
        this.prefilling.delete(event.rid);
        this.freeLanes.push(line.lane);
        return true;
      default:
        return false;
    }
  }

  private planned(event: Event, ms: number): Cell[] {
    const tokens = event.prefill.reduce((sum: number, [, count]: [number, number]) => sum + count, 0);
    const line = [ms, -1, tokens, event.prefill.length, event.decode.length, event.waiting];
    this.steps.set(event.step, line);
    (event.order ?? []).forEach((rid: number, place: number) => {
      const request = this.requests.get(rid);
      if (request) request.order = place; // travels with the request's next change
    });
    return [{ table: 'step', key: event.step, value: line }];
  }

  private stepped(event: Event, ms: number): Cell[] {
    const cells: Cell[] = [];
    const line = this.steps.get(event.step);
    if (line) {
      const finished = [line[0], ms, ...line.slice(2)];
      this.steps.set(event.step, finished);
      cells.push({ table: 'step', key: event.step, value: finished });
    }
    event.rids.forEach((rid: number, i: number) => {
      const request = this.requests.get(rid);
      if (event.token_ids[i] < 0 || !request || !this.prefilling.delete(rid)) return;
      if (request.firstMs < 0) request.firstMs = ms;
      request.turn(STRETCH.DECODE, ms);
      cells.push(request.cell);
    });
    return cells;
  }

  // The lowest lane that is free.
  private lane(): number {
    if (!this.freeLanes.length) return this.lanes++;
    const lowest = Math.min(...this.freeLanes);
    this.freeLanes.splice(this.freeLanes.indexOf(lowest), 1);
    return lowest;
  }
}
