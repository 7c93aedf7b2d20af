// The KV pool as a bar: in use, cached and evictable, free.

import { el, setText } from './dom';
import { count, percent, State } from './state';

const PARTS = ['used', 'cached', 'free'] as const;
const WORDS = { used: 'in use', cached: 'cached', free: 'free' };

export class PoolBar {
  readonly element: HTMLElement;

  constructor() {
    this.element = el('div', { class: 'sgb-lab-pool' }, this.bar, el('div', { class: 'sgb-lab-keys' }, ...PARTS.map(name => this.keys[name].element)));
  }

  /** Show what the pool holds. */
  tell({ total, used, cached }: NonNullable<State['pool']>): void {
    const values = { used, cached, free: Math.max(0, total - used - cached) };
    for (const name of PARTS) {
      this.parts[name].style.flexGrow = String(values[name]);
      this.parts[name].style.minWidth = values[name] ? '2px' : '0';
      setText(this.keys[name].value, count(values[name]));
    }
    const share = total ? (used + cached) / total : 0;
    this.bar.setAttribute('aria-label', `${percent(share)} of ${count(total)} tokens: ${count(used)} in use, ${count(cached)} cached`);
  }

  private parts = each(name => el('div', { class: `sgb-lab-part sgb-lab-part-${name}` }));
  private bar = el('div', { class: 'sgb-lab-bar', role: 'img' }, ...PARTS.map(name => this.parts[name]));
  private keys = each(name => {
    const value = el('b');
    return { value, element: el('span', {}, el('i', { class: `sgb-lab-swatch sgb-lab-part-${name}` }), value, ` ${WORDS[name]}`) };
  });
}

function each<T>(make: (name: (typeof PARTS)[number]) => T): Record<(typeof PARTS)[number], T> {
  return { used: make('used'), cached: make('cached'), free: make('free') };
}
