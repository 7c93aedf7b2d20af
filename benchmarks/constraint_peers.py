"""Other libraries for constrained decoding, each as far as it is installed: compile a pattern, make masks along a text, jump.

A peer that cannot do something with a pattern (refuses it, rejects a token of a matching text, takes longer than a limit) has the reason in
place of the figure. Times are processor time of this process.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib.util
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from sgbench.engine.constrained.vocabulary import Vocabulary

LIMIT_S, MASKS_LIMIT_S = 20, 6
SLOW_US = 500_000
"""A pass along a text that took longer is not repeated."""
EOS = 2
PASSES = 3
"""Fresh passes along a text, ours and theirs; of each step's times the least counts, so that other work on the machine does not."""


class SlowError(BaseException):
    """The limit is over. Only Python's own code is stopped; a library that computes without it is waited for.

    No `Exception`, because a library may catch those and go on.
    """


@contextlib.contextmanager
def limit(seconds: int = LIMIT_S) -> Iterator[None]:
    """Raise `SlowError` in the block once ``seconds`` of the wall's clock are over.

    Of the wall's, because a running timer of processor time makes the processor's clock coarse, by which all else is measured.
    """

    def stop(*_: object) -> None:
        raise SlowError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@dataclass(frozen=True, slots=True)
class Peer:
    """A library.

    Attributes
    ----------
    compile
        A pattern to what holds it.
    masks
        Makes a function from tokens to nothing that computes the mask after them, one call a step; None: it makes no masks.
    sampled
        Tokens that must be sampled when a text is written with the library's jumps; None: it has none.
    """

    compile: Callable[[str], Any]
    masks: Callable[[Any], Callable[[Sequence[int]], object]] | None = None
    sampled: Callable[[str, str], int] | None = None


def peers(vocabulary: Vocabulary, tokenizer: Any) -> tuple[dict[str, Peer], dict[str, str]]:
    """The installed ones by name, and for all of them the version or "not installed"."""
    makers = {
        "interegular": _interegular,
        "outlines-core": _outlines,
        "xgrammar": _xgrammar,
        "llguidance": _llguidance,
        "lm-format-enforcer": _enforcer,
    }
    modules = {"lm-format-enforcer": "lmformatenforcer"}
    found: dict[str, Peer] = {}
    versions: dict[str, str] = {}
    for name, make in makers.items():
        if importlib.util.find_spec(modules.get(name, name.replace("-", "_"))) is None:
            versions[name] = "not installed"
            continue
        found[name] = make(vocabulary, tokenizer)
        versions[name] = version(name)
    return found, versions


def measure(peer: Peer, pattern: str, text: str, tokenizer: Any, repeats: int) -> dict[str, Any]:
    """Compile, masks along the text (first pass and second), forced tokens, and growth of the process."""
    row: dict[str, Any] = {}
    before = resident_mb()
    try:
        with limit():
            row["compile_ms"], compiled = _compiled(peer, pattern, repeats)
        if peer.masks is not None:
            with limit(MASKS_LIMIT_S):
                first, second = _passes(peer, pattern, tokenizer.encode(text), compiled, row["compile_ms"])
            row["memory_mb"] = max(0.0, resident_mb() - before)
            for name, passes in (("mask_us", first), ("second_mask_us", second)):
                best = np.min(passes, axis=0)
                row[f"{name}_mean"], row[f"{name}_max"] = float(best.mean()), float(best.max())
        if peer.sampled is not None:
            with limit(MASKS_LIMIT_S):
                row["sampled"] = peer.sampled(pattern, text)
    except (Exception, SlowError) as failure:  # a peer's own errors are of any kind
        row["failed"] = f"{type(failure).__name__}: {' '.join(str(failure).split())[:80]}"
    return row


def _compiled(peer: Peer, pattern: str, repeats: int) -> tuple[float, Any]:
    """The best of a few, and what the last gave."""
    made: list[Any] = []
    best = best_ms(lambda: made.append(peer.compile(pattern)), repeats)
    return best, made[-1]


