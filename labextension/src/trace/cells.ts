// What the views that are tables have in common: rows that are set as a whole, and the clock.

import { Event } from './reader';

/** The row `key` of `table` is `value` from now on; empty: it is gone. */
export interface Cell {
  table: string;
  key: number | string;
  value: unknown[];
}

export interface CellFold {
  apply(event: Event): Cell[];
}

/** To a hundredth; a tie goes to the even digit, as in Python. */
export function hundredths(value: number): number {
  const eighths = value * 8;
  if (!Number.isInteger(eighths) || eighths % 2 === 0) return Number(value.toFixed(2));
  const below = Math.floor(value * 100);
  return (below % 2 === 0 ? below : below + 1) / 100;
}

const MOST_IN_A_STEP = 8;

/** Does the text of request `rid` travel with this step? Of a large batch some do each time, in turn. */
export function inTurn(rid: number, step: Event): boolean {
  return (rid + (step.step ?? -1)) % Math.ceil(step.rids.length / MOST_IN_A_STEP) === 0;
}

/** Milliseconds since the first event. */
export class Clock {
  private start: number | null = null;

  ms(event: Event): number {
    this.start ??= event.t_ns;
    return hundredths((event.t_ns - this.start) / 1e6);
  }
}
