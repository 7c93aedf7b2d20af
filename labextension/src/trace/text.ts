// Texts of tokens, as sgbench/trace/vocab.py and sgbench/views/frames.py have them. Lengths are in characters (code points).

export const HEAD_CHARS = 180;
export const TAIL_CHARS = 60;

const PAIR = /[\ud800-\udbff][\udc00-\udfff]/g;
const ESCAPED = /(?<![\ud800-\udbff])[\udc80-\udcff]/; // a byte that is no character of its own, as a lone surrogate

/** Characters of a text. */
export function size(text: string): number {
  return text.length - (text.match(PAIR)?.length ?? 0);
}

/** The first, or with a negative number the last, characters of a text. */
export function part(text: string, characters: number): string {
  if (text.length <= Math.abs(characters)) return text;
  const points = [...text];
  return (characters < 0 ? points.slice(characters) : points.slice(0, characters)).join('');
}

/** The bytes of a text in which lone surrogates stand for bytes. */
export function bytesOf(text: string): Uint8Array {
  const encoder = new TextEncoder();
  if (!ESCAPED.test(text)) return encoder.encode(text);
  const bytes: number[] = [];
  for (const point of text) {
    const code = point.charCodeAt(0);
    if (point.length === 1 && code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else bytes.push(...encoder.encode(point));
  }
  return Uint8Array.from(bytes);
}

/** `text` with the escapes joined to characters where they make some, U+FFFD where not. */
export function readable(text: string): string {
  return ESCAPED.test(text) ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytesOf(text)) : text;
}

export class Vocab {
  constructor(private texts: Map<number, string>) {}

  /** A token's own text, with escapes. */
  of(token: number): string {
    return this.texts.get(token) ?? `‹${token}›`;
  }

  /** The readable text of a run of tokens. */
  text(tokens: number[]): string {
    return readable(tokens.map(token => this.of(token)).join(''));
  }

  bytes(token: number): Uint8Array {
    return bytesOf(this.of(token));
  }

  /** The text of a run of tokens; a long one keeps its head and tail. */
  preview(tokens: number[]): string {
    if (tokens.length > HEAD_CHARS + TAIL_CHARS) {
      const head = part(this.text(tokens.slice(0, HEAD_CHARS)), HEAD_CHARS);
      return `${head} … ${part(this.text(tokens.slice(-TAIL_CHARS)), -TAIL_CHARS)}`;
    }
    const text = this.text(tokens);
    return size(text) <= HEAD_CHARS + TAIL_CHARS + 3 ? text : `${part(text, HEAD_CHARS)} … ${part(text, -TAIL_CHARS)}`;
  }
}
