// The engine of the notebook in focus: which link counts, and who watches it. No DOM.

import { ISessionContext } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Kernel } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';
import { KernelLink } from './link';

export class Focus {
  constructor(private tracker: INotebookTracker) {
    tracker.widgetAdded.connect((_, panel) => this.attach(panel));
    tracker.forEach(panel => this.attach(panel));
    tracker.currentChanged.connect(() => this.update());
    document.addEventListener('visibilitychange', () => this.update());
    this.update();
  }

  /** The link to the kernel of the notebook in focus; null without one. */
  get link(): KernelLink | null {
    return this._link;
  }

  /** The notebook in focus. */
  get notebook(): NotebookPanel | null {
    return this.tracker.currentWidget;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Is the panel to be seen? */
  set shown(on: boolean) {
    this._shown = on;
    this.update();
  }

  private attach(panel: NotebookPanel): void {
    const context: ISessionContext = panel.sessionContext;
    const connect = () => {
      this.linkOf(context.session?.kernel ?? null);
      this.update();
    };
    context.kernelChanged.connect(connect);
    connect();
  }

  private linkOf(kernel: Kernel.IKernelConnection | null): KernelLink | null {
    if (!kernel || kernel.isDisposed) return null;
    let link = this._links.get(kernel);
    if (!link) {
      link = new KernelLink(kernel);
      link.changed.connect(sender => {
        if (sender === this._link) this._changed.emit();
      });
      this._links.set(kernel, link);
    }
    return link;
  }

  private update(): void {
    const link = this.linkOf(this.notebook?.sessionContext.session?.kernel ?? null);
    if (this._link && this._link !== link) this._link.watching = false;
    this._link = link;
    if (link) link.watching = this._shown && document.visibilityState === 'visible';
    this._changed.emit();
  }

  private _link: KernelLink | null = null;
  private _links = new WeakMap<Kernel.IKernelConnection, KernelLink>();
  private _shown = false;
  private _changed = new Signal<this, void>(this);
}
