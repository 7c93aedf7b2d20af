// The twin of sgbench/views/collapse.py, which states the rule; a test holds the two together. No DOM.
//
// `opened` (node id -> number of children to show whatever the rows say) is the reader's own wish and has no twin.

export const MAX_SHOWN = 2000;

export function collapse(player, rows, opened = new Map()) {
  const order = depthFirst(player);
  const { tokens, count } = subtrees(player, order);
  const keyed = order.slice(1).map((id) => ({ id, tokens: tokens.get(id), born: player.nodes.get(id).born }));
  const ranked = keyed.sort((a, b) => b.tokens - a.tokens || a.born - b.born || a.id - b.id);
  const room = Math.max(rows, 1);
  const shown = new Set([0]);
  const left = new Map([[0, player.nodes.get(0).children.size]]);
  const wished = new Map();
  let used = 1;
  for (const { id } of ranked) {
    const parent = player.nodes.get(id).parent;
    if (!shown.has(parent)) continue;
    const after = used + (left.get(parent) > 1 ? 1 : 0);
    const wish = (wished.get(parent) ?? 0) < (opened.get(parent) ?? 0);
    if (shown.size >= MAX_SHOWN || (after > room && !wish)) continue;
    if (after <= room) used = after;
    shown.add(id);
    wished.set(parent, (wished.get(parent) ?? 0) + 1);
    left.set(parent, left.get(parent) - 1);
    left.set(id, player.nodes.get(id).children.size);
  }
  const hidden = new Map();
  for (const id of shown) {
    if (!left.get(id)) continue;
    const rest = { children: 0, nodes: 0, tokens: 0 };
    for (const child of player.nodes.get(id).children) {
      if (shown.has(child)) continue;
      rest.children++;
      rest.nodes += count.get(child);
      rest.tokens += tokens.get(child);
    }
    hidden.set(id, rest);
  }
  return { shown, hidden, subtreeTokens: tokens };
}

function depthFirst(player) {
  const order = [];
  const stack = [0];
  while (stack.length) {
    const id = stack.pop();
    order.push(id);
    for (const child of player.nodes.get(id).children) stack.push(child);
  }
  return order;
}

function subtrees(player, order) {
  const tokens = new Map();
  const count = new Map();
  for (const id of order) {
    tokens.set(id, player.tokens(id));
    count.set(id, 1);
  }
  for (let i = order.length - 1; i > 0; i--) {
    const parent = player.nodes.get(order[i]).parent;
    tokens.set(parent, tokens.get(parent) + tokens.get(order[i]));
    count.set(parent, count.get(parent) + count.get(order[i]));
  }
  return { tokens, count };
}
