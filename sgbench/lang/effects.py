"""What each node does to a prompt state: one function for each kind of node (paper section 2, interpreter).

An effect runs on the state's executor, alone. Those in `IMMEDIATE` never block; those in `PAUSING` yield what they wait for, where the
backend's calls do (`sgbench.lang.calls`); the others may block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sgbench.errors import BackendError, ContractError, UsageError
from sgbench.lang.calls import Call, waited
from sgbench.lang.global_config import global_config
from sgbench.lang.ir import (
    SglCommitLazy,
    SglConcateAndAppend,
    SglConstantText,
    SglExpr,
    SglExprList,
    SglGen,
    SglImage,
    SglRoleBegin,
    SglRoleEnd,
    SglSelect,
    SglSeparateReasoning,
    SglVariable,
    SglVarScopeBegin,
    SglVarScopeEnd,
    SglVideo,
)
from sgbench.lang.ledger import charged
from sgbench.lang.media import encode_image, encode_video
from sgbench.lang.origins import written
from sgbench.lang.program_check import lacks
from sgbench.lang.reasoning import split
from sgbench.lang.sampling import SglSamplingParams, resolved
from sgbench.lang.variables import LOGPROB_LISTS, Meta, Slot, merge_lists

if TYPE_CHECKING:
    from sgbench.lang.executor import StreamExecutor

Slots = Iterator[Slot]
Effect = Callable[["StreamExecutor", Any, Slots], None]
PausingEffect = Callable[["StreamExecutor", Any, Slots], Call[None]]


def performed(state: StreamExecutor, expr: SglExpr, slots: Slots) -> Call[None]:
    """Do ``expr`` to ``state``; ``slots`` gives the slot of each variable that it makes, in order.

    Raises
    ------
    UsageError
        ``expr`` is no node.
    """
    kind = type(expr)
    if kind not in _EFFECTS and kind not in _PAUSING_EFFECTS:
        raise UsageError(f"a prompt state takes text and nodes such as gen(...), not {kind.__name__}: {expr!r}")
    if state.speculation is not None and state.speculation.takes(state, expr, slots, execute):
        return
    if kind in _EFFECTS:
        _EFFECTS[kind](state, expr, slots)
    else:
        yield from _PAUSING_EFFECTS[kind](state, expr, slots)


def execute(state: StreamExecutor, expr: SglExpr, slots: Slots) -> None:
    """`performed`, blocking where it waits."""
    waited(performed(state, expr, slots))


def _list(state: StreamExecutor, expr: SglExprList, slots: Slots) -> Call[None]:
    for part in expr.expr_list:
        yield from performed(state, part, slots)


def _text(state: StreamExecutor, expr: SglConstantText, slots: Slots) -> None:
    _fill(state, expr.value)


def _fill(state: StreamExecutor, text: str) -> None:
    state.write(text, "template")
    state.announce(text, "template")


def _gen(state: StreamExecutor, expr: SglGen, slots: Slots, model_type: str | None = None) -> Call[None]:
    """``model_type``: the thinking is cut off, into the next slot; such a completion does not come in pieces."""
    slot = next(slots)
    params = resolved(state.default_sampling_para, expr.sampling_params, state.chat_template.stop_str)
    lacking = state.backend.capabilities.missing(params)
    if lacking:
        raise BackendError(f"{type(state.backend).__name__} has no {lacking}, which gen({expr.name!r}) asks for")
    state.begin_call()
    prompt_chars = len(state.text_)
    if model_type is not None:
        meta = yield from _gen_apart(state, slot, next(slots), params, model_type)
    elif state.stream and params.n == 1 and state.backend.capabilities.streaming:
        meta = _gen_pieces(state, slot, params, prompt_chars)
    else:
        meta = yield from _gen_whole(state, slot, params, prompt_chars)
    slot.meta = state.meta_info[slot.name] = meta
    slot.rids = state.last_rids
    state.usage = charged(state.usage, meta)


def _gen_whole(state: StreamExecutor, slot: Slot, params: SglSamplingParams, prompt_chars: int) -> Call[Meta]:
    if state.speculation is None:
        completion, meta = yield from _generated(state, params)
    else:
        completion, meta = state.speculation.generate(state, params)
    first = completion[0] if isinstance(completion, list) else completion
    if not meta.get("speculated"):
        state.transcript.mark_read(prompt_chars, meta.get("cached_text_len", 0))
    _arrive(state, slot, completion, first, 0, meta)
    return meta


def _generated(state: StreamExecutor, params: SglSamplingParams) -> Call[tuple[str | list[str], Meta]]:
    backend = state.backend
    if backend.pauses:
        return (yield from backend.generation(state, params))
    return backend.generate(state, sampling_params=params)


def _arrive(state: StreamExecutor, slot: Slot, value: Any, text: str, start: int, meta: Meta) -> None:
    """``value`` is the slot's, and ``text``, which stands at character ``start`` of the completion, the state's."""
    for origin, piece in written(text, start, meta):
        state.write(piece, origin, slot.name)
    state.store(slot, value)
    slot.chunks.append((text, meta))
    state.publish()
    if state.backend.listening:
        for origin, piece in written(text, start, meta):
            state.announce(piece, origin, slot.name)


def _gen_apart(
    state: StreamExecutor, slot: Slot, thinking: Slot, params: SglSamplingParams, model_type: str
) -> Call[Meta]:
    """A completion whose answer goes to the text and to ``slot``, and whose thinking only to ``thinking``."""
    prompt_chars = len(state.text_)
    completion, meta = yield from _generated(state, params)
    samples = [split(one, model_type) for one in (completion if isinstance(completion, list) else [completion])]
    state.transcript.mark_read(prompt_chars, meta.get("cached_text_len", 0))
    several = isinstance(completion, list)
    state.store(thinking, [one.thinking for one in samples] if several else samples[0].thinking)
    thinking.chunks.append((samples[0].thinking, meta))
    thinking.meta = state.meta_info[thinking.name] = meta
    answers = [one.answer for one in samples] if several else samples[0].answer
    _arrive(state, slot, answers, samples[0].answer, samples[0].answer_start, meta)
    return meta


def _reasoning(state: StreamExecutor, expr: SglSeparateReasoning, slots: Slots) -> Call[None]:
    parts = expr.expr.expr_list if isinstance(expr.expr, SglExprList) else [expr.expr]
    for part in parts:
        if isinstance(part, SglExprList):
            yield from _reasoning(state, SglSeparateReasoning(part, expr.model_type), slots)
        elif isinstance(part, SglGen):
            yield from _gen(state, part, slots, expr.model_type)
        else:
            yield from performed(state, part, slots)
            if isinstance(part, SglSelect) and part.name is not None:
                state.store(next(slots), "")  # a choice is taken, not thought about


def _gen_pieces(state: StreamExecutor, slot: Slot, params: SglSamplingParams, prompt_chars: int) -> Meta:
    whole = ""
    meta: Meta = {}
    held: Meta = {}  # logprobs of pieces without text: they go out with the next piece that has some
    state.store(slot, whole)
    for piece, piece_meta in state.backend.generate_stream(state, sampling_params=params):
        state.transcript.mark_read(prompt_chars, piece_meta.get("cached_text_len", 0))
        meta = merge_lists(meta, piece_meta)
        held = merge_lists(held, piece_meta)
        if piece:
            for origin, part in written(piece, len(whole), piece_meta):
                state.write(part, origin, slot.name)
            whole += piece
            state.store(slot, whole)
            slot.chunks.append((piece, held))
            held = {}
            state.publish()
    if any(held.get(key) for key in LOGPROB_LISTS):
        slot.chunks.append(("", held))
    for origin, part in written(whole, 0, meta):
        state.announce(part, origin, slot.name)
    return meta


def _select(state: StreamExecutor, expr: SglSelect, slots: Slots) -> Call[None]:
    lacking = lacks(expr, state.backend, state.default_sampling_para)
    if lacking:
        raise BackendError(f"{type(state.backend).__name__} {lacking}")
    state.begin_call()
    prompt_chars = len(state.text_)
    asked = (state, expr.choices, expr.temperature, expr.choices_method)
    if state.backend.pauses:
        decision = yield from state.backend.selection(*asked)
    else:
        decision = state.backend.select(*asked)
    meta = decision.meta_info or {}
    state.transcript.mark_read(prompt_chars, meta.get("cached_text_len", 0))
    state.write(decision.decision, "selected", expr.name)
    if expr.name is not None:
        slot = next(slots)
        state.store(slot, decision.decision)
        slot.chunks.append((decision.decision, meta))
        slot.meta = state.meta_info[expr.name] = meta
        slot.rids = state.last_rids
    state.usage = charged(state.usage, meta)
    state.publish()
    state.announce(decision.decision, "selected", expr.name)


def _role_begin(state: StreamExecutor, expr: SglRoleBegin, slots: Slots) -> None:
    if state.cur_role is not None:
        raise ContractError(
            f"Nested roles are not allowed. A turn of {expr.role!r} begins inside one of {state.cur_role!r}"
        )
    default = state.chat_template.default_system_prompt
    if not state.messages_ and expr.role != "system" and default is not None:
        _role_begin(state, SglRoleBegin("system"), slots)
        _fill(state, default)
        _role_end(state, SglRoleEnd("system"), slots)
    prefix, _ = state.chat_template.get_prefix_and_suffix(expr.role, state.messages_)
    _fill(state, prefix)
    state.cur_role = expr.role
    state.cur_role_begin_pos = len(state.text_)


def _role_end(state: StreamExecutor, expr: SglRoleEnd, slots: Slots) -> None:
    if state.cur_role != expr.role:
        raise ContractError(f"the turn of {expr.role!r} ends, but the open turn is {state.cur_role!r}")
    content = _content(state)
    _, suffix = state.chat_template.get_prefix_and_suffix(expr.role, state.messages_)
    _fill(state, suffix)
    state.messages_.append({"role": expr.role, "content": content})
    state.cur_role = None


def _content(state: StreamExecutor) -> str | list[dict[str, Any]]:
    """What the open turn says: its text, or its text and images, as chat servers take them."""
    text = state.text_[state.cur_role_begin_pos :].lstrip()
    if not state.cur_images:
        return text
    images, state.cur_images = state.cur_images, []
    urls = [{"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}} for _, data in images]
    return [{"type": "text", "text": text}, *urls]


def _image(state: StreamExecutor, expr: SglImage, slots: Slots) -> None:
    _show(state, expr.path, encode_image, "image")


def _video(state: StreamExecutor, expr: SglVideo, slots: Slots) -> None:
    _show(state, expr.path, lambda path: encode_video(path, expr.num_frames), "video")


def _show(state: StreamExecutor, source: Any, encode: Callable[[Any], str], kind: str) -> None:
    if not state.backend.capabilities.images:
        raise BackendError(
            f"{type(state.backend).__name__} runs models that read text only, and cannot take {kind}(...)"
        )
    shown = (source, encode(source))
    state.images_.append(shown)
    state.cur_images.append(shown)
    state.backend.fill_image(state)
    _fill(state, state.chat_template.image_token)


def _scope_begin(state: StreamExecutor, expr: SglVarScopeBegin, slots: Slots) -> None:
    slot = next(slots)
    slot.held = True
    state.scopes[expr.name] = (len(state.text_), slot)


def _scope_end(state: StreamExecutor, expr: SglVarScopeEnd, slots: Slots) -> None:
    if expr.name not in state.scopes:
        raise ContractError(f"the scope of variable {expr.name!r} ends, but none is open")
    start, slot = state.scopes.pop(expr.name)
    text = state.text_[start:]
    state.store(slot, text)
    slot.chunks.append((text, {}))
    slot.rids = state.last_rids
    slot.done.set()
    state.publish()


def _variable(state: StreamExecutor, expr: SglVariable, slots: Slots) -> None:
    value = expr.source.get_var(expr.name)
    if not isinstance(value, str):
        raise UsageError(f"variable {expr.name!r} was appended, which is no text but a {type(value).__name__}")
    state.last_rids = (*state.last_rids, *expr.source.rids(expr.name))
    _fill(state, value)


def _commit(state: StreamExecutor, expr: SglCommitLazy, slots: Slots) -> None:
    state.begin_call()
    meta = state.backend.commit_lazy_operations(state)
    if isinstance(meta, dict):
        state.transcript.mark_read(len(state.text_), meta.get("cached_text_len", 0))
        state.usage = charged(state.usage, meta)


def _concatenate(state: StreamExecutor, expr: SglConcateAndAppend, slots: Slots) -> None:
    sources: list[StreamExecutor] = [source.stream_executor for source in expr.states]
    in_kv = global_config.enable_parallel_encoding and state.backend.support_concate_and_append
    if in_kv:
        state.backend.commit_lazy_operations(state)
    for source in sources:
        source.sync()
        if in_kv:
            source.backend.commit_lazy_operations(source)
        spans = source.transcript.since(source.fork_start_text_pos)
        for span in spans:
            state.write(span.text, span.origin, span.name)
        state.announce("".join(span.text for span in spans), "template")
        state.last_rids = (*state.last_rids, *source.last_rids)
    if in_kv:
        state.backend.concatenate_and_append([source.sid for source in sources], state.sid)


_PAUSING_EFFECTS: dict[type, PausingEffect] = {
    SglExprList: _list,
    SglGen: _gen,
    SglSelect: _select,
    SglSeparateReasoning: _reasoning,
}

_EFFECTS: dict[type, Effect] = {
    SglConstantText: _text,
    SglImage: _image,
    SglVideo: _video,
    SglRoleBegin: _role_begin,
    SglRoleEnd: _role_end,
    SglVarScopeBegin: _scope_begin,
    SglVarScopeEnd: _scope_end,
    SglVariable: _variable,
    SglCommitLazy: _commit,
    SglConcateAndAppend: _concatenate,
}

IMMEDIATE = (SglConstantText, SglRoleBegin, SglRoleEnd, SglVarScopeBegin, SglVarScopeEnd)
"""Kinds whose effect never blocks."""

PAUSING = (SglGen, SglSelect)
"""Kinds whose effect waits for calls to the backend alone."""
