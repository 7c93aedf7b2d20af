// Where did each token come from: the twin of sgbench/views/tokens.py, which says what the rows mean. A test holds them together.

import { Cell, CellFold, Clock, hundredths, inTurn } from './cells';
import { Output } from './output';
import { Event } from './reader';
import { part, size, Vocab } from './text';

const TAIL_TOKENS = 32;

type Piece = [origin: string, characters: number];

interface Span {
  origin: string;
  text: string;
  name: string;
  pieces: Piece[];
  call: number[];
  tokens: [number, number][];
}

class Branch {
  at = 0;
  before = '';
  own = '';
  read = 0;
  joined = '';
  spans: Span[] = [];

  constructor(readonly program: number, readonly number: number, readonly parent = -1) {}

  get text(): string {
    return this.before + this.own;
  }

  get cell(): Cell {
    return { table: 'branch', key: `${this.program}.${this.number}`, value: [this.program, this.number, this.parent, this.at, this.joined] };
  }

  spanCell(index: number): Cell {
    const { origin, text, name, pieces, call, tokens } = this.spans[index];
    return {
      table: 'span',
      key: `${this.program}.${this.number}.${index}`,
      value: [this.program, this.number, index, origin, text, name, pieces.map(one => [...one]), [...call], tokens.map(one => [...one])]
    };
  }
}

class Request {
  firstMs = -1;
  endMs = -1;
  cached = -1;
  output = 0;
  unread: [number, number][] = [];

  constructor(readonly program: number, readonly branch: number, readonly prompt: number[], private queuedMs: number, readonly written: Output) {}

  take(characters: number): [number, number][] {
    const taken: [number, number][] = [];
    while (characters > 0 && this.unread.length) {
      let [length, logprob] = this.unread.shift()!;
      if (length > characters) {
        this.unread.unshift([length - characters, logprob]);
        length = characters;
      }
      taken.push([length, logprob]);
      characters -= length;
    }
    return taken;
  }

  call(rid: number, now: number): number[] {
    const until = this.endMs >= 0 ? this.endMs : now;
    const first = this.firstMs >= 0 ? hundredths(this.firstMs - this.queuedMs) : -1;
    return [rid, hundredths(until - this.queuedMs), first, this.prompt.length, Math.max(this.cached, 0), this.output];
  }
}

export class TokensFold implements CellFold {
  private programs = new Map<number, [string, string]>();
  private branches = new Map<string, Branch>();
  private requests = new Map<number, Request>();
  private clock = new Clock();

  constructor(private vocab: Vocab) {}

  apply(event: Event): Cell[] {
    const ms = this.clock.ms(event);
    const request = this.requests.get(event.rid ?? -1);
    switch (event.kind) {
      case 'ProgramStarted':
      case 'ProgramFinished':
        return [this.program(event)];
      case 'BranchForked':
        return this.forked(event);
      case 'BranchJoined':
        return event.branches.map((number: number) => {
          const branch = this.branch(event.program, number);
          branch.joined = event.mode;
          return branch.cell;
        });
      case 'SpanAppended':
        return this.appended(event, ms);
      case 'RequestQueued':
        if ((event.program ?? -1) >= 0) this.requests.set(event.rid, new Request(event.program, event.branch ?? -1, event.prompt_ids, ms, new Output(this.vocab)));
        return [];
      case 'StepFinished':
        return this.stepped(event, ms);
    }
    return request ? this.ofRequest(event, request, ms) : [];
  }

  private ofRequest(event: Event, request: Request, ms: number): Cell[] {
    switch (event.kind) {
      case 'RequestAdmitted':
        return this.admitted(event, request);
      case 'Retokenized':
        request.written.retokenized(event);
        return [];
      case 'JumpForward':
        request.written.jumped(event);
        return [this.tail(event.rid, request)];
      case 'RequestFinished':
      case 'RequestAborted':
        this.ended(request, event, ms);
        return [{ table: 'tail', key: event.rid, value: [] }];
      default:
        return [];
    }
  }

  private program(event: Event): Cell {
    const known = this.programs.get(event.program);
    const value: [string, string] = event.kind === 'ProgramStarted' ? [event.name, 'runs'] : [known?.[0] ?? '', event.error || 'done'];
    this.programs.set(event.program, value);
    return { table: 'program', key: event.program, value: [...value] };
  }

