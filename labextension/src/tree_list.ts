// The radix tree in small: an outline, a line for each node, as wide as its tokens are many.

import { el, setText } from './dom';
import { count, Row } from './state';

const MARKS = ['', 'new', 'accessed'];
const SIGNS = ['', '+', '◉'];

export class TreeList {
  readonly element = el('div', { class: 'sgb-lab-tree', role: 'tree', 'aria-label': 'Radix tree' });

  /** Show these rows; a node that stays keeps its element. */
  show(rows: Row[]): void {
    const most = rows.reduce((sum, row) => Math.max(sum, row[2]), 1);
    const kept = new Map<number, HTMLElement>();
    rows.forEach((row, place) => {
      const line = this.lines.get(row[0]) ?? newLine();
      fill(line, row, most);
      kept.set(row[0], line);
      if (this.element.children[place] !== line) this.element.insertBefore(line, this.element.children[place] ?? null);
    });
    while (this.element.children.length > rows.length) this.element.lastElementChild!.remove();
    this.lines = kept;
    this.element.classList.toggle('sgb-lab-none', !rows.length);
  }

  private lines = new Map<number, HTMLElement>();
}

function newLine(): HTMLElement {
  return el('div', { class: 'sgb-lab-node', role: 'treeitem' },
    el('i', { class: 'sgb-lab-weight' }), el('span', { class: 'sgb-lab-sign' }), el('span', { class: 'sgb-lab-text' }), el('span', { class: 'sgb-lab-tokens' }));
}

function fill(line: HTMLElement, [, depth, tokens, locks, mark, text, hidden]: Row, most: number): void {
  const [weight, sign, words, number] = [...line.children] as HTMLElement[];
  const plain = text.trim() ? text.replace(/\s+/g, ' ') : '␣';
  line.style.setProperty('--sgb-depth', String(depth));
  line.setAttribute('aria-level', String(depth + 1));
  line.dataset.mark = MARKS[mark] ?? '';
  line.classList.toggle('sgb-lab-locked', locks > 0);
  line.classList.toggle('sgb-lab-counted', hidden > 0);
  weight.style.width = `${Math.max(2, (100 * Math.log2(1 + tokens)) / Math.log2(1 + most))}%`;
  setText(sign, SIGNS[mark] ?? '');
  setText(words, hidden ? `${count(hidden)} more` : plain);
  setText(number, count(tokens));
  line.title = [hidden ? `${count(hidden)} nodes` : text, `${count(tokens)} tokens`, mark ? MARKS[mark] : '', locks ? `locked by ${locks}` : ''].filter(Boolean).join('\n');
}
