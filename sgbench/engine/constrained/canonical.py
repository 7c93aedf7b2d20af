"""Which tokens a tokenizer would itself write one after the other.

Knows a tokenizer by `Encoder`. Byte-pair tokens are a text's own tokens exactly if every two neighbours are those of their own text,
so pairs are what is asked and kept. A pair that spells no whole characters, or that the tokenizer changes, cannot be asked
about and passes.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from sgbench.engine.constrained.retokenization import Encoder, encode_alone
from sgbench.engine.request import IntArray

_UNKNOWN, _NO, _YES = -1, 0, 1
DEFAULT_KEPT_TOKENS = 256


class CanonicalPairs:
    """Answers about one tokenizer's pairs, each asked of it once; for one thread.

    Parameters
    ----------
    encoder
        The tokenizer.
    vocab_size
        Ids are below this.
    kept_tokens
        Left tokens whose answers are kept (a byte for each token of the vocabulary), least recently used dropped first.
    """

    def __init__(self, encoder: Encoder, vocab_size: int, kept_tokens: int = DEFAULT_KEPT_TOKENS) -> None:
        self._encoder = encoder
        self._vocab_size = vocab_size
        self._kept_tokens = kept_tokens
        self._answers: OrderedDict[int, npt.NDArray[np.int8]] = OrderedDict()

    def after(self, left: int, token_ids: IntArray) -> IntArray:
        """Those of ``token_ids`` that may stand after ``left``; all of them if none may."""
        answers = self._answers.get(left)
        if answers is None:
            answers = self._answers[left] = np.full(self._vocab_size, _UNKNOWN, dtype=np.int8)
            if len(self._answers) > self._kept_tokens:
                self._answers.popitem(last=False)
        self._answers.move_to_end(left)
        for right in token_ids[answers[token_ids] == _UNKNOWN].tolist():
            answers[right] = _YES if self._ask(left, right) else _NO
        kept = token_ids[answers[token_ids] == _YES]
        return kept if len(kept) else token_ids

    def _ask(self, left: int, right: int) -> bool:
        data = self._encoder.token_bytes(left) + self._encoder.token_bytes(right)
        ids = encode_alone(data, self._encoder)
        return ids is None or ids == [left, right]
