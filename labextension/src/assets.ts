// What is served beside the build as it lies in the package: the widgets' modules and style sheets, and the quickstart.
//
// They are plain files that change more often than this extension does; so nothing here grows stale when they do.

import { PageConfig, URLExt } from '@jupyterlab/coreutils';

const NAME = 'sgbench-lab';

export function assetUrl(path: string): string {
  const extensions = PageConfig.getOption('fullLabextensionsUrl') || URLExt.join(PageConfig.getBaseUrl(), 'lab/extensions');
  return URLExt.join(extensions, NAME, 'static', path);
}

/** Put style sheets of the widgets into the page, in this order. */
export function addStyles(...names: string[]): void {
  for (const name of names) {
    const id = `sgb-lab-style-${name}`;
    if (document.getElementById(id)) continue;
    const link = document.createElement('link');
    link.id = id;
    link.rel = 'stylesheet';
    link.href = assetUrl(`widgets/${name}.css`);
    document.head.append(link);
  }
}

/** One of the widgets' modules. */
export function widgetModule(name: string): Promise<any> {
  return import(/* webpackIgnore: true */ assetUrl(`widgets/${name}.js`));
}
