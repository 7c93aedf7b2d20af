"""The long differential test of regex machines and masks against `re` (and llguidance): ``python -m tests.constrained.differential``.

The suite runs a few hundred patterns; this runs as many as asked for (10,000 by default) and fails on the first difference: between a
machine and `re.fullmatch`, in a text drawn from masks at random, or between a machine and llguidance on ASCII texts (its classes are
Unicode's).
"""

from __future__ import annotations

import argparse
import functools
import random
import re
import warnings

from sgbench.engine.constrained.compiler import regex_machine
from sgbench.engine.constrained.constraint import Constraint
from sgbench.engine.constrained.grammar import GrammarCompiler
from sgbench.engine.constrained.machine import Machine
from sgbench.engine.constrained.token_mask import TokenMasks
from sgbench.errors import ConstraintError
from tests.constrained.random_patterns import ALPHABET, Patterns, valid
from tests.constrained.spelling import EOS, LongestMatch

TOKENIZER = LongestMatch([*ALPHABET, "ab", "aé", "中é", "a0", "\n\n", "  ", "é中"])
VOCABULARY = functools.cache(TOKENIZER.vocabulary)


def main() -> None:
    """Compare and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patterns", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--texts", type=int, default=40, help="texts tried on each pattern")
    parser.add_argument("--oracle", action="store_true", help="ask llguidance too (extra grammar)")
    args = parser.parse_args()
    asked = GrammarCompiler(VOCABULARY, TOKENIZER, (EOS,)) if args.oracle else None
    written = compared = 0
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
        written += sum(drawn(machine, want, source.random) for _ in range(2))
        if asked is not None and "--" not in pattern:  # a difference of sets there
            compared += agree(machine, asked, pattern, source.texts(args.texts))
    print(
        f"{done} patterns, {refused} refused, {matches} matches among {done * args.texts} texts, {written} texts drawn from masks, "
        f"{compared} compared with llguidance: no difference"
    )


def drawn(machine: Machine, want: re.Pattern[str], random_: random.Random) -> bool:
    """Draw a text from masks; False if it did not end in time."""
    constraint = Constraint(TokenMasks(machine, VOCABULARY()), TOKENIZER, frozenset({EOS}), "off")
    out: list[int] = []
    while not constraint.ended and len(out) < 30:
        token = int(random_.choice(constraint.allowed(99).to_ids()))
        if token == EOS:
            break
        out.append(token)
        constraint.advance(token)
    if not constraint.complete:
        return False
    text = TOKENIZER.decode(out).decode()
    if not want.fullmatch(text):
        raise SystemExit(f"{machine!r}: masks drew {text!r}, which does not match")
    return True


def agree(machine: Machine, compiler: GrammarCompiler, pattern: str, texts: list[str]) -> int:
    """Compare with llguidance; how many texts."""
    try:
        grammar = compiler.compile("regex", pattern)
    except ConstraintError:
        return 0
    plain = [text for text in texts if text.isascii()]
    for text in plain:
        if machine.accepts(text) != grammar.accepts(text):
            raise SystemExit(f"{pattern!r} on {text!r}: llguidance says {grammar.accepts(text)}")
    return len(plain)


if __name__ == "__main__":
    main()
