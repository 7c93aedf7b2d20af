// What the extension adds to JupyterLab, one plugin for each thing.

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { EditorExtensionRegistry, IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { addStyles } from './assets';
import { addCommands, COMMANDS } from './commands';
import { Focus } from './focus';
import { sglHighlight } from './highlight';
import { treeIcon } from './icon';
import { EnginePanel } from './panel';
import { StatusItem } from './status';
import { FILE_TYPE, TraceFactory } from './viewer';

const PANEL_ID = 'sgbench-engine';

const panel: JupyterFrontEndPlugin<void> = {
  id: 'sgbench-lab:panel',
  description: 'The running engine of the notebook in focus: a side panel and an item of the status bar.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [IStatusBar],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, bar: IStatusBar | null) => {
    addStyles('base');
    const focus = new Focus(tracker);
    const widget = new EnginePanel(focus);
    widget.id = PANEL_ID;
    widget.title.icon = treeIcon;
    widget.title.caption = 'sgbench engine';
    app.shell.add(widget, 'left', { rank: 700 });
    const open = () => app.shell.activateById(PANEL_ID);
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

const commands: JupyterFrontEndPlugin<void> = {
  id: 'sgbench-lab:commands',
  description: 'Commands of the palette, and a card of the launcher.',
  autoStart: true,
  optional: [ICommandPalette, ILauncher, IDefaultFileBrowser],
  activate: (app: JupyterFrontEnd, palette: ICommandPalette | null, launcher: ILauncher | null, browser: IDefaultFileBrowser | null) => {
    addCommands(app, () => app.shell.activateById(PANEL_ID), () => browser?.model.path ?? '');
    for (const command of Object.values(COMMANDS)) palette?.addItem({ command, category: 'sgbench' });
    launcher?.add({ command: COMMANDS.quickstart, category: 'Other', args: { isLauncher: true }, rank: 0.5 });
  }
};

const viewer: JupyterFrontEndPlugin<void> = {
  id: 'sgbench-lab:viewer',
  description: 'Opens .sgtrace files, with no kernel.',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => {
    app.docRegistry.addFileType({
      name: FILE_TYPE,
      displayName: 'sgbench trace',
      extensions: ['.sgtrace', '.sgtrace.gz'],
      mimeTypes: ['application/x-sgtrace'],
      fileFormat: 'base64',
      contentType: 'file',
      icon: treeIcon
    });
    app.docRegistry.addWidgetFactory(
      new TraceFactory({ name: 'Trace', modelName: 'base64', fileTypes: [FILE_TYPE], defaultFor: [FILE_TYPE], readOnly: true })
    );
  }
};

export default [panel, highlight, commands, viewer];
