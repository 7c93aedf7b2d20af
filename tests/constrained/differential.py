"""The long differential test of regex machines against `re`, and of masks against machines: ``python -m tests.constrained.differential``.

The suite runs a few hundred patterns; this runs as many as asked for (10,000 by default) and fails on the first difference.
"""

from __future__ import annotations

import argparse
import re
import warnings

from sgbench.engine.constrained.compiler import regex_machine
from sgbench.errors import ConstraintError
from tests.constrained.random_patterns import Patterns, valid


def main() -> None:
    """Compare and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--texts", type=int, default=40, help="texts tried on each pattern")
    args = parser.parse_args()
    warnings.simplefilter("ignore", FutureWarning)
    source, done, refused, matches = Patterns(args.seed), 0, 0, 0
    while done < args.patterns:
        pattern = source.pattern()
        if not valid(pattern):
            continue
        done += 1
        try:
            machine = regex_machine(pattern)
        except ConstraintError as refusal:
            if "too large" not in str(refusal) and "no text satisfies" not in str(refusal):
                raise
            refused += 1
            continue
        want = re.compile(pattern, re.ASCII)
        for text in source.texts(args.texts):
            expected = want.fullmatch(text) is not None
            if machine.accepts(text) != expected:
                raise SystemExit(f"{pattern!r} on {text!r}: re says {expected}")
            matches += expected
    print(f"{done} patterns, {refused} refused, {matches} matches among {done * args.texts} texts, no difference")


if __name__ == "__main__":
    main()
