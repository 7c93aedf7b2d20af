// The side panel: the engine of the notebook in focus. Draws what `Focus` has; all text is set as text.

import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { el, setText } from './dom';
import { Focus } from './focus';
import { PoolBar } from './pool_bar';
import { count, kvShare, percent, State } from './state';
import { TreeList } from './tree_list';

const HINTS = {
  notebook: 'Open a notebook: its engine shows here.',
  kernel: 'This notebook has no kernel.',
  loaded: 'sgbench is not loaded in this kernel.',
  none: 'No engine runs yet. The first %%sgl cell starts one.',
  remote: 'Cells run on a server: what it caches is not seen from here.'
};

export class EnginePanel extends Widget {
  constructor(private focus: Focus) {
    super();
    this.addClass('sgb-lab-panel');
    this.build();
    focus.changed.connect(this.update, this);
  }

  protected onAfterShow(_message: Message): void {
    this.focus.shown = true;
  }

  protected onAfterHide(_message: Message): void {
    this.focus.shown = false;
  }

  protected onAfterAttach(_message: Message): void {
    this.focus.shown = this.isVisible;
  }

  protected onBeforeDetach(_message: Message): void {
    this.focus.shown = false;
  }

  private build(): void {
    const figure = (word: string) => {
      const value = el('b', { text: '0' });
      return { value, element: el('div', { class: 'sgb-lab-figure' }, value, el('span', { text: word })) };
    };
    [this.running, this.waiting, this.finished] = ['running', 'waiting', 'finished'].map(figure);
    this.loadButton = el('button', { type: 'button', class: 'jp-mod-styled jp-mod-accept sgb-lab-load', text: 'Load sgbench' }) as HTMLButtonElement;
    this.loadButton.addEventListener('click', () => void this.load());
    this.empty = el('div', { class: 'sgb-lab-empty' }, this.hint, this.loadButton);
    this.body = el(
      'div',
      { class: 'sgb-lab-body' },
      el('section', { class: 'sgb-lab-section' }, el('div', { class: 'sgb-lab-rate' }, this.rate, el('span', { text: 'hit rate' })), this.rateWords),
      el('section', { class: 'sgb-lab-section' }, el('h3', { text: 'KV cache' }, this.poolWords), this.pool.element),
      el('section', { class: 'sgb-lab-section' }, el('h3', { text: 'Requests' }),
        el('div', { class: 'sgb-lab-figures' }, ...[this.running, this.waiting, this.finished].map(one => one.element))),
      this.treeSection
    );
    this.root = el(
      'div',
      { class: 'sgb-root sgb-lab-root', 'data-sgb-panel': 'engine' },
      el('header', { class: 'sgb-lab-head' }, this.engine, this.device, this.where),
      this.empty,
      this.body
    );
    this.node.append(this.root);
  }

  private async load(): Promise<void> {
    const link = this.focus.link;
    if (!link) return;
    this.loadButton.disabled = true;
    const failure = await link.load();
    this.loadButton.disabled = false;
    if (failure) setText(this.hint, failure);
  }

  protected onUpdateRequest(_message: Message): void {
    const { link, notebook } = this.focus;
    const state = link?.state ?? null;
    const shows = Boolean(state?.stats);
    const hint = !notebook ? 'notebook' : !link ? 'kernel' : !state ? 'loaded' : !state.engine ? 'none' : 'remote';
    this.empty.classList.toggle('sgb-lab-hidden', shows);
    this.body.classList.toggle('sgb-lab-hidden', !shows);
    this.loadButton.classList.toggle('sgb-lab-hidden', shows || hint !== 'loaded');
    if (!shows) setText(this.hint, HINTS[hint]);
    setText(this.engine, state?.engine?.model ?? 'No engine');
    setText(this.device, state?.engine?.device ?? '');
    this.device.classList.toggle('sgb-lab-hidden', !state?.engine?.device);
    setText(this.where, notebook?.title.label ?? '');
    this.root.dataset.sgbState = shows ? 'engine' : hint;
    if (state && shows) this.tell(state);
  }

  private tell(state: State): void {
    const stats = state.stats!;
    setText(this.rate, stats.prompt_tokens ? percent(stats.hit_rate) : '–');
    setText(this.rateWords, stats.prompt_tokens ? `${count(stats.cached_tokens)} of ${count(stats.prompt_tokens)} prompt tokens found in the cache` : 'no request yet');
    this.pool.tell(state.pool!);
    setText(this.poolWords, `${percent(kvShare(state))} of ${count(state.pool!.total)} tokens`);
    setText(this.running.value, count(stats.running));
    setText(this.waiting.value, count(stats.waiting));
    setText(this.finished.value, count(stats.finished));
    this.running.element.classList.toggle('sgb-lab-on', stats.running > 0);
    this.treeSection.classList.toggle('sgb-lab-hidden', !state.tree);
    if (state.tree) {
      const { nodes, tokens } = state.tree;
      setText(this.treeWords, `${count(nodes)} node${nodes === 1 ? '' : 's'}, ${count(tokens)} tokens`);
      this.tree.show(state.tree.rows);
    }
  }

  private root!: HTMLElement;
  private body!: HTMLElement;
  private empty!: HTMLElement;
  private loadButton!: HTMLButtonElement;
  private running!: { value: HTMLElement; element: HTMLElement };
  private waiting!: { value: HTMLElement; element: HTMLElement };
  private finished!: { value: HTMLElement; element: HTMLElement };
  private hint = el('p', { class: 'sgb-lab-hint' });
  private engine = el('span', { class: 'sgb-lab-engine' });
  private device = el('span', { class: 'sgb-lab-device' });
  private where = el('span', { class: 'sgb-lab-where' });
  private rate = el('b');
  private rateWords = el('p', { class: 'sgb-lab-words' });
  private pool = new PoolBar();
  private poolWords = el('span', { class: 'sgb-lab-words' });
  private tree = new TreeList();
  private treeWords = el('span', { class: 'sgb-lab-words' });
  private treeSection = el('section', { class: 'sgb-lab-section' }, el('h3', { text: 'Radix tree' }, this.treeWords), this.tree.element);
}
