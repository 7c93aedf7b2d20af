"""BM25 over a small collection: which documents fit a question's words best. Knows words, no model.

The usual form (Robertson and Zaragoza 2009) with k1 = 1.5 and b = 0.75; a few hundred documents need no index on disk.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

K1 = 1.5
B = 0.75


def terms(text: str) -> list[str]:
    """Words and numbers in lower case."""
    return re.findall(r"\w+", text.lower())


class BM25:
    """A retriever over ``documents``."""

    def __init__(self, documents: Sequence[str]) -> None:
        self._counts = [Counter(terms(document)) for document in documents]
        self._lengths = [sum(counts.values()) for counts in self._counts]
        self._mean = sum(self._lengths) / max(1, len(self._lengths))
        found = Counter(term for counts in self._counts for term in counts)
        size = len(self._counts)
        self._weight = {term: math.log(1 + (size - n + 0.5) / (n + 0.5)) for term, n in found.items()}

    def score(self, at: int, query: str) -> float:
        """How well document ``at`` fits ``query``."""
        counts, long = self._counts[at], 1 - B + B * self._lengths[at] / self._mean
        return sum(
            self._weight[term] * counts[term] * (K1 + 1) / (counts[term] + K1 * long)
            for term in terms(query)
            if term in counts
        )

    def search(self, query: str, k: int) -> list[int]:
        """The ``k`` best documents, best first; of equals, the earlier."""
        return sorted(range(len(self._counts)), key=lambda at: -self.score(at, query))[:k]
