"""Requests of somebody else's server as a trace to ask what-if about: OpenAI-style JSON Lines, and Mooncake's traces.

Such a file tells what was asked and when, not what an engine did. So the trace that comes out holds causes only, says that nothing of it
was measured, and takes its KV pool from whoever asks. Knows formats, events and tokenizers; runs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from sgbench.errors import TraceError, UsageError
from sgbench.trace import file
from sgbench.trace.events import Event, Keyframe, RequestFinished, RequestQueued, TreeSnapshot
from sgbench.trace.header import TraceHeader
from sgbench.trace.trace import Trace
from sgbench.trace.vocab import Vocab, from_bytes

Encode: TypeAlias = Callable[[str], Sequence[int]]
"""Text to token ids."""

MOONCAKE_BLOCK_TOKENS = 512
"""Prompt tokens that one of Mooncake's ``hash_ids`` stands for."""
ANSWER_TOKENS = 128
"""Taken for the length of an answer of which the file tells nothing."""
_EMPTY: TreeSnapshot = {"nodes": [{"id": 0, "parent": None, "token_ids": [], "ref_count": 0, "last_access": 0}]}
_MAX_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a file: its prompt, its answer or the answer's length, and when it came (None: not told)."""

    prompt_ids: tuple[int, ...]
    answer_ids: tuple[int, ...] | None
    answer_tokens: int
    at_ms: float | None


def is_import(path: str | Path) -> bool:
    """Is the file something that `read_requests` reads, and no trace of ours? Unreadable ones are left to `Trace.load`."""
    try:
        first = _first_line(Path(path))
    except (OSError, ValueError, EOFError):
        return False
    return isinstance(first, dict) and "sgtrace" not in first


def read_requests(
    path: str | Path,
    *,
    kv_tokens: int,
    requests: int | None = None,
    tokenizer: Any = None,
    encode: Encode | None = None,
) -> Trace:
    """The requests of a file as a trace without measurements.

    Parameters
    ----------
    path
        JSON Lines, gzip by extension, one request a line, in one of three forms:

        * Mooncake: ``{"timestamp": ms, "input_length": n, "output_length": n, "hash_ids": [...]}``; equal ids are equal blocks of 512
          prompt tokens, and an answer is never hit, because its content is not told.
        * OpenAI chat: ``{"messages": [{"role": ..., "content": ...}, ...]}``, templated as ChatML. A last message of the assistant is the
          answer; without one its length is ``max_tokens`` or 128.
        * OpenAI completions: ``{"prompt": text or token ids}``, with ``"completion"`` or ``max_tokens``.

        A batch file's ``body`` is looked into, and a ``timestamp`` in ms is taken where there is one.
    kv_tokens
        Size of the KV pool that is taken as the present one.
    requests
        Read at most so many.
    tokenizer
        A model's folder, to count its tokens; None: the bundled model's.
    encode
        Text to token ids, instead of ``tokenizer``.

    Raises
    ------
    TraceError
        A line cannot be read; the message names it.
    UsageError
        The file holds no request.
    """
    target = Path(path)
    reader = _Reader(target, _Text(tokenizer, encode))
    asked = list(reader.read(requests))
    if not asked:
        raise UsageError(f"{target} holds no request")
    header = TraceHeader(
        engine={"kv_tokens": kv_tokens},
        predicted={"imported": reader.form, "file": target.name, "requests": len(asked)},
    )
    return Trace(_events(asked, kv_tokens), header, reader.text.vocab)


def open_trace(path: str | Path, options: Mapping[str, Sequence[Any]], where: str) -> Trace:
    """A trace of ours, or an import with the largest ``kv_tokens`` of ``options`` as its pool.

    Raises
    ------
    UsageError
        An import, and no number is given for ``kv_tokens``.
    TraceError
        As `Trace.load` and `read_requests`.
    """
    if not is_import(path):
        return Trace.load(path)
    sizes = [value for value in options.get("kv_tokens", ()) if isinstance(value, int)]
    if not sizes:
        raise UsageError(
            f"{where}: {Path(path).name} does not tell the size of the KV pool: give kv_tokens=100_000,200_000 or so"
        )
    return read_requests(path, kv_tokens=max(sizes))


