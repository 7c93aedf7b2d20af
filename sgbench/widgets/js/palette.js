// Colours of the theme, read from the style sheet: canvases cannot read CSS variables themselves.

const NAMES_OF_COLOURS = [
  "surface", "raised", "line", "text", "dim", "link", "accent", "locked", "locked-text", "used", "cached", "none-fill", "none-edge", "new-fill", "new-edge",
  "hit-fill", "hit-edge", "gone-fill", "gone-edge", "o-cached", "o-prefilled", "o-decoded", "o-jumped", "o-selected",
];

export function readPalette(element) {
  const style = getComputedStyle(element);
  const palette = Object.fromEntries(NAMES_OF_COLOURS.map((name) => [name, style.getPropertyValue(`--sgb-${name}`).trim()]));
  palette.codeFont = style.getPropertyValue("--sgb-code-font").trim() || "monospace";
  palette.uiFont = style.getPropertyValue("--sgb-ui-font").trim() || "sans-serif";
  return palette;
}
