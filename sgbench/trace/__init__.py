"""Events, recordings and trace files. Knows no engine."""

from sgbench.trace.header import TraceHeader
from sgbench.trace.recording import Recording
from sgbench.trace.trace import Trace

__all__ = ["Recording", "Trace", "TraceHeader"]
