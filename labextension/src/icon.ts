import { LabIcon } from '@jupyterlab/ui-components';

/** A small radix tree. */
export const treeIcon = new LabIcon({
  name: 'sgbench-lab:tree',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16"><g class="jp-icon3" fill="#616161">' +
    '<rect x="1" y="6" width="5" height="4" rx="1"/><rect x="10" y="1" width="5" height="3.4" rx="1"/><rect x="10" y="6.3" width="5" height="3.4" rx="1"/>' +
    '<rect x="10" y="11.6" width="5" height="3.4" rx="1"/><path d="M6 7.5h1.6V3.3c0-.6.4-1 1-1H10v1H8.6v4.2H10v1H8.6v4.2H10v1H8.6c-.6 0-1-.4-1-1V8.5H6z"/></g></svg>'
});
