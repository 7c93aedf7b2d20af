"""Constraints in a running engine: whatever is cached, evicted, preempted or retokenized, outputs are those of a walk without KV."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.constrained.compiler import Compiler
from sgbench.engine.constrained.constraint import Constraint
from sgbench.engine.engine import EngineCore
from sgbench.engine.radix_attention import RadixCache
from sgbench.engine.request import SamplingParams
from sgbench.engine.runner.scripted import ScriptedRunner
from sgbench.errors import ConstraintError
from sgbench.trace.events import JumpForward, RequestConstrained, Retokenized
from tests.constrained.spelling import EOS, LongestMatch
from tests.engine.world import Fold, scripted

MODES = ("safe", "text", "off")
TOKENIZER = LongestMatch()
VOCAB = TOKENIZER.vocab_size
COMPILER = Compiler(TOKENIZER.vocabulary)
PATTERNS = [
    "(Gry|Gra)ffindor( the [ab]{1,4})?",
    '\\{"name": "[a-z]{0,3}", "grade": "[ABCD][+-]?"\\}',
    "[ab]*abcabc",
    "(aa|aaa)a{3}b?",
    "中(国|央)aaa",
    "order(Id|Name| and the)x1?",
    "[0-9]{1,3}(, [0-9]{1,3}){0,2}",
    "(é|中|and){2,6}",
    "summary",
    "(?s:.){0,3}mary",
]


def follow(tokens: tuple[int, ...]) -> int:
    """The next token: depends on every token and its place."""
    value = 17
    for token in tokens:
        value = (value * 31 + token + 7) % 1_000_003
    return value % VOCAB


def engine(mode: str, **options: Any) -> EngineCore:
    kv_tokens = options.pop("kv_tokens", 400)
    next_token = options.pop("next_token", follow)
    return scripted(kv_tokens, next_token=next_token, vocab=VOCAB, tokenizer=TOKENIZER, jump_forward=mode, **options)


def walk(prompt: list[int], pattern: str, n: int, mode: str) -> tuple[list[int], str]:
    """Output and reason of a request, without engine, KV or cache."""
    constraint = Constraint(COMPILER.regex(pattern), TOKENIZER, frozenset({EOS}), mode)
    out: list[int] = []

    def jump() -> None:
        while len(out) < n and (found := constraint.jump(prompt, out, n - len(out))) is not None:
            del out[found.keep :]
            constraint.rewind(found.keep)
            for token in found.token_ids[: n - len(out)]:
                out.append(token)
                constraint.advance(token)

    jump()
    while len(out) < n:
        if constraint.ended:
            return out, "stop"
        allowed = set(constraint.allowed(n - len(out)).to_ids().tolist())
        want = follow((*prompt, *out))
        token = next(t for t in ((want + k) % VOCAB for k in range(VOCAB)) if t in allowed)
        out.append(token)
        if token == EOS:
            return out, "stop"
        constraint.advance(token)
        jump()
    return out, "length"


requests = st.lists(
    st.tuples(
        st.lists(st.sampled_from([66, 67, 98, 99, 260, 261]), min_size=1, max_size=14),
        st.sampled_from([None, *PATTERNS]),
        st.integers(10, 24),
        st.integers(0, 8),
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=60, deadline=None)
@given(
    requests=requests,
    mode=st.sampled_from(MODES),
    cache=st.sampled_from(("radix", "flat", "force-miss", "off")),
    sizes=st.fixed_dictionaries(
        {"kv_tokens": st.integers(40, 80), "max_running": st.integers(1, 5), "max_prefill_tokens": st.integers(1, 20)}
    ),
    logprobs=st.booleans(),
)
def test_outputs_are_those_of_a_walk_without_kv_and_everything_adds_up(
    requests: list[Any], mode: str, cache: str, sizes: dict[str, int], logprobs: bool
) -> None:
    core = engine(mode, radix_cache=cache, **sizes)
    fold = Fold()
    core.subscribe(fold)
    handles: dict[int, Any] = {}
    for step in range(3000):
        for i, (prompt, pattern, n, late) in enumerate(requests):
            if late == step:
                params = SamplingParams(max_new_tokens=n, regex=pattern, ignore_eos=pattern is None)
                handles[i] = core.submit(prompt, params, return_logprob=logprobs)
        ran = core.step()
        core.check_integrity()
        assert fold.snapshot() == core.snapshot()
        if not ran and step >= 8:
            break
    assert isinstance(core.runner, ScriptedRunner)
    for i, (prompt, pattern, n, _) in enumerate(requests):
        output = handles[i].wait()
        meta, ids = output.meta_info, list(output.output_ids)
        if pattern is not None:
            expected, reason = walk(prompt, pattern, n, mode)
            assert (ids, output.finish_reason["type"]) == (expected, reason)
            assert meta["complete"] == (re.fullmatch(pattern, output.text) is not None)
            assert meta["complete"] or reason == "length"
        if logprobs:
            spoken = [*prompt, *ids]
            wanted = [core.runner.logprob(tuple(spoken[:p]), spoken[p]) for p in range(len(prompt), len(spoken))]
            assert [value for value, _, _ in meta["output_token_logprobs"]] == wanted
            assert [i for _, i, _ in meta["output_token_logprobs"]] == ids
    stats = core.stats()
    assert stats.finished == len(requests) and stats.kv_tokens_used == 0
    assert stats.jumped_tokens == sum(h.wait().meta_info["jumped_tokens"] for h in handles.values())
    assert stats.completion_tokens == sum(len(h.wait().output_ids) for h in handles.values())
    assert not core.journal.failures


def test_the_walks_do_jump_and_retokenize() -> None:
    """What the property above relies on."""
    seen: list[Any] = []
    core = engine("text")
    core.subscribe(seen.append)
    for pattern in PATTERNS:
        core.generate("Bc", {"regex": pattern, "max_new_tokens": 40})
    changed = [event for event in seen if isinstance(event, Retokenized)]
    assert changed and any(event.dropped_kv_tokens for event in changed)
    assert all(event.old_ids[:1] != event.new_ids[:1] for event in changed)
    assert sum(isinstance(event, JumpForward) for event in seen) > len(PATTERNS) / 2
    assert sum(isinstance(event, RequestConstrained) for event in seen) == len(PATTERNS)


def test_a_jump_says_what_it_appended() -> None:
    seen: list[Any] = []
    core = engine("safe")
    core.subscribe(seen.append)
    result = core.generate("Bc", {"regex": '\\{"name": "[ab]"\\}'})
    jumps = [event for event in seen if isinstance(event, JumpForward)]
    assert jumps[0].position == 0 and '{"name": "'.startswith(jumps[0].text)
    assert jumps[0].text + jumps[0].held_back == '{"name": "'
    assert all(TOKENIZER.decode(event.token_ids).decode() == event.text for event in jumps)
    spans = result["meta_info"]["jumped_spans"]
    assert "".join(result["text"][a:b] for a, b in spans) == "".join(event.text for event in jumps)
    assert result["meta_info"]["jumped_tokens"] == sum(len(event.token_ids) for event in jumps)


@pytest.mark.parametrize("mode", ["safe", "text"])
def test_jumping_saves_forward_passes_and_changes_no_rule(mode: str) -> None:
    pattern = '\\{"summary": "[ab]{1,3}", "name": "(Above Average|Gryffindor)"\\}'
    passes = {}
    for name in (mode, "off"):
        core = engine(name)
        result = core.generate("Bc", {"regex": pattern})
        assert re.fullmatch(pattern, result["text"]) and result["meta_info"]["complete"]
        passes[name] = core.stats().forward_passes
    assert passes[mode] * 2 <= passes["off"]


@pytest.mark.parametrize("mode", MODES)
def test_the_end_is_allowed_exactly_where_the_text_may_end(mode: str) -> None:
    ends = engine(mode, next_token=lambda tokens: EOS)
    assert ends.generate("x", {"regex": "[ab]{2,5}"})["text"] in {"aa", "ab", "ba", "bb"}
    ended = ends.generate("x", {"regex": "(ab)*"})
    assert ended["text"] == "" and ended["meta_info"]["finish_reason"] == {"type": "stop", "matched": EOS}
    never = engine(mode, next_token=lambda tokens: 98)
    assert never.generate("x", {"regex": "a*", "max_new_tokens": 7})["meta_info"]["finish_reason"]["type"] == "length"
    forced = never.generate("x", {"regex": "a{1,4}", "ignore_eos": True})
    assert forced["text"] == "aaaa" and forced["meta_info"]["finish_reason"] == {"type": "stop", "matched": None}


@pytest.mark.parametrize("mode", MODES)
def test_every_jumped_token_passes_the_same_checks_as_a_sampled_one(mode: str) -> None:
    core = engine(mode)
    cut = core.generate("x", {"regex": "orderthename[ab]", "stop": "then"})
    assert cut["text"] == "order" and cut["meta_info"]["finish_reason"]["matched"] == "then"
    assert cut["meta_info"]["complete"] is False
    # four tokens could spell it, x and 123 twice; the tokenizer, which takes x1 first, writes six
    short = core.generate("x", {"regex": "(x123){2}", "max_new_tokens": 4})
    assert len(short["output_ids"]) == 4 and short["meta_info"]["finish_reason"] == {"type": "length", "length": 4}
    assert short["meta_info"]["complete"] is False
    (the,) = TOKENIZER.encode("the")
    stopped = core.generate("x", {"regex": "order(the|an|中)", "stop_token_ids": [the], "max_new_tokens": 20})
    assert stopped["output_ids"].count(the) <= 1 and the not in stopped["output_ids"][:-1]
    core.check_integrity()


def test_a_whole_text_that_is_forced_needs_no_forward_pass() -> None:
    core = engine("safe")
    result = core.generate("x", {"regex": "summary"})
    assert result["text"] == "summary" and result["meta_info"]["complete"]
    assert core.stats().forward_passes == 0
    told = core.generate("x", {"regex": "summary"}, return_logprob=True, top_logprobs_num=2)
    assert len(told["meta_info"]["output_token_logprobs"]) == len(told["output_ids"])
    assert len(told["meta_info"]["output_top_logprobs"]) == len(told["output_ids"])
    assert core.stats().forward_passes == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_stream_only_grows(mode: str) -> None:
    core = engine(mode)
    for pattern in PATTERNS[:4]:
        texts = [part["text"] for part in core.generate("Bc", {"regex": pattern}, stream=True)]
        assert all(b.startswith(a) for a, b in itertools.pairwise(texts))
        assert texts[-1] == engine(mode).generate("Bc", {"regex": pattern})["text"]


def test_requests_that_share_prompt_and_constraint_share_the_forced_text_in_the_tree() -> None:
    core = engine("safe")
    params = {"regex": '\\{"summary": "[ab]{3}"\\}'}
    first = core.generate("Bc Bc Bc", params)["meta_info"]
    before = core.stats().prefill_tokens
    second = core.generate("Bc Bc Bc", params)["meta_info"]
    assert first["cached_tokens"] == 0 and second["cached_tokens"] == second["prompt_tokens"]
    assert core.stats().prefill_tokens - before < first["jumped_tokens"]


def test_what_is_forced_in_mid_answer_enters_the_tree_at_the_end_as_sampled_tokens_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A walk through the tree for each jump would take more of the host's time than the jump spares."""
    core = engine("safe")
    finals: list[bool] = []
    insert = RadixCache.insert

    def counted(self: RadixCache, *args: Any, final: bool) -> Any:
        finals.append(final)
        return insert(self, *args, final=final)

    monkeypatch.setattr(RadixCache, "insert", counted)
    result = core.generate("Bc", {"regex": '([ab]{2}, "name": "[ab]"){3}'})
    assert len(result["meta_info"]["jumped_spans"]) >= 3 and finals == [False, True]


