// Where everything stands: the tree from left to right, a block for each run of tokens, a row for each leaf. No DOM.
//
// A block's width grows with the logarithm of its tokens, its height with the rows below it. The whole always fits the
// room at zoom 1; zooming gives more room, so that text appears instead of getting larger.

import { MARK } from "./player.js";
import { collapse } from "./collapse.js";

export const ROW = { MIN: 5, READABLE: 14, MAX: 46 };
const BLOCK_MAX = 34;
const ROOT_SIZE = 30;
const TEXT_ROW = 16; // least height of a row with text
const READ_ROW = 11; // least height of a row with a line of figures
const TEXT_CHARS = [40, 28, 20, 14, 9, 6]; // widest that fits wins
const COUNTED = 84;
const COUNTED_WORDS = 190; // "+3,968 nodes · 62,110 tokens" behind its sign
const SHARES = { LEAST: 80, MOST: 420 }; // width of the bars that compare what is folded away
const PAD = { LEFT: 14, RIGHT: 20, Y: 12 };

const naturalWidth = (tokens) => 30 + 30 * Math.log2(1 + tokens);

// Returns { items, order, height, rows }. An item is a block to draw:
// { key, kind: "root" | "node" | "ghost" | "counted", id, x, y, w, h, tokens, mark, parent (a key), depth, row }.
export function layout(player, { width, height, since, ghostLimit = 48, opened = new Map() }) {
  const inside = height - 2 * PAD.Y;
  // All leaves as thin rows while that is possible; beyond, a choice of them in rows that can be read.
  const thin = Math.floor(inside / ROW.MIN);
  const readable = Math.max(4, Math.floor(inside / ROW.READABLE));
  let room = thin;
  const chosen = collapse(player, (leaves) => (room = leaves <= thin ? thin : readable), opened);
  const ghosts = ghostsByParent(player, chosen, since, Math.min(ghostLimit, Math.ceil(room / 3)));
  const order = [];
  const rows = place(player, chosen, ghosts, since, order);
  const rowHeight = Math.max(ROW.MIN, Math.min(ROW.MAX, inside / Math.max(rows, 1)));
  setX(order, width, rowHeight);
  setY(order, rowHeight, Math.max(PAD.Y, (height - rows * rowHeight) / 2));
  return { items: new Map(order.map((item) => [item.key, item])), order, rows, height: rows * rowHeight + 2 * PAD.Y };
}

function ghostsByParent(player, { shown }, since, limit) {
  const below = new Map();
  const known = new Set();
  for (const ghost of player.ghosts(since, limit).reverse()) {
    if (!shown.has(ghost.parent) && !known.has(ghost.parent)) continue;
    known.add(ghost.id);
    below.set(ghost.parent, [...(below.get(ghost.parent) ?? []), ghost]);
  }
  return below;
}

// Fills `order` with items, parents first, children top to bottom; gives each its span of rows. Returns the rows used.
function place(player, { shown, hidden, total }, ghosts, since, order) {
  let row = 0;
  const visit = (entry, parent, depth) => {
    const item = { ...entry, parent: parent?.key ?? null, depth, row };
    order.push(item);
    for (const child of childrenOf(entry, player, shown, hidden, ghosts, since)) visit(child, item, depth + 1);
    if (row === item.row) row++;
    item.rows = row - item.row;
  };
  visit({ key: "n0", kind: "root", id: 0, tokens: 0, subtree: total, mark: MARK.NONE, refCount: 0, text: "" }, null, 0);
  return row;
}

function childrenOf(entry, player, shown, hidden, ghosts, since) {
  const children = [];
  if (entry.kind === "counted") return children;
  if (entry.kind === "root" || entry.kind === "node") {
    for (const id of player.nodes.get(entry.id).children) if (shown.has(id)) children.push(nodeEntry(player, id, since));
  }
  for (const ghost of ghosts.get(entry.id) ?? []) {
    const [tokens, text] = player.spans[ghost.span];
    children.push({ key: `g${ghost.id}`, kind: "ghost", id: ghost.id, born: ghost.born, tokens, text, mark: MARK.EVICTED, refCount: 0, seq: ghost.seq });
  }
  children.sort((a, b) => a.born - b.born || a.id - b.id);
  const rest = entry.kind === "ghost" ? null : hidden.get(entry.id);
  if (rest) {
    let mark = MARK.NONE;
    for (const id of player.nodes.get(entry.id).children) if (!shown.has(id)) mark = Math.max(mark, player.mark(id, since));
    children.push({ key: `c${entry.id}`, kind: "counted", id: entry.id, tokens: rest.tokens, nodes: rest.nodes, mark, refCount: 0, text: "" });
  }
  return children;
}

