// One kernel and its engine: opens the comm that sgbench's extension answers on, asks, watches. No DOM.

import { CommsOverSubshells, Kernel, KernelMessage } from '@jupyterlab/services';
import { JSONObject } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { loadsSgbench, State } from './state';

export const TARGET = 'sgbench.panel';
const SUBSHELL_MS = 3000; // longest wait for a subshell to start
const RENEW_MS = 20_000; // the kernel forgets who watches after a minute

export class KernelLink implements IDisposable {
  constructor(readonly kernel: Kernel.IKernelConnection) {
    kernel.iopubMessage.connect(this.onMessage, this);
    kernel.statusChanged.connect(this.onStatus, this);
    kernel.disposed.connect(this.dispose, this);
    void this.findLoaded();
  }

  /** What the kernel last said; null while sgbench is not loaded there. */
  get state(): State | null {
    return this._state;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** While it is true, the kernel tells what changes by itself. */
  set watching(on: boolean) {
    if (on === this._watching) return;
    this._watching = on;
    clearInterval(this._renewal);
    if (on) this._renewal = window.setInterval(() => this.send({ type: 'watch', on: true }), RENEW_MS);
    this.send({ type: 'watch', on });
  }

  /** Load sgbench in the kernel, as the cell `%load_ext sgbench` does; resolves to an error's words, or to none. */
  async load(): Promise<string> {
    const future = this.kernel.requestExecute({ code: '%load_ext sgbench', silent: false, store_history: false });
    const reply = await future.done;
    if (reply.content.status === 'error') return `${reply.content.ename}: ${reply.content.evalue}`;
    this.open();
    return '';
  }

  dispose(): void {
    if (this._disposed) return;
    this._disposed = true;
    clearInterval(this._renewal);
    if (!this.kernel.isDisposed) {
      this.kernel.iopubMessage.disconnect(this.onMessage, this);
      this.kernel.statusChanged.disconnect(this.onStatus, this);
    }
    this.drop();
    Signal.clearData(this);
  }

  // A page that was loaded again finds the comm that the one before left, and so knows that sgbench is loaded.
  private async findLoaded(): Promise<void> {
    try {
      const reply = await this.kernel.requestCommInfo({ target_name: TARGET });
      if (!this._disposed && 'comms' in reply.content && Object.keys(reply.content.comms).length) this.open();
    } catch {
      // The kernel went before it answered.
    }
  }

  private onMessage(_sender: unknown, message: KernelMessage.IIOPubMessage): void {
    const parent = message.parent_header as KernelMessage.IHeader;
    if (KernelMessage.isExecuteInputMsg(message)) {
      if (!this._comm && loadsSgbench(message.content.code)) this._loading = parent.msg_id;
    } else if (KernelMessage.isStatusMsg(message) && message.content.execution_state === 'idle') {
      if (parent.msg_type !== 'execute_request') return;
      if (!this._comm && parent.msg_id === this._loading) this.open();
      else if (this._comm && !this._watching) this.send({ type: 'ask' });
    }
  }

  private onStatus(_sender: unknown, status: Kernel.Status): void {
    if (['restarting', 'autorestarting', 'terminating', 'dead'].includes(status)) this.drop();
  }

  private open(): void {
    if (this._comm || this._disposed || !this.kernel.handleComms) return;
    const comm = this.kernel.createComm(TARGET);
    this._comm = comm;
    comm.onMsg = message => {
      if (this._comm !== comm) return;
      const data = message.content.data as unknown as State;
      // The tree comes only while we watch; the figures between are no reason to forget it.
      this._state = { tree: this._state?.tree ?? null, ...data };
      this._changed.emit();
    };
    comm.onClose = () => {
      if (this._comm === comm) this.drop();
    };
    void this.subshell(comm).then(() => {
      if (this._comm !== comm || comm.isDisposed) return;
      comm.open({});
      this._opened = true;
      if (this._watching) this.send({ type: 'watch', on: true });
    });
  }

  // A comm that is opened over a subshell is answered while a cell runs; over the main shell, only when all cells have ended.
  private async subshell(comm: Kernel.IComm): Promise<void> {
    if (!this.kernel.supportsSubshells || this.kernel.commsOverSubshells === CommsOverSubshells.Disabled) return;
    const late = new Promise<void>(resolve => setTimeout(resolve, SUBSHELL_MS));
    const { subshellStarted } = comm as Kernel.IComm & { subshellStarted?: Promise<void> }; // JupyterLab's own comms have it
    await Promise.race([subshellStarted ?? late, late]).catch(() => undefined);
  }

  private send(data: JSONObject): void {
    if (this._comm && this._opened && !this._comm.isDisposed) void this._comm.send(data);
  }

  private drop(): void {
    this._comm = null;
    this._opened = false;
    this._state = null;
    if (!this._disposed) this._changed.emit();
  }

  private _comm: Kernel.IComm | null = null;
  private _opened = false;
  private _state: State | null = null;
  private _watching = false;
  private _loading = '';
  private _renewal = 0;
  private _disposed = false;
  private _changed = new Signal<this, void>(this);
}
