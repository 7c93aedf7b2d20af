// Opens `.sgtrace` files with no kernel: reads, folds and plays them in the page, with the widgets' own player and panels.

import { ABCWidgetFactory, DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { addStyles, widgetModule } from './assets';
import { el, setText } from './dom';
import { treeIcon } from './icon';
import { Recording, recordingOf } from './trace/recording';
import { readTrace, textOf, Trace } from './trace/reader';

export const FILE_TYPE = 'sgtrace';
const MODULES = ['shell', 'store', 'tree_panel', 'stats_panel', 'timeline_panel', 'tokens_panel', 'fsm_panel'];
const STYLES = ['base', 'shell', 'radix_tree', 'tokens', 'dashboard'];
const HEIGHT = 320;

/** The body of a document: says what it does while it reads, then the dashboard, or why there is none. */
export class TraceView extends Widget {
  constructor(private context: DocumentRegistry.Context) {
    super();
    this.addClass('sgb-lab-viewer');
    this.node.append(this.notice);
    void context.ready.then(() => {
      void this.open();
      context.model.contentChanged.connect(() => void this.open());
    });
  }

  /** Resolves when the trace is shown. */
  get shown(): Promise<void> {
    return this._opening;
  }

  dispose(): void {
    this.clear();
    super.dispose();
  }

  protected onActivateRequest(_message: Message): void {
    this.node.querySelector<HTMLElement>('[tabindex]')?.focus({ preventScroll: true });
  }

  private open(): Promise<void> {
    const run = ++this.run;
    this._opening = this.showAll(run).catch(reason => {
      if (run !== this.run || this.isDisposed) return;
      this.clear();
      this.tell(reason instanceof Error ? reason.message : String(reason), true);
    });
    return this._opening;
  }

  private async showAll(run: number): Promise<void> {
    this.tell('Reading the trace …');
    addStyles(...STYLES);
    const modules = Promise.all(MODULES.map(widgetModule));
    const { text, damage } = await textOf(bytesOf(this.context.model.toString()));
    const trace = await readTrace(text, damage);
    this.tell(`Folding ${trace.events.length.toLocaleString('en-US')} events …`);
    const { recording, failure } = await recordingOf(trace);
    const loaded = await modules;
    if (run !== this.run || this.isDisposed) return;
    this.clear();
    this.tell('');
    this.draw(loaded, trace, recording, failure);
  }

  private draw([{ Shell }, { Store }, { TreePanel }, { StatsPanel }, { TimelinePanel }, { TokensPanel }, { FsmPanel }]: any[], trace: Trace, recording: Recording, failure: string): void {
    const values: Record<string, unknown> = {
      status: failure ? `this view stopped: ${failure}` : 'replay', note: trace.notes.join('; '), recording, height: HEIGHT, speed: 1, marks: 'request'
    };
    const model = { get: (name: string) => values[name], on() {}, off() {}, send() {} };
    const below = Math.round(HEIGHT * 0.87);
    const make = (shell: object) => [new TreePanel(shell, HEIGHT), new StatsPanel(shell, HEIGHT), new TimelinePanel(shell, below), new TokensPanel(shell, below), new FsmPanel(shell, below)];
    const store = new Store(model);
    const shell = new Shell(store, this.node, { name: 'Dashboard', title: titleOf(trace), make });
    this.end = () => {
      shell.dispose();
      store.dispose();
    };
  }

  private tell(words: string, failed = false): void {
    setText(this.notice, words);
    this.notice.classList.toggle('sgb-lab-hidden', !words);
    this.notice.classList.toggle('sgb-lab-failed', failed);
  }

  private clear(): void {
    this.end?.();
    this.end = null;
  }

  private notice = el('p', { class: 'sgb-lab-notice', role: 'status' });
  private end: (() => void) | null = null;
  private run = 0;
  private _opening: Promise<void> = Promise.resolve();
}

export class TraceFactory extends ABCWidgetFactory<DocumentWidget<TraceView>> {
  protected createNewWidget(context: DocumentRegistry.Context): DocumentWidget<TraceView> {
    const widget = new DocumentWidget({ content: new TraceView(context), context });
    widget.title.icon = treeIcon;
    widget.toolbar.hide(); // nothing is in it
    return widget;
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64.replace(/\s/g, '')), character => character.charCodeAt(0));
}

// What was recorded, in a few words.
function titleOf({ header }: Trace): string {
  const path = String(header.engine?.model_path ?? header.model?.name ?? '');
  const model = path === 'bundled' ? 'bundled model' : path.split('/').pop() ?? '';
  return [Object.keys(header.predicted ?? {}).length ? 'Trace (predicted)' : 'Trace', model].filter(Boolean).join(': ');
}
