// What the kernel says of its engine (sgbench/kernel_ext/glance.py writes it), and the words for it. No DOM.

export interface Stats {
  hit_rate: number;
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  forward_passes: number;
  evicted_tokens: number;
  finished: number;
  running: number;
  waiting: number;
}

/** `[id, depth, tokens, locks, mark, text, hidden]`; hidden is 0, or how many nodes the row stands for. */
export type Row = [number, number, number, number, number, string, number];

export interface Tree {
  nodes: number;
  tokens: number;
  rows: Row[];
}

export interface State {
  version: string;
  engine: { model: string; device: string; remote: boolean } | null;
  stats: Stats | null;
  pool: { total: number; used: number; cached: number } | null;
  tree?: Tree | null;
}

/** Does a cell load sgbench's extension, or use it? */
export function loadsSgbench(code: string): boolean {
  return /load_ext\w*\W+(?:\w+\W+)?sgbench\b|^\s*%%?sgl\b/m.test(code);
}

export const percent = (share: number): string => `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;

export const count = (value: number): string => value.toLocaleString('en-US');

/** The share of the pool that is not free. */
export function kvShare(state: State): number {
  const pool = state.pool;
  return pool && pool.total > 0 ? (pool.used + pool.cached) / pool.total : 0;
}

/** The status bar's words; none while there is no engine. */
export function statusWords(state: State | null): string {
  if (!state?.stats || !state.pool) return '';
  const asked = state.stats.prompt_tokens > 0;
  return `sgl ${asked ? `${percent(state.stats.hit_rate)} hits` : 'idle'} · KV ${percent(kvShare(state))}`;
}

/** The status bar's longer words. */
export function statusTitle(state: State | null): string {
  if (!state?.stats || !state.pool || !state.engine) return '';
  const { stats, pool, engine } = state;
  return [
    `${engine.model} on ${engine.device}`,
    `${count(stats.cached_tokens)} of ${count(stats.prompt_tokens)} prompt tokens found in the cache`,
    `KV: ${count(pool.used)} in use, ${count(pool.cached)} cached, of ${count(pool.total)} tokens`,
    `${count(stats.running)} running, ${count(stats.waiting)} waiting, ${count(stats.finished)} finished`,
    'Click to open the panel'
  ].join('\n');
}
