// The status bar's item: hit rate and KV, nothing while there is no engine.

import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { Focus } from './focus';
import { statusTitle, statusWords } from './state';

export class StatusItem extends Widget {
  constructor(private focus: Focus, open: () => void) {
    super({ node: document.createElement('button') });
    this.addClass('sgb-lab-status');
    (this.node as HTMLButtonElement).type = 'button';
    this.node.addEventListener('click', open);
    focus.changed.connect(this.update, this);
    this.update();
  }

  protected onUpdateRequest(_message: Message): void {
    const state = this.focus.link?.state ?? null;
    const words = statusWords(state);
    this.node.textContent = words;
    this.node.title = statusTitle(state);
    this.node.classList.toggle('sgb-lab-hidden', !words);
  }
}
