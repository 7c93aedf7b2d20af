// Is the cache working: the twin of sgbench/views/stats.py, which says what the rows mean. A test holds the two together.

import { Cell, CellFold, Clock } from './cells';
import { Event } from './reader';
import { Requests } from './tree';

export class StatsFold implements CellFold {
  private admitted = new Set<number>();
  private prompt = 0;
  private cached = 0;
  private evicted = 0;
  private requests = new Requests();
  private clock = new Clock();

  apply(event: Event): Cell[] {
    const ms = this.clock.ms(event);
    this.requests.apply(event);
    if (event.kind === 'NodeEvicted') this.evicted += event.length_tokens;
    if (event.kind === 'RequestAdmitted' && !this.admitted.has(event.rid)) {
      this.admitted.add(event.rid);
      this.prompt += event.prompt_tokens;
      this.cached += event.cached_tokens;
      return [{ table: 'hit', key: event.rid, value: [ms, event.prompt_tokens, event.cached_tokens] }];
    }
    if (event.kind !== 'StepFinished') return [];
    const pool = [event.free_tokens, event.cached_tokens, event.used_tokens, this.requests.running.size, this.requests.waiting.size];
    return [{ table: 'pool', key: event.step, value: [ms, ...pool, this.evicted, this.prompt, this.cached] }];
  }
}