def test_a_batch_compiles_its_constraint_once() -> None:
    core = engine("safe", start=True)
    with core:
        core.generate(["Bc"] * 12, {"regex": "[ab]{2}c", "n": 2})
        stats = core.compiler.stats()
    assert (stats.misses, stats.machines) == (1, 1) and stats.hits == 23


BAD = {
    "(a": "malformed regex at position 0",
    "a(?=b)": "look-ahead",
    "[^\\s\\S]": "no text satisfies",
    "(a|b)*a(a|b){20}": "(a|b){20}",
    "a{400}": "at least",
}


@pytest.mark.parametrize("pattern", BAD)
def test_a_bad_constraint_is_one_clear_error_and_the_engine_goes_on(pattern: str) -> None:
    core = engine("safe")
    with pytest.raises(ConstraintError, match=re.escape(BAD[pattern])):
        core.generate("x", {"regex": pattern, "max_new_tokens": 8})
    assert core.compiler.stats().machines == (pattern == "a{400}")
    assert core.generate("x", {"regex": "[ab]"})["text"] in "ab"
    core.check_integrity()


def test_two_constraints_at_once_are_refused() -> None:
    with pytest.raises(ConstraintError, match="both given"):
        engine("safe").generate("x", {"regex": "a", "json_schema": {"type": "integer"}})


