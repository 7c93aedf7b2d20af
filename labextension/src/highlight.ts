// `%%sgl` cells in colour: marks over Python's own highlighting, in every editor of JupyterLab.

import { Prec, RangeSetBuilder, type Extension } from '@codemirror/state';
import { Decoration, DecorationSet, EditorView, ViewPlugin, ViewUpdate } from '@codemirror/view';
import { sglWords } from './sgl_words';

const marks = new Map<string, Decoration>();

function mark(kind: string): Decoration {
  if (!marks.has(kind)) marks.set(kind, Decoration.mark({ class: `sgb-sgl sgb-sgl-${kind}` }));
  return marks.get(kind)!;
}

function decorations(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to, kind } of sglWords(view.state.doc.toString())) builder.add(from, to, mark(kind));
  return builder.finish();
}

class Highlighter {
  decorations: DecorationSet;

  constructor(view: EditorView) {
    this.decorations = decorations(view);
  }

  update(update: ViewUpdate): void {
    if (update.docChanged) this.decorations = decorations(update.view);
  }
}

export const sglHighlight: Extension = Prec.highest(ViewPlugin.fromClass(Highlighter, { decorations: plugin => plugin.decorations }));
