"""A process of a sweep: a pickled question and its configurations on stdin, pickled points on stdout. Started by `sweep` only."""

from __future__ import annotations

import gc
import pickle
import sys


def main() -> None:
    """Answer one question and end."""
    from sgbench.what_if.sweep import run_all

    gc.disable()  # short-lived, and what a simulation makes stays until its end
    question, runs = pickle.load(sys.stdin.buffer)
    pickle.dump(run_all(question, runs), sys.stdout.buffer)


if __name__ == "__main__":
    main()
