"""Constraints beyond finite machines, through llguidance (extra ``grammar``): recursive JSON Schemas and context-free grammars.

The library holds the state, so there is no machine to show and nothing to bound: masks, forced tokens (with the tail held back that a
longer token could span, as in `safe`) and roll-back are its own. Knows the library and a vocabulary; no scheduler.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sgbench.engine.constrained.closed_objects import closed
from sgbench.engine.constrained.jump_forward import Jump
from sgbench.engine.constrained.layout import split_layout
from sgbench.engine.constrained.limits import shorten
from sgbench.engine.constrained.retokenization import Encoder
from sgbench.engine.constrained.vocabulary import Vocabulary
from sgbench.engine.request import IntArray
from sgbench.engine.token_set import TokenSet
from sgbench.errors import ConstraintError, IntegrityError, MissingDependencyError

DEFAULT_CACHED_GRAMMARS = 64


class Grammar:
    """A language as llguidance compiled it; immutable, every walk copies its matcher.

    Attributes
    ----------
    kind, source
        ``regex``, ``json_schema`` or ``ebnf``, and the text of it.
    n_states
        0: not a finite machine.
    """

    n_states = 0

    def __init__(self, kind: str, source: str, matcher: Any, encoder: Encoder) -> None:
        self.kind = kind
        self.source = source
        self._matcher = matcher
        self._encoder = encoder

    def __repr__(self) -> str:
        return f"<Grammar {self.kind} {shorten(self.source)!r}>"

    def start(self) -> Any:
        """A matcher before any text."""
        return self._matcher.deep_copy()

    def accepts(self, text: str) -> bool:
        """Does the whole text satisfy the constraint?"""
        ids = [i for i in self._encoder.encode(text) if self._encoder.token_bytes(i)]
        if b"".join(map(self._encoder.token_bytes, ids)) != text.encode("utf-8", "surrogatepass"):
            raise ConstraintError(f"the tokenizer changes the text {shorten(text)!r}, so {self!r} cannot judge it")
        matcher = self.start()
        return matcher.try_consume_tokens(ids) == len(ids) and bool(matcher.is_accepting())


class GrammarCompiler:
    """Grammars over one vocabulary, compiled once.

    Parameters
    ----------
    vocabulary
        Called for the vocabulary when the first grammar is asked for.
    encoder, eos_token_ids
        The tokenizer's.
    max_grammars
        Most grammars kept, least recently used dropped first.
    """

    def __init__(
        self,
        vocabulary: Callable[[], Vocabulary],
        encoder: Encoder,
        eos_token_ids: Sequence[int],
        max_grammars: int = DEFAULT_CACHED_GRAMMARS,
    ) -> None:
        self._vocabulary = vocabulary
        self._encoder = encoder
        self._eos = tuple(eos_token_ids)
        self._max_grammars = max_grammars
        self._kept: OrderedDict[tuple[str, str], Grammar] = OrderedDict()
        self._tokens: Any = None
        self._lock = threading.Lock()

    def compile(self, kind: str, source: str) -> Grammar:
        """The grammar of ``source``.

        Parameters
        ----------
        kind
            ``regex``, ``json_schema`` (JSON text) or ``ebnf`` (Lark's or GBNF's notation).

        Raises
        ------
        MissingDependencyError
            llguidance is not installed.
        ConstraintError
            Malformed, not supported by the library, or nothing can match; the message is the library's.
        """
        with self._lock:
            found = self._kept.get((kind, source))
            if found is None:
                found = self._kept[kind, source] = self._compile(kind, source)
            self._kept.move_to_end((kind, source))
            if len(self._kept) > self._max_grammars:
                self._kept.popitem(last=False)
            return found

    def _compile(self, kind: str, source: str) -> Grammar:
        try:
            import llguidance
        except ImportError as error:
            raise MissingDependencyError("llguidance", "grammar", "a grammar") from error
        library: Any = llguidance
        if self._tokens is None:
            self._tokens = _tokens(library, self._vocabulary(), self._encoder, self._eos)
        try:
            text = library.grammar_from(kind, _with_layout(source) if kind == "json_schema" else source)
            matcher = library.LLMatcher(self._tokens, text, log_level=0)
        except ValueError as failure:
            raise ConstraintError(f"llguidance refuses this {kind}: {failure}") from failure
        if matcher.is_error():
            raise ConstraintError(f"llguidance refuses this {kind}: {matcher.get_error().strip()}")
        if not matcher.is_accepting() and not _marks(matcher, len(self._vocabulary()), self._eos).any():
            raise ConstraintError(f"no text satisfies this {kind}: {shorten(source)!r}")
        return Grammar(kind, source, matcher, self._encoder)


class GrammarConstraint:
    """One request's walk through a grammar; the engine's side of `Constraint`.

    Parameters
    ----------
    grammar
        What the output must match.
    vocabulary, encoder
        The tokenizer's.
    stop_ids
        Tokens that end the text: allowed where the text is a whole match and nowhere else.
    mode
        ``off`` never jumps; ``safe`` and ``text`` both append the library's forced tokens, which is what ``safe`` means.
    """

    def __init__(
        self, grammar: Grammar, vocabulary: Vocabulary, encoder: Encoder, stop_ids: frozenset[int], mode: str
    ) -> None:
        self.machine = grammar
        self.mode = "off" if mode == "off" else "safe"
        self._matcher = grammar.start()
        self._vocabulary = vocabulary
        self._encoder = encoder
        self._stops: IntArray = np.array([i for i in sorted(stop_ids) if i < len(vocabulary)], dtype=np.int32)
        self._n_tokens = 0
        self._mask: TokenSet | None = None

    @property
    def state(self) -> int:
        """-1: the library does not number its states."""
        return -1

    @property
    def complete(self) -> bool:
        """Is the text so far a whole match?"""
        return bool(self._matcher.is_accepting())

    @property
    def ended(self) -> bool:
        """Is the text a whole match that cannot go on?"""
        return self.complete and not len(self._allowed())

    @property
    def may_jump(self) -> bool:
        """Is it worth asking `jump`?"""
        return self.mode != "off"

    @property
    def may_jump_next(self) -> bool:
        """The library does not say what is forced before it is asked."""
        return self.may_jump

    def allowed(self, room: int) -> TokenSet:
        """The tokens that may be sampled now, stop ids included where the text may end."""
        mask = self._allowed()
        return mask.with_ids(self._stops) if self.complete or not len(mask) else mask

    def advance(self, token_id: int) -> None:
        """The request committed a token.

        Raises
        ------
        IntegrityError
            The token was not allowed.
        """
        self._mask = None
        if not self._matcher.consume_token(token_id):
            raise IntegrityError(f"token {token_id} was sampled, which {self.machine!r} does not allow")
        self._n_tokens += 1

    def rewind(self, n_output: int) -> None:
        """Only the first ``n_output`` output tokens stay."""
        self._mask = None
        self._matcher.rollback(self._n_tokens - n_output)
        self._n_tokens = n_output

    def jump(self, prompt_ids: Sequence[int], output_ids: Sequence[int], room: int) -> Jump | None:
        """What is forced now; None if nothing is."""
        if self.mode == "off" or self._matcher.is_stopped():
            return None
        forced = tuple(self._matcher.compute_ff_tokens())
        if not forced or not all(map(self._encoder.token_bytes, forced)) or np.isin(forced, self._stops).any():
            return None
        data = b"".join(map(self._encoder.token_bytes, forced))
        return Jump(keep=len(output_ids), token_ids=forced, data=data)

    def _allowed(self) -> TokenSet:
        if self._mask is None:
            marked = np.zeros(len(self._vocabulary), dtype=np.bool_)
            if not self._matcher.is_stopped():
                marked = _marks(self._matcher, len(marked), self._stops)
            self._mask = TokenSet.of_marks(marked)
        return self._mask


def _marks(matcher: Any, size: int, stops: Sequence[int] | IntArray) -> npt.NDArray[np.bool_]:
    """bool ``[size]``: which tokens may come now; ends aside, which the library also allows where nothing else is left."""
    bits = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)
    marked = np.unpackbits(bits, bitorder="little", count=size).view(np.bool_)
    marked[np.asarray(stops, dtype=np.int32)] = False
    return marked


def _with_layout(schema: str) -> str:
    """The schema with the separators and the closed objects of our own machines, unless it says itself what it wants."""
    data, layout = split_layout(json.loads(schema))
    if layout.max_depth is not None:
        raise ConstraintError("max_depth bounds finite machines: a grammar needs no bound, leave it out")
    data = closed(data)
    if isinstance(data, dict):
        own = {"item_separator": layout.item_separator, "key_separator": layout.key_separator}
        data.setdefault("x-guidance", {"whitespace_flexible": False, **own})
    return json.dumps(data, ensure_ascii=False)


def _tokens(library: Any, vocabulary: Vocabulary, encoder: Encoder, eos: tuple[int, ...]) -> Any:
    """The vocabulary as llguidance reads it; special tokens get bytes that no text has."""
    if not eos:
        raise ConstraintError("a grammar needs a token that ends texts, and this tokenizer has none")

    class Shape:
        eos_token_id = eos[0]
        bos_token_id = None
        tokens = tuple(token or b"\xff<%d>" % i for i, token in enumerate(vocabulary.tokens))
        special_token_ids = tuple(i for i, token in enumerate(vocabulary.tokens) if not token)

        def __call__(self, text: bytes) -> list[int]:
            ids = encoder.encode(text.decode())
            return [i for i in ids if encoder.token_bytes(i)]

    return library.LLTokenizer(library.TokenizerWrapper(Shape()))