def _passes(
    peer: Peer, pattern: str, ids: Sequence[int], compiled: Any, compile_ms: float
) -> tuple[list[list[float]], list[list[float]]]:
    """Microseconds of each step, in first passes along a text with nothing kept and in second ones: fewer of both where they are slow."""
    assert peer.masks is not None
    first: list[list[float]] = []
    second: list[list[float]] = []
    for round_ in range(PASSES if compile_ms < 500 else 1):
        used = peer.compile(pattern) if round_ else compiled
        first.append(_along(peer.masks(used), ids))
        second.append(_along(peer.masks(used), ids) if sum(first[-1]) < SLOW_US else first[-1])
        if sum(first[-1]) > SLOW_US:
            break
    return first, second


def best_ms(run: Callable[[], Any], repeats: int, slow_ms: float = 1000.0) -> float:
    """Milliseconds of processor time of the fastest run; one run if it is slow."""
    best = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        run()
        best = min(best, (time.process_time() - began) * 1e3)
        if best > slow_ms:
            break
    return best


def resident_mb() -> float:
    """Memory of this process, after a collection and without what was freed; 0 where it is not told."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    path = Path("/proc/self/statm")
    return int(path.read_text(encoding="ascii").split()[1]) * 4096 / 1e6 if path.exists() else 0.0


def _along(mask: Callable[[Sequence[int]], object], ids: Sequence[int]) -> list[float]:
    """Microseconds of the mask before each token."""
    taken = []
    for at in range(len(ids)):
        before = ids[:at]
        began = time.process_time()
        mask(before)
        taken.append((time.process_time() - began) * 1e6)
    return taken


_ASCII = {"d": "0-9", "w": "a-zA-Z0-9_", "s": r" \t\n\r\f\v"}


def ascii_classes(pattern: str) -> str:
    r"""The pattern with ``\d``, ``\w`` and ``\s`` written out, for libraries to which they are Unicode's: so that all hold one language."""
    written: list[str] = []
    inside = False
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            escaped = next(characters)
            range_ = _ASCII.get(escaped)
            written.append(f"\\{escaped}" if range_ is None else range_ if inside else f"[{range_}]")
            continue
        inside = character == "[" or (inside and character != "]")
        written.append(character)
    return "".join(written)


def _interegular(vocabulary: Vocabulary, tokenizer: Any) -> Peer:
    from interegular import parse_pattern

    return Peer(lambda pattern: parse_pattern(pattern).to_fsm())


