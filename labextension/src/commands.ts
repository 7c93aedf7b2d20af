// What the palette and the launcher offer.

import { JupyterFrontEnd } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Contents } from '@jupyterlab/services';
import { assetUrl } from './assets';
import { treeIcon } from './icon';

export const COMMANDS = { panel: 'sgbench:open-panel', notebook: 'sgbench:new-notebook', quickstart: 'sgbench:open-quickstart' };
const QUICKSTART = 'sgbench_quickstart.ipynb';

/** Register the commands; `openPanel` shows the side panel, `folder` is where files are made if the caller names none. */
export function addCommands(app: JupyterFrontEnd, openPanel: () => void, folder: () => string): void {
  const cwd = (args: { cwd?: unknown }) => (typeof args.cwd === 'string' ? args.cwd : folder());
  app.commands.addCommand(COMMANDS.panel, { label: 'Open the Engine Panel', caption: 'The running engine of the notebook in focus', icon: treeIcon, execute: openPanel });
  app.commands.addCommand(COMMANDS.notebook, {
    label: 'New Notebook with sgbench',
    caption: 'A notebook that begins with %load_ext sgbench',
    icon: treeIcon,
    execute: args => newNotebook(app, cwd(args))
  });
  app.commands.addCommand(COMMANDS.quickstart, {
    label: args => (args.isLauncher ? 'sgbench Quickstart' : 'Open the Quickstart'),
    caption: `Opens ${QUICKSTART}, and puts it into the folder first if it is not there`,
    icon: treeIcon,
    execute: args => openQuickstart(app, cwd(args))
  });
}

async function newNotebook(app: JupyterFrontEnd, cwd: string): Promise<NotebookPanel> {
  const kernelName = await pythonKernel(app);
  const panel: NotebookPanel = await app.commands.execute('notebook:create-new', { cwd, kernelName, activate: true });
  await panel.context.ready;
  panel.content.model?.sharedModel.cells[0]?.setSource('%load_ext sgbench');
  return panel;
}

// The default kernel if it speaks Python, else the first that does; none: JupyterLab asks.
async function pythonKernel(app: JupyterFrontEnd): Promise<string> {
  await app.serviceManager.kernelspecs.ready;
  const specs = app.serviceManager.kernelspecs.specs;
  const speaks = (name: string) => specs?.kernelspecs[name]?.language === 'python';
  const names = [specs?.default ?? '', ...Object.keys(specs?.kernelspecs ?? {})];
  return names.find(speaks) ?? '';
}

async function openQuickstart(app: JupyterFrontEnd, cwd: string): Promise<unknown> {
  const contents = app.serviceManager.contents;
  const path = PathExt.join(cwd, QUICKSTART);
  if (!(await exists(contents, cwd, QUICKSTART))) {
    const answer = await fetch(assetUrl('quickstart.ipynb'));
    if (!answer.ok) throw new Error(`The quickstart is not where sgbench was installed (${answer.status}): reinstall sgbench.`);
    await contents.save(path, { type: 'notebook', format: 'json', content: withoutOutputs(await answer.json()) });
  }
  return app.commands.execute('docmanager:open', { path });
}

// A folder's listing tells without the error that asking for a file that is not there leaves in the console.
async function exists(contents: Contents.IManager, folder: string, name: string): Promise<boolean> {
  const listing = await contents.get(folder, { content: true });
  return (listing.content as Contents.IModel[]).some(item => item.name === name);
}

interface Notebook {
  cells: { outputs?: unknown[]; execution_count?: number | null }[];
}

function withoutOutputs(notebook: Notebook): Notebook {
  for (const cell of notebook.cells) {
    if (!cell.outputs) continue;
    cell.outputs = [];
    cell.execution_count = null;
  }
  return notebook;
}
