// Small helpers for the page. Text is set as text only, never as markup.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

// An icon from our own path data.
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

export const ICONS = {
  play: "M4 2.5v11l9.5-5.5z",
  pause: "M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z",
  back: "M11.5 3v10L5 8zM3 3h1.8v10H3z",
  next: "M4.5 3v10L11 8zM11.2 3H13v10h-1.8z",
  first: "M8 3v10L2.5 8zM13.5 3v10L8 8z",
  lock: "M5 7V5.5a3 3 0 0 1 6 0V7h1v6.5H4V7zm1.4 0h3.2V5.5a1.6 1.6 0 0 0-3.2 0z",
  last: "M8 3v10l5.5-5zM2.5 3v10L8 8z",
};

export function button(label, path, action, className = "sgb-button") {
  return el("button", { type: "button", class: className, title: label, "aria-label": label, onclick: action }, path ? icon(path) : "");
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
