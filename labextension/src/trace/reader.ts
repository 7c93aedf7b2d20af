// Reads a `.sgtrace` file (sgbench/trace/file.py says what is in it), whole or the good part of a damaged one. Runs nothing of it.

import { KINDS } from './kinds';
import { MachineData } from './machines';
import { Vocab } from './text';

/** An event as it stands in the file: `kind`, `seq`, `step`, `t_ns`, and its own fields, those with the default value left out. */
export type Event = Record<string, any> & { kind: string; seq: number; step: number; t_ns: number };

export interface Trace {
  header: Record<string, any>;
  events: Event[];
  vocab: Vocab;
  /** Of constraints; a file may have been written without them. */
  machines: MachineData[];
  /** What is missing, or not shown. */
  notes: string[];
}

export const MAX_EVENTS = 400_000;
const VERSION = 1;
const BATCH_MS = 24; // then the page has its turn
const KNOWN = new Set(KINDS.slice(0, -1)); // the last stands for the others

/** The text of a trace file's bytes, unpacked if they are packed. Bytes that are cut short give what came before, and say so. */
export async function textOf(bytes: Uint8Array): Promise<{ text: string; damage: string }> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { text: new TextDecoder().decode(bytes), damage: '' };
  const reader = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += decoder.decode(piece.value, { stream: true });
  } catch (reason) {
    return { text, damage: `the file is damaged or cut short (${reason instanceof Error ? reason.message : String(reason)})` };
  }
  return { text: text + decoder.decode(), damage: '' };
}

/** The trace in a text; throws an Error with a sentence for the reader when there is nothing to show. */
export async function readTrace(text: string, damage = '', maxEvents = MAX_EVENTS): Promise<Trace> {
  const header = headerOf(text.slice(0, lineEnd(text, 0)));
  const texts = new Map<number, string>();
  const events: Event[] = [];
  const machines: MachineData[] = [];
  const unknown = new Map<string, number>();
  const notes: string[] = header.sgtrace > VERSION ? [`the trace is of version ${header.sgtrace}, this sgbench reads up to ${VERSION} and shows what it knows`] : [];
  let turn = performance.now();
  let number = 1;
  for (let at = lineEnd(text, 0) + 1; at < text.length; at = lineEnd(text, at) + 1) {
    number++;
    const line = text.slice(at, lineEnd(text, at));
    if (!line.trim()) continue;
    if (events.length >= maxEvents) {
      notes.push(`only the first ${maxEvents.toLocaleString('en-US')} events are here: sgbench.Trace.load(path) reads all`);
      break;
    }
    try {
      take(JSON.parse(line));
    } catch (reason) {
      notes.push(`line ${number}: ${damage || (reason instanceof Error ? reason.message : String(reason))}; the ${events.length.toLocaleString('en-US')} events before it are here`);
      damage = '';
      break;
    }
    if (performance.now() - turn > BATCH_MS) {
      await new Promise(resolve => setTimeout(resolve));
      turn = performance.now();
    }
  }
  if (damage) notes.push(`${damage}; the ${events.length.toLocaleString('en-US')} events before it are here`);
  if (!events.length) throw new Error(notes.join('; ') || 'The trace holds no event.');
  if (unknown.size) notes.push(`lines of kinds that this sgbench does not know (${[...unknown.keys()].slice(0, 5).join(', ')}) are not shown`);
  return { header, events, vocab: new Vocab(texts), machines, notes };

  function take(data: Event & { tokens?: Record<string, string> }): void {
    if (data.kind === 'vocab') for (const [id, token] of Object.entries(data.tokens ?? {})) texts.set(Number(id), String(token));
    else if (data.kind === 'machine') takeMachine(data);
    else if (KNOWN.has(data.kind)) events.push(data);
    else unknown.set(String(data.kind), (unknown.get(String(data.kind)) ?? 0) + 1);
  }

  function takeMachine(data: Record<string, any>): void {
    if (isMachine(data)) machines.push(data as MachineData);
    else notes.push(`line ${number}: the machine of a constraint is damaged and not shown`);
  }
}

// Can it be walked and drawn?
function isMachine(data: Record<string, any>): boolean {
  const { states, start, classes, next, normal, compressed } = data;
  const inside = (state: unknown) => Number.isInteger(state) && (state as number) < states;
  const rows = Array.isArray(next) && next.length >= states && next.every(row => Array.isArray(row) && row.every(inside));
  return rows && inside(start) && start >= 0 && classes?.length === 256 && isPlaced(normal) && isPlaced(compressed);
}

function isPlaced(data: any): boolean {
  if (data?.length !== 4 || !Array.isArray(data[0]) || !Array.isArray(data[1])) return false;
  const nodes = new Set(data[0].map((node: any) => node?.[0]));
  const placed = data[0].every((node: any) => Number.isFinite(node?.[1]) && Number.isFinite(node?.[2]));
  return placed && data[1].every((edge: any) => nodes.has(edge?.[0]) && nodes.has(edge?.[1]) && typeof edge?.[2] === 'string');
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function headerOf(line: string): Record<string, any> {
  let header: any = null;
  try {
    header = JSON.parse(line);
  } catch {
    // Told below: whatever stands there, it is no header.
  }
  if (!Number.isInteger(header?.sgtrace) || header.sgtrace < 1) throw new Error('This is no sgbench trace: its first line must hold "sgtrace".');
  return header;
}