def test_a_constraint_needs_a_tokenizer() -> None:
    with pytest.raises(ConstraintError, match="tokenizer"):
        scripted().generate(input_ids=[1], sampling_params={"regex": "a"})


def test_a_vocabulary_that_cannot_spell_the_text_is_named() -> None:
    lacking = LongestMatch(single_bytes=b"abc")
    core = scripted(60, next_token=lambda tokens: 1, vocab=lacking.vocab_size, tokenizer=lacking)
    with pytest.raises(ConstraintError, match=r"cannot spell.*Z"):
        core.generate(input_ids=[1], sampling_params={"regex": "aZ"})
    assert core.generate(input_ids=[1], sampling_params={"regex": "(ab|aZ)c"})["text"] == "abc"


def test_an_interrupt_in_mid_compile_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    from sgbench.engine.constrained import determinise

    core = engine("safe")
    real = determinise.finish

    def interrupted(*args: Any) -> Any:
        monkeypatch.setattr(determinise, "finish", real)
        raise KeyboardInterrupt

    monkeypatch.setattr(determinise, "finish", interrupted)
    with pytest.raises(KeyboardInterrupt):
        core.generate("x", {"regex": "[ab]{3}"})
    assert core.compiler.stats().machines == 0
    assert len(core.generate("x", {"regex": "[ab]{3}"})["text"]) == 3


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "pattern", ["[ab]*c", '\\{"name": "[a-z ]*", "grade": "[ABCD]"\\}', "(aa|aaa)*b", "[0-9]{1,40}(, order)?"]
)
def test_a_text_that_must_close_in_time_does(mode: str, pattern: str) -> None:
    masks = COMPILER.regex(pattern)
    shortest = int(masks.tokens_to_accept[masks.machine.start])
    never_ends = engine(mode, next_token=lambda tokens: 98)
    for n in range(shortest, shortest + 12):
        result = never_ends.generate("x", {"regex": pattern, "max_new_tokens": n, "close_within_budget": True})
        assert result["meta_info"]["complete"] and len(result["output_ids"]) <= n, n
        assert re.fullmatch(pattern, result["text"])
    if shortest > 1:
        with pytest.raises(ConstraintError, match=f"at least {shortest};"):
            never_ends.generate("x", {"regex": pattern, "max_new_tokens": shortest - 1, "close_within_budget": True})