  private branch(program: number, number: number): Branch {
    const key = `${program}.${number}`;
    if (!this.branches.has(key)) this.branches.set(key, new Branch(program, number));
    return this.branches.get(key)!;
  }

  private forked(event: Event): Cell[] {
    const parent = this.branch(event.program, event.parent);
    return event.branches.map((number: number) => {
      const branch = new Branch(event.program, number, event.parent);
      branch.at = parent.spans.length;
      branch.before = parent.text;
      this.branches.set(`${event.program}.${number}`, branch);
      return branch.cell;
    });
  }

  private appended(event: Event, ms: number): Cell[] {
    const known = this.branches.has(`${event.program}.${event.branch}`);
    const branch = this.branch(event.program, event.branch);
    const request = this.requests.get(event.rid ?? -1);
    const characters = size(event.text);
    const span: Span = {
      origin: event.origin, text: event.text, name: event.name ?? '', pieces: [[event.origin, characters]],
      call: request ? request.call(event.rid, ms) : [], tokens: []
    };
    if (request && (event.origin === 'decoded' || event.origin === 'jumped')) span.tokens = request.take(characters);
    branch.spans.push(span);
    branch.own += event.text;
    return [...(known ? [] : [branch.cell]), branch.spanCell(branch.spans.length - 1)];
  }

  // The first request that reads a template's text tells where it came from.
  private admitted(event: Event, request: Request): Cell[] {
    if (request.cached >= 0) return []; // after a preemption it finds what it computed itself
    request.cached = event.cached_tokens;
    const branch = this.branches.get(`${request.program}.${request.branch}`);
    if (!branch) return [];
    // A tokenizer may put text before the prompt's own; a choice may stand behind it.
    const prompt = this.vocab.text(request.prompt);
    const offset = size(prompt.slice(0, Math.max(prompt.indexOf(part(branch.text, 64)), 0)));
    const cached = size(this.vocab.text(request.prompt.slice(0, event.cached_tokens))) - offset;
    return this.read(branch, cached, size(prompt) - offset);
  }

  // Characters up to `until` of the whole text are read now, those up to `cached` from the cache.
  private read(branch: Branch, cached: number, until: number): Cell[] {
    const before = size(branch.before);
    const cells = branch.parent >= 0 ? this.read(this.branch(branch.program, branch.parent), cached, Math.min(until, before)) : [];
    const read = branch.read;
    let start = 0;
    branch.read = Math.max(read, Math.min(until - before, size(branch.own)));
    branch.spans.forEach((span, i) => {
      const characters = size(span.text);
      if (span.origin === 'template' && start >= read && start + characters <= branch.read) {
        const found = Math.min(Math.max(cached - before - start, 0), characters);
        const pieces: Piece[] = [['cached', found], ['prefilled', characters - found]];
        span.pieces = pieces.filter(piece => piece[1]);
        cells.push(branch.spanCell(i));
      }
      start += characters;
    });
    return cells;
  }

  private stepped(event: Event, ms: number): Cell[] {
    const cells: Cell[] = [];
    event.rids.forEach((rid: number, i: number) => {
      const request = this.requests.get(rid);
      const token = event.token_ids[i];
      if (!request || token < 0 || request.endMs >= 0) return;
      if (request.firstMs < 0) request.firstMs = ms;
      request.written.sampled(token);
      if (inTurn(rid, event)) cells.push(this.tail(rid, request));
    });
    return cells;
  }

  private ended(request: Request, event: Event, ms: number): void {
    const ids: number[] = event.output_ids ?? [];
    request.endMs = ms;
    request.output = ids.length;
    if (event.kind === 'RequestFinished') request.unread = this.spelled(ids, event.output_logprobs ?? []);
    if (request.firstMs < 0 && ids.length) request.firstMs = ms; // the event of the step that sampled its only token is still to come
  }

  // Characters and logprob of each token of an answer.
  private spelled(ids: number[], logprobs: number[]): [number, number][] {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    return ids.slice(0, logprobs.length).map((id, i) => [size(decoder.decode(this.vocab.bytes(id), { stream: true })), Number(logprobs[i].toFixed(4))]);
  }

  private tail(rid: number, request: Request): Cell {
    return { table: 'tail', key: rid, value: [request.program, request.branch, this.vocab.text(request.written.tokens.slice(-TAIL_TOKENS))] };
  }
}
