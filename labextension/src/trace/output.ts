// What a request has written so far: the twin of sgbench/views/outputs.py, which says more.

import { Event } from './reader';
import { Vocab } from './text';

interface Jump {
  after: number;
  keep: number;
  tokens: number[];
  forced: boolean[];
}

/** The output tokens of a request, and which of them took no decode step; a jump waits for the token in front of it. */
export class Output {
  tokens: number[] = [];
  forced: boolean[] = [];
  private waiting: Jump[] = [];
  private replaced: number[] = [];

  constructor(private vocab: Vocab) {}

  get jumpedTokens(): number {
    return this.forced.filter(Boolean).length;
  }

  /** A step sampled a token; returns how many tokens in front stayed as they were. */
  sampled(token: number): number {
    this.tokens.push(token);
    this.forced.push(false);
    return this.settle(this.tokens.length - 1);
  }

  retokenized(event: Event): void {
    this.replaced = event.old_ids;
  }

  jumped(event: Event): number {
    const old = this.replaced;
    this.replaced = [];
    const sampled = old.reduce((sum, token) => sum + this.vocab.bytes(token).length, 0);
    let at = 0;
    const forced = event.token_ids.map((token: number) => {
      const behind = at >= sampled;
      at += this.vocab.bytes(token).length;
      return behind;
    });
    this.waiting.push({ after: event.position + old.length, keep: event.position, tokens: event.token_ids, forced });
    return this.settle(this.tokens.length);
  }

  /** The request ended, maybe before the event of its last step. */
  finished(ids: number[]): number {
    let same = 0;
    while (same < Math.min(this.tokens.length, ids.length) && this.tokens[same] === ids[same]) same++;
    const forced = new Set(this.waiting.flatMap(jump => jump.forced.flatMap((on, i) => (on ? [jump.keep + i] : []))));
    this.tokens = [...this.tokens.slice(0, same), ...ids.slice(same)];
    this.forced = [...this.forced.slice(0, same), ...ids.slice(same).map((_, i) => forced.has(same + i))];
    this.waiting = [];
    return same;
  }

  private settle(same: number): number {
    while (this.waiting.length && this.tokens.length >= this.waiting[0].after) {
      const jump = this.waiting.shift()!;
      same = Math.min(same, jump.keep);
      this.tokens = [...this.tokens.slice(0, jump.keep), ...jump.tokens];
      this.forced = [...this.forced.slice(0, jump.keep), ...jump.forced];
    }
    return same;
  }
}
