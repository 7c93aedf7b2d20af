// What the extension adds to JupyterLab, one plugin for each thing.

import { ILabShell, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { Focus } from './focus';
import { treeIcon } from './icon';
import { EnginePanel } from './panel';
import { StatusItem } from './status';

const PANEL_ID = 'sgbench-engine';

const panel: JupyterFrontEndPlugin<void> = {
  id: 'sgbench-lab:panel',
  description: 'The running engine of the notebook in focus: a side panel and an item of the status bar.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ILabShell, IStatusBar],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, shell: ILabShell | null, bar: IStatusBar | null) => {
    const focus = new Focus(tracker);
    const widget = new EnginePanel(focus);
    widget.id = PANEL_ID;
    widget.title.icon = treeIcon;
    widget.title.caption = 'sgbench engine';
    app.shell.add(widget, 'left', { rank: 700 });
    const open = () => (shell ?? app.shell).activateById(PANEL_ID);
    bar?.registerStatusItem('sgbench-lab:panel', { item: new StatusItem(focus, open), align: 'left', rank: 50 });
  }
};

export default [panel];
