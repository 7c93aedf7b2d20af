// The kinds of event, in the order of the wire format (sgbench/trace/events.py); a test holds the two together.

export const KINDS = [
  'Keyframe', 'CacheReset', 'NodeInserted', 'NodeExtended', 'NodeSplit', 'PathAccessed', 'PathLocked', 'PathUnlocked',
  'NodeEvicted', 'RequestQueued', 'RequestDeferred', 'RequestAdmitted', 'RequestPreempted', 'RequestConstrained', 'JumpForward',
  'Retokenized', 'RequestFinished', 'RequestAborted', 'StepPlanned', 'StepFinished', 'ProgramStarted', 'BranchForked',
  'BranchJoined', 'SpanAppended', 'ApiCallSpeculated', 'ApiCallAccepted', 'ApiCallRejected', 'ProgramFinished',
  'RemoteCallFinished', 'EngineStopped', 'Unknown'
];