@pytest.mark.parametrize("mode", MODES)
def test_a_stop_pattern_ends_a_constrained_text_wherever_it_appears(mode: str) -> None:
    core = engine(mode)
    forced = core.generate("x", {"regex": "orderthename[ab]", "stop_regex": "h.n"})
    assert forced["text"] == "ordert" and forced["meta_info"]["finish_reason"]["matched"] == "h.n"
    assert forced["meta_info"]["complete"] is False, "what was trimmed was needed"
    kept = core.generate("x", {"regex": "(sum){1,9}mary", "stop_regex": "sum$", "no_stop_trim": True})
    assert kept["text"].endswith("sum") and kept["meta_info"]["finish_reason"]["type"] == "stop"
    whole = core.generate("x", {"regex": "[ab]{2,4}(;[ab])?", "stop_regex": ";"})
    assert re.fullmatch("[ab]{2,4}", whole["text"]) and whole["meta_info"]["complete"]
    never = core.generate("x", {"regex": "(é|中|and){2}", "stop_regex": "Z"})
    assert never["meta_info"]["complete"] and never["meta_info"]["finish_reason"]["type"] == "stop"
    core.check_integrity()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_canonical_text_is_made_of_the_tokenizers_own_pairs_as_far_as_it_can(pattern: str) -> None:
    core = engine("off")
    result = core.generate("x", {"regex": pattern, "canonical": True, "max_new_tokens": 40})
    masks = COMPILER.regex(pattern)
    state = masks.machine.start
    ids = [i for i in result["output_ids"] if i != EOS]
    for left, right in itertools.pairwise(ids):
        state = masks.machine.step(state, TOKENIZER.token_bytes(left))
        if decodes(left, right) and TOKENIZER.encode(spelled(left, right)) != [left, right]:
            others = masks.allowed(state).tolist()
            assert not any(
                TOKENIZER.encode(spelled(left, other)) == [left, other] for other in others if decodes(left, other)
            )


def spelled(*ids: int) -> str:
    return TOKENIZER.decode(ids).decode("utf-8", "replace")


def decodes(*ids: int) -> bool:
    return "�" not in spelled(*ids)
