// What an event says in words. Pure; the numbers `count` and `total` mean what `_numbers` in sgbench/views/frames.py gave them.

const n = (value) => value.toLocaleString();
const tokens = (value) => `${n(value)} token${value === 1 ? "" : "s"}`;

export function quote(text, most = 48) {
  const flat = text.replace(/\s+/g, " ").trim();
  return `“${flat.length > most ? `${flat.slice(0, most - 1)}…` : flat}”`;
}

const SAYINGS = {
  Keyframe: (e, p) => `Recording begins with ${n(p.nodes.size - 1)} nodes in the tree`,
  CacheReset: () => "The cache was flushed",
  NodeInserted: (e, p) => `${tokens(e.count)} of request ${e.rid} enter the tree${p.nodes.has(e.node) ? `: ${quote(p.text(e.node))}` : ""}`,
  NodeExtended: (e, p) => `${tokens(e.count)} more of request ${e.rid}${p.nodes.has(e.node) ? `: ${quote(p.text(e.node))}` : ""}`,
  NodeSplit: (e) => `A node is split after ${tokens(e.count)}: what comes before can be shared`,
  PathAccessed: (e, p) => `Request ${e.rid} finds ${tokens(pathTokens(p, e.node))} of its text in the tree`,
  PathLocked: (e, p) => `Request ${e.rid} locks its path of ${tokens(pathTokens(p, e.node))}: it cannot be evicted now`,
  PathUnlocked: (e) => `Request ${e.rid} lets go of its path`,
  NodeEvicted: (e) => `The least recently used leaf leaves: ${tokens(e.count)} freed${e.rid >= 0 ? ` for request ${e.rid}` : ""}`,
  RequestQueued: (e) => `Request ${e.rid} arrives with ${tokens(e.count)}`,
  RequestDeferred: (e) => `Request ${e.rid} waits: request ${e.total} is computing ${tokens(e.count)} that both share`,
  RequestAdmitted: (e) => `Request ${e.rid} starts: ${n(e.count)} of ${tokens(e.total)} come from the cache`,
  RequestPreempted: (e) => `Request ${e.rid} goes back to the queue: the pool is full`,
  RequestFinished: (e) => `Request ${e.rid} is done: ${tokens(e.count)} generated`,
  RequestAborted: (e) => `Request ${e.rid} is given up`,
  StepPlanned: (e) => `Step ${n(e.step)}: ${tokens(e.count)} to prefill, ${n(e.total)} request${e.total === 1 ? "" : "s"} decoding`,
  RequestConstrained: (e) => (e.rid < 0 ? `A machine of ${n(e.count)} states` : `Request ${e.rid} must match a constraint`),
  JumpForward: (e) => `Request ${e.rid} jumps: ${tokens(e.count)} ${e.count === 1 ? "is" : "are"} forced`,
  Retokenized: (e) => `A jump changes ${tokens(e.count)} of request ${e.rid}`,
  ProgramStarted: () => "A program begins",
  BranchForked: (e) => `A program forks into ${n(e.count)} branches`,
  BranchJoined: (e) => `${n(e.count)} branches join`,
  SpanAppended: (e) => `${n(e.count)} characters are appended to a program`,
  ProgramFinished: () => "A program is done",
  EngineStopped: () => "The engine stopped",
  StepFinished: (e) => `Step ${n(e.step)} is done`,
};

function pathTokens(player, id) {
  return player.nodes.has(id) ? player.path(id).reduce((sum, node) => sum + player.tokens(node), 0) : 0;
}

export function narrate(player) {
  const event = player.current;
  if (!event) return "Before the first event";
  const say = SAYINGS[event.kind];
  return say ? say(event, player) : "";
}

export function describe(item) {
  if (item.kind === "root") return `Root: ${tokens(item.subtree)} below`;
  if (item.kind === "counted") return `${n(item.nodes)} more nodes with ${tokens(item.tokens)}; Enter shows them`;
  const state = ["", "new, ", "accessed, ", "evicted, "][item.mark];
  const locked = item.refCount ? `, locked by ${n(item.refCount)}` : "";
  return `${state}${tokens(item.tokens)}${locked}: ${quote(item.text, 120)}`;
}

// The whole in one line, for the header and for screen readers.
export function summarise(player) {
  let held = 0;
  for (const node of player.nodes.values()) if (node.span >= 0) held += player.spans[node.span][0];
  const nodes = player.nodes.size - 1;
  return `${n(nodes)} node${nodes === 1 ? "" : "s"} · ${tokens(held)}`;
}
