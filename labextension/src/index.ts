// What the extension adds to JupyterLab, one plugin for each thing.

import { ILabShell, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { EditorExtensionRegistry, IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { addStyles } from './assets';
import { Focus } from './focus';
import { sglHighlight } from './highlight';
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
    addStyles('base');
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

const highlight: JupyterFrontEndPlugin<void> = {
  id: 'sgbench-lab:highlight',
  description: 'The words of the language in %%sgl cells, in colour.',
  autoStart: true,
  requires: [IEditorExtensionRegistry],
  activate: (_app: JupyterFrontEnd, extensions: IEditorExtensionRegistry) => {
    extensions.addExtension({
      name: 'sgbench-lab:highlight',
      factory: () => EditorExtensionRegistry.createImmutableExtension(sglHighlight)
    });
  }
};

export default [panel, highlight];
