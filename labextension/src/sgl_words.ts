// What a `%%sgl` cell says in the language: where its words stand, strings and comments left out. No editor, no DOM.

export type Kind = 'magic' | 'name' | 'option' | 'gen' | 'select' | 'role' | 'fork';

export interface Word {
  from: number;
  to: number;
  kind: Kind;
}

const WORDS = new Map<string, Kind>([
  ...['gen', 'gen_int', 'gen_string', 'separate_reasoning'].map(name => [name, 'gen'] as const),
  ['select', 'select'],
  ...['system', 'user', 'assistant'].flatMap(role => [role, `${role}_begin`, `${role}_end`]).map(name => [name, 'role'] as const),
  ['image', 'role'],
  ['video', 'role']
]);

const HEAD = /^%%sgl(?=\s|$)[^\n]*/;
// A comment; a string with its prefix, one line or three quotes, closed or not; a name; anything else, a character at a time.
const TOKEN = /#[^\n]*|(?:\b[rbfutRBFUT]{1,2})?(?:"""(?:\\[^]|(?!""")[^])*(?:"""|$)|'''(?:\\[^]|(?!''')[^])*(?:'''|$)|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?)|[\p{L}_][\p{L}\p{N}_]*|[^]/gu;

export const isSgl = (text: string): boolean => HEAD.test(text);

/** The words of the language in a cell, in order; none in a cell that is no `%%sgl` cell. */
export function sglWords(text: string): Word[] {
  const head = HEAD.exec(text)?.[0];
  return head === undefined ? [] : [...headWords(head), ...bodyWords(text, head.length)];
}

function headWords(line: string): Word[] {
  const words: Word[] = [{ from: 0, to: 5, kind: 'magic' }];
  const name = /^%%sgl\s+([\p{L}_][\p{L}\p{N}_]*)(?=\s|$)/u.exec(line);
  if (name) words.push({ from: name[0].length - name[1].length, to: name[0].length, kind: 'name' });
  const options = /"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|(?<=\s)--[a-z][a-z-]*/g;
  for (const { 0: option, index } of line.matchAll(options)) {
    if (option.startsWith('--')) words.push({ from: index, to: index + option.length, kind: 'option' });
  }
  return words;
}

function bodyWords(text: string, start: number): Word[] {
  const words: Word[] = [];
  let [before, last] = ['', '']; // the two tokens before this one, blanks left out
  TOKEN.lastIndex = start;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const token = match[0];
    const to = match.index + token.length;
    if (/^\s$/.test(token)) continue;
    const kind = kindOf(token, last, before);
    if (kind && /^[ \t]*\(/.test(text.slice(to))) words.push({ from: match.index, to, kind });
    [before, last] = [last, token];
  }
  return words;
}

// A call by name, of the module (`sgl.gen`) or of a state (`s.user`, `s.fork`); neither a definition nor another object's method.
function kindOf(token: string, last: string, before: string): Kind | undefined {
  if (last === 'def' || last === 'class') return undefined;
  if (last !== '.') return WORDS.get(token);
  if (token === 'fork') return 'fork';
  const kind = WORDS.get(token);
  return before === 'sgl' || (kind === 'role' && before === 's') ? kind : undefined;
}