function nodeEntry(player, id, since) {
  const node = player.nodes.get(id);
  return {
    key: `n${id}`, kind: "node", id, born: node.born, tokens: player.tokens(id), text: player.text(id),
    mark: player.mark(id, since), refCount: node.refCount, lastAccess: node.lastAccess, at: Math.max(node.born, node.grown, node.touched),
  };
}

// Widths as wide as their text where all of it fits, else by tokens alone, shrunk to the room.
function setX(order, width, rowHeight) {
  const room = width - PAD.LEFT - PAD.RIGHT - ROOT_SIZE;
  const deepest = order.reduce((most, item) => Math.max(most, item.depth), 1);
  const gap = Math.max(5, Math.min(40, (room * 0.24) / deepest));
  const free = room - gap * deepest;
  const worded = rowHeight >= TEXT_ROW;
  const inner = new Set(order.map((item) => item.parent));
  const textWidth = (item, most) => 52 + 7.3 * Math.min(item.text.length, most);
  const byTokens = (item) => (item.kind === "counted" ? COUNTED : naturalWidth(item.tokens));
  const byText = (most) => (item) => (item.kind === "counted" ? COUNTED : Math.max(byTokens(item), textWidth(item, most)));
  const roomy = worded && TEXT_CHARS.map(byText).find((widthOf) => longestPath(order, widthOf) <= free);
  const natural = roomy || byTokens;
  const scale = Math.max(0.01, Math.min(roomy ? 1.1 : 1.25, free / Math.max(longestPath(order, natural), 1)));
  const byKey = new Map();
  for (const item of order) {
    byKey.set(item.key, item);
    const parent = byKey.get(item.parent);
    item.x = parent ? parent.x + parent.w + gap : PAD.LEFT;
    item.w = parent ? Math.max(3, natural(item) * scale) : ROOT_SIZE;
    // Nothing stands to the right of a leaf: room for its text.
    if (worded && parent && !inner.has(item.key) && item.kind !== "counted") {
      item.w = Math.max(item.w, Math.min(width - PAD.RIGHT - item.x, textWidth(item, 60)));
    }
  }
  setShares(order, width, rowHeight);
}

// Where there is room to the right, what is folded away says its tokens too, and shows them as bars of one scale in one column.
// The rest below the root gets no bar: it is of many prefixes, and would shrink the others' to nothing.
function setShares(order, width, rowHeight) {
  const counted = order.filter((item) => item.kind === "counted");
  const from = Math.max(0, ...counted.map((item) => item.x)) + COUNTED_WORDS;
  const room = width - PAD.RIGHT - from;
  const compared = (item) => item.parent !== "n0";
  const most = Math.max(1, ...counted.filter(compared).map((item) => item.tokens));
  for (const item of counted) {
    item.worded = room >= 0 && rowHeight >= READ_ROW;
    item.bar = item.worded && compared(item) && room >= SHARES.LEAST ? { x: from, w: (Math.min(room, SHARES.MOST) * item.tokens) / most } : null;
    if (item.worded) item.w = COUNTED_WORDS;
  }
}

function longestPath(order, widthOf) {
  const ends = new Map();
  let longest = 0;
  for (const item of order) {
    const end = item.parent === null ? 0 : ends.get(item.parent) + widthOf(item);
    ends.set(item.key, end);
    longest = Math.max(longest, end);
  }
  return longest;
}

function setY(order, rowHeight, top) {
  const leaf = Math.min(BLOCK_MAX, Math.max(2.5, rowHeight * 0.76));
  for (const item of order) {
    const span = item.rows * rowHeight;
    item.h = item.kind === "root" ? Math.min(ROOT_SIZE, Math.max(10, span * 0.8)) : Math.min(BLOCK_MAX, Math.max(leaf, span * 0.76));
    if (item.kind === "root") item.w = Math.max(item.h, ROOT_SIZE);
    item.y = top + item.row * rowHeight + (span - item.h) / 2;
  }
}

// The item at a point, the smallest first where several overlap.
export function itemAt(order, x, y, slack = 2) {
  let best = null;
  for (const item of order) {
    const inside = x >= item.x - slack && x <= item.x + item.w + slack && y >= item.y - slack && y <= item.y + item.h + slack;
    if (inside && (!best || item.h < best.h)) best = item;
  }
  return best;
}
