// The twin of sgbench/views/collapse.py, which states the rule; a test holds the two together. No DOM.
//
// `opened` (node id -> number of children to show whatever the rows say) is the reader's own wish and has no twin.

export const MAX_SHOWN = 2000;

export function collapse(player, rows, opened = new Map()) {
  const { order, tokens, count, leaves } = subtrees(player);
  const room = Math.max(typeof rows === "function" ? rows(leaves) : rows, 1);
  const place = (id) => player.nodes.get(id).at;
  const shown = new Set([0]);
  const left = new Map([[0, player.nodes.get(0).children.size]]);
  const wished = new Map();
  let used = 1;
  // A child never has more tokens below it than its parent, so the best of all is among the children of those that are shown.
  const queue = new Queue((a, b) => tokens[b.at] - tokens[a.at] || a.born - b.born || a.id - b.id);
  const offer = (parent) => {
    for (const id of player.nodes.get(parent).children) {
      const node = player.nodes.get(id);
      queue.put({ id, at: node.at, born: node.born, parent });
    }
  };
  offer(0);
  for (let best = queue.take(); best && shown.size < MAX_SHOWN; best = queue.take()) {
    const { id, parent } = best;
    const after = used + (left.get(parent) > 1 ? 1 : 0);
    const wish = (wished.get(parent) ?? 0) < (opened.get(parent) ?? 0);
    if (after > room && !wish) continue;
    if (after <= room) used = after;
    shown.add(id);
    wished.set(parent, (wished.get(parent) ?? 0) + 1);
    left.set(parent, left.get(parent) - 1);
    left.set(id, player.nodes.get(id).children.size);
    offer(id);
  }
  const hidden = new Map();
  for (const id of shown) {
    if (!left.get(id)) continue;
    const rest = { children: 0, nodes: 0, tokens: 0 };
    for (const child of player.nodes.get(id).children) {
      if (shown.has(child)) continue;
      rest.children++;
      rest.nodes += count[place(child)];
      rest.tokens += tokens[place(child)];
    }
    hidden.set(id, rest);
  }
  return { shown, hidden, total: tokens[0], nodes: order.length };
}

// Tokens and nodes of every subtree, by the place that each node is given in `order`, parents first.
function subtrees(player) {
  const size = player.nodes.size;
  const order = new Array(size);
  const above = new Int32Array(size);
  const tokens = new Float64Array(size);
  const count = new Float64Array(size).fill(1);
  const root = player.nodes.get(0);
  let leaves = 0;
  let end = 1;
  root.at = 0;
  order[0] = root;
  for (let at = 0; at < end; at++) {
    const node = order[at];
    tokens[at] = node.span < 0 ? 0 : player.spans[node.span][0];
    if (!node.children.size) leaves++;
    for (const id of node.children) {
      const child = player.nodes.get(id);
      child.at = end;
      above[end] = at;
      order[end++] = child;
    }
  }
  for (let at = end - 1; at > 0; at--) {
    tokens[above[at]] += tokens[at];
    count[above[at]] += count[at];
  }
  return { order, tokens, count, leaves };
}

// A binary heap: the first by `compare` is taken first.
class Queue {
  constructor(compare) {
    this.compare = compare;
    this.items = [];
  }

  put(item) {
    const items = this.items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (this.compare(items[up], item) <= 0) break;
      items[at] = items[up];
      at = up;
    }
    items[at] = item;
  }

  take() {
    const items = this.items;
    const first = items[0];
    const last = items.pop();
    if (!items.length) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= items.length) break;
      if (down + 1 < items.length && this.compare(items[down + 1], items[down]) < 0) down++;
      if (this.compare(last, items[down]) <= 0) break;
      items[at] = items[down];
      at = down;
    }
    items[at] = last;
    return first;
  }
}