class _Reader:
    """Reads lines; `form` is told by the first."""

    def __init__(self, path: Path, text: _Text) -> None:
        self._path = path
        self.text = text
        self.form = ""

    def read(self, limit: int | None) -> Iterator[Asked]:
        number = count = 0
        try:
            with file.open_text(self._path, "r") as lines:
                for number, line in enumerate(lines, start=1):  # noqa: B007  (the errors below name it)
                    if line.isspace():
                        continue
                    if limit is not None and count >= limit:
                        return
                    yield self._asked(json.loads(line))
                    count += 1
        except (EOFError, OSError) as damage:
            raise TraceError(
                f"{self._path}, line {number + 1}: the file is damaged or cut short ({damage})"
            ) from damage
        except KeyError as missing:
            raise TraceError(f"{self._path}, line {number}: the field {missing} is missing") from missing
        except (ValueError, TypeError) as wrong:
            raise TraceError(f"{self._path}, line {number}: {wrong}") from wrong

    def _asked(self, data: Any) -> Asked:
        if not isinstance(data, dict):
            raise ValueError("a line must be a JSON object")
        body = data.get("body", data)
        form = next((name for name, field in _FORMS.items() if field in body), None)
        if form is None:
            raise ValueError("neither hash_ids (Mooncake) nor messages nor prompt (OpenAI) is there")
        self.form = self.form or form
        if form != self.form:
            raise ValueError(f"this line is {form}, the lines before are {self.form}")
        at_ms = _number(data, "timestamp", 0) if "timestamp" in data else None
        return {"Mooncake": self._mooncake, "OpenAI chat": self._chat, "OpenAI completions": self._completion}[form](
            body, at_ms
        )

    def _mooncake(self, data: Mapping[str, Any], at_ms: float | None) -> Asked:
        length, answer = _whole(data, "input_length", 1), _whole(data, "output_length", 0)
        blocks = data["hash_ids"]
        needed = -(-length // MOONCAKE_BLOCK_TOKENS)
        if not isinstance(blocks, list) or len(blocks) != needed:
            raise ValueError(f"{length} prompt tokens need {needed} hash_ids, one for every {MOONCAKE_BLOCK_TOKENS}")
        if any(type(block) is not int or not 0 <= block < _MAX_ID for block in blocks):
            raise ValueError("hash_ids must be whole numbers from 0")
        # Equal ids, equal tokens; different ids differ from the first token on.
        ids = [block for block in blocks for _ in range(MOONCAKE_BLOCK_TOKENS)][:length]
        return Asked(tuple(ids), None, answer, at_ms)

    def _chat(self, data: Mapping[str, Any], at_ms: float | None) -> Asked:
        messages = data["messages"]
        if not isinstance(messages, list) or not messages:
            raise ValueError("messages must be a list with at least one message")
        told = [(_word(message, "role"), _content(message)) for message in messages]
        answer = told.pop()[1] if told[-1][0] == "assistant" and len(told) > 1 else None
        ids: list[int] = []
        for role, content in told:
            ids += self.text.encode(f"<|im_start|>{role}\n")
            ids += self.text.encode(content)
            ids += self.text.encode("<|im_end|>\n")
        ids += self.text.encode("<|im_start|>assistant\n")
        return self._with_answer(ids, answer, data, at_ms)

    def _completion(self, data: Mapping[str, Any], at_ms: float | None) -> Asked:
        prompt = data["prompt"]
        if isinstance(prompt, str):
            ids = self.text.encode(prompt)
        elif isinstance(prompt, list) and all(type(i) is int and 0 <= i < _MAX_ID for i in prompt):
            ids = prompt
        else:
            raise ValueError("prompt must be text or a list of token ids")
        answer = data.get("completion")
        if answer is not None and not isinstance(answer, str):
            raise ValueError("completion must be text")
        return self._with_answer(ids, answer, data, at_ms)

    def _with_answer(
        self, ids: Sequence[int], answer: str | None, data: Mapping[str, Any], at_ms: float | None
    ) -> Asked:
        if not ids:
            raise ValueError("the prompt is empty")
        if answer is not None:
            answer_ids = tuple(self.text.encode(answer))
            return Asked(tuple(ids), answer_ids, len(answer_ids), at_ms)
        name = next((name for name in ("max_completion_tokens", "max_tokens") if data.get(name) is not None), None)
        return Asked(tuple(ids), None, _whole(data, name, 0) if name else ANSWER_TOKENS, at_ms)


_FORMS = {"Mooncake": "hash_ids", "OpenAI chat": "messages", "OpenAI completions": "prompt"}


class _Text:
    """A tokenizer that is opened when the first text comes."""

    def __init__(self, folder: Any, encode: Encode | None) -> None:
        self._folder = folder
        self._encode = encode
        self.vocab = Vocab()

    def encode(self, text: str) -> list[int]:
        if self._encode is None:
            from sgbench.engine.hub import BUNDLED, find_model
            from sgbench.engine.tokenizer import Tokenizer

            opened = Tokenizer(find_model(str(self._folder or BUNDLED), weights=False))
            self._encode = opened.encode
            known = opened.token_bytes
            self.vocab = Vocab(lookup=lambda i: from_bytes(known(i, skip_special=False)))
        return list(self._encode(text))


def _events(asked: Sequence[Asked], kv_tokens: int) -> list[Event]:
    """Each request queued when it came, and done at once: when it was done the file does not tell."""
    events: list[Event] = [Keyframe(tree=_EMPTY, capacity_tokens=kv_tokens, seq=0)]
    unread = 1 + max(max(one.prompt_ids) for one in asked)  # answers that nobody told are tokens that no prompt has
    told = [one.at_ms for one in asked]
    start = min((at for at in told if at is not None), default=0.0)
    times = [0.0 if at is None else at - start for at in told]
    for rid, index in enumerate(sorted(range(len(asked)), key=times.__getitem__)):
        one = asked[index]
        answer = one.answer_ids if one.answer_ids is not None else (min(unread + rid, _MAX_ID),) * one.answer_tokens
        at_ns = round(times[index] * 1e6) + 2_000 * rid  # who came together came in the file's order
        prompt = len(one.prompt_ids)
        queued = RequestQueued(rid=rid, prompt_ids=one.prompt_ids, max_new_tokens=len(answer))
        done = RequestFinished(rid=rid, reason="stop", output_ids=answer, prompt_tokens=prompt, cached_tokens=0)
        for event, later in ((queued, 0), (done, 1_000)):
            events.append(_stamped(event, len(events), at_ns + later))
    return events


def _stamped(event: Event, seq: int, t_ns: int) -> Event:
    object.__setattr__(event, "seq", seq)  # made here, seen by nobody yet
    object.__setattr__(event, "t_ns", t_ns)
    return event


def _first_line(path: Path) -> Any:
    with file.open_text(path, "r") as lines:
        return json.loads(next((line for line in lines if not line.isspace()), "null"))


def _number(data: Mapping[str, Any], name: str, least: float) -> float:
    value = data[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
        raise ValueError(f"{name} must be a number of at least {least}, not {value!r}")
    return float(value)


def _whole(data: Mapping[str, Any], name: str, least: int) -> int:
    value = data[name]
    if type(value) is not int or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return value


def _word(message: Any, name: str) -> str:
    if not isinstance(message, dict) or not isinstance(message.get(name), str):
        raise ValueError(f"a message must be an object with a {name}")
    return str(message[name])


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if content is None:  # a call of a tool
        return json.dumps(message.get("tool_calls") or "")
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) and part.get("type") == "text" for part in content):
        return "".join(str(part.get("text", "")) for part in content)
    raise ValueError("a message's content must be text: pictures and sound have no tokens here")
