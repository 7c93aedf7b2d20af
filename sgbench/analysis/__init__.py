"""Questions to a trace that its events alone answer: why was this missed, how much cache is enough, what breaks sharing.

Pure: imports traces only, runs nothing.
"""

from sgbench.analysis.mrc import MissRatioCurve, miss_ratio_curve
from sgbench.analysis.prompt_lint import Finding, PromptLint, prompt_lint
from sgbench.analysis.why import Miss, Misses, why

__all__ = ["Finding", "Miss", "MissRatioCurve", "Misses", "PromptLint", "miss_ratio_curve", "prompt_lint", "why"]