def _outlines(vocabulary: Vocabulary, tokenizer: Any) -> Peer:
    from outlines_core import Guide, Index
    from outlines_core import Vocabulary as TheirVocabulary

    tokens: dict[bytes, list[int]] = {}
    for i, token in enumerate(vocabulary.tokens):
        if token:
            tokens.setdefault(token, []).append(i)
    theirs = TheirVocabulary(EOS, tokens)
    mask = np.zeros(-(-len(vocabulary) // 32), dtype=np.int32)

    def masks(index: Any) -> Callable[[Sequence[int]], object]:
        guide = Guide(index)

        def step(ids: Sequence[int]) -> object:
            if ids:
                guide.advance(ids[-1], return_tokens=False)
            return guide.write_mask_into(mask.ctypes.data, mask.size, 4)

        return step

    return Peer(lambda pattern: Index(ascii_classes(pattern), theirs), masks)


def _xgrammar(vocabulary: Vocabulary, tokenizer: Any) -> Peer:
    import xgrammar

    raw = [token or b"<%d>" % i for i, token in enumerate(vocabulary.tokens)]
    info = xgrammar.TokenizerInfo(raw, xgrammar.VocabType.RAW, stop_token_ids=[EOS])
    compiler = xgrammar.GrammarCompiler(info, max_threads=1, cache_enabled=False)
    bits = xgrammar.allocate_token_bitmask(1, len(vocabulary))

    def masks(compiled: Any) -> Callable[[Sequence[int]], object]:
        matcher = xgrammar.GrammarMatcher(compiled)

        def step(ids: Sequence[int]) -> object:
            if ids and not matcher.accept_token(ids[-1]):
                raise ValueError("a token of a matching text is refused")
            return matcher.fill_next_token_bitmask(bits)

        return step

    def sampled(pattern: str, text: str) -> int:
        compiled = compiler.compile_regex(pattern)
        own, said, count = _places(tokenizer, text), b"", 0
        while said != text.encode():
            matcher = xgrammar.GrammarMatcher(compiled)
            if not matcher.accept_string(said):
                raise ValueError("a beginning of a matching text is refused")
            if forced := matcher.find_jump_forward_string():
                said += forced.encode()
                continue
            said += tokenizer.token_bytes(own(len(said), None))
            count += 1
        return count

    return Peer(compiler.compile_regex, masks, sampled)


def _llguidance(vocabulary: Vocabulary, tokenizer: Any) -> Peer:
    from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper

    class Raw:
        """The shape llguidance reads."""

        eos_token_id = EOS
        bos_token_id = None
        unk_token_id = None

        def __init__(self) -> None:
            self.tokens = [token or b"\xff<%d>" % i for i, token in enumerate(vocabulary.tokens)]
            self.special_token_ids = [i for i, token in enumerate(vocabulary.tokens) if not token]

        def __call__(self, text: bytes | str) -> list[int]:
            return list(tokenizer.encode(text.decode() if isinstance(text, bytes) else text))

    wrapped = LLTokenizer(TokenizerWrapper(Raw()))

    def compiled(pattern: str) -> Any:
        return LLMatcher(wrapped, LLMatcher.grammar_from_regex(ascii_classes(pattern)))

    def masks(matcher: Any) -> Callable[[Sequence[int]], object]:
        matcher.reset()

        def step(ids: Sequence[int]) -> object:
            if ids and not matcher.consume_token(ids[-1]):
                raise ValueError("a token of a matching text is refused")
            return matcher.unsafe_compute_mask_ptr(bits.ctypes.data, bits.nbytes)

        return step

    bits = np.zeros(-(-len(vocabulary) // 32), dtype=np.uint32)

    def sampled(pattern: str, text: str) -> int:
        matcher, own, said, count = compiled(pattern), _places(tokenizer, text), b"", 0
        while said != text.encode():
            forced = matcher.compute_ff_tokens()
            if not forced:
                allowed = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)
                forced = [own(len(said), np.unpackbits(allowed, bitorder="little"))]
                count += 1
            if not matcher.consume_tokens(forced):
                raise ValueError("a token of a matching text is refused")
            said += b"".join(map(tokenizer.token_bytes, forced))
        return count

    return Peer(compiled, masks, sampled)


def _enforcer(vocabulary: Vocabulary, tokenizer: Any) -> Peer:
    from lmformatenforcer import RegexParser, TokenEnforcer
    from lmformatenforcer.tokenenforcer import TokenEnforcerTokenizerData

    regular = [(i, token.decode("utf-8", "replace"), False) for i, token in enumerate(vocabulary.tokens) if token]

    def decode(ids: Sequence[int]) -> str:
        return b"".join(vocabulary.tokens[i] for i in ids).decode("utf-8", "replace")

    data = TokenEnforcerTokenizerData(regular, decode, EOS, True, len(vocabulary))

    def masks(parser: Any) -> Callable[[Sequence[int]], object]:
        enforcer = TokenEnforcer(data, parser)
        return lambda ids: enforcer.get_allowed_tokens(list(ids))

    return Peer(RegexParser, masks)


def _places(tokenizer: Any, text: str) -> Callable[[int, Any], int]:
    """Which token a model that writes ``text`` samples at a byte: the text's own, else the longest that is allowed and fits."""
    data, own, at = text.encode(), {}, 0
    for token in tokenizer.encode(text):
        own[at] = token
        at += len(tokenizer.token_bytes(token))

    def choose(at: int, allowed: Any) -> int:
        found = own.get(at)
        if found is not None and (allowed is None or allowed[found]):
            return int(found)
        fitting = [i for i, token in enumerate(tokenizer.tokens) if token and data.startswith(token, at)]
        return max((i for i in fitting if allowed is None or allowed[i]), key=lambda i: len(tokenizer.token_bytes(i)))

    return choose
