"""What if: the causes of a trace, run again through the real scheduler and the real tree with other options.

Imports the host half of the engine and traces; no torch, no language, no widget. Every time that comes out of here is predicted.
"""

from sgbench.what_if.causes import Causes
from sgbench.what_if.imports import read_requests
from sgbench.what_if.predict import Prediction, predict
from sgbench.what_if.sweep import Sweep, sweep

__all__ = ["Causes", "Prediction", "Sweep", "predict", "read_requests", "sweep"]
