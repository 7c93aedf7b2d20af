"""Text, stops and streams: nothing shown is ever taken back, and characters stay whole."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.engine.output import Transcript
from sgbench.engine.request import ChunkResult, SamplingParams
from sgbench.engine.stop_ends import StopEnds

from .world import Letters, speaking


def say(reply: str, **sampling):
    """Final result of an engine that answers ``reply``."""
    with speaking(reply) as core:
        return core.generate("?:", {"temperature": 0, **sampling})


def test_the_end_of_text_ends_it_and_is_not_shown():
    result = say("good day")
    assert result["text"] == "good day"
    assert result["output_ids"] == [*b"good day", 0]
    assert result["meta_info"]["finish_reason"] == {"type": "stop", "matched": 0}


def test_ignore_eos_goes_on_to_the_length():
    result = say("ab", ignore_eos=True, max_new_tokens=4)
    assert result["output_ids"] == [97, 98, 0, 0]
    assert result["meta_info"]["finish_reason"] == {"type": "length", "length": 4}


@pytest.mark.parametrize(
    ("sampling", "text", "matched"),
    [
        ({"stop": "day"}, "good ", "day"),
        ({"stop": ["y", "da"]}, "good ", "da"),
        ({"stop": ["d", "good"]}, "", "good"),
        ({"stop": "day", "no_stop_trim": True}, "good day", "day"),
        ({"stop_token_ids": [ord("d")]}, "goo", ord("d")),
        ({"stop_token_ids": [ord("d")], "no_stop_trim": True}, "good", ord("d")),
        ({"stop_regex": r"\s"}, "good", r"\s"),
        ({"stop_regex": ["x", "d+a?"]}, "goo", "d+a?"),
        ({"stop": "never"}, "good day", 0),
        ({"stop": "d", "min_new_tokens": 5}, "good ", "d"),
    ],
)
def test_what_stops_is_named_and_trimmed(sampling, text, matched):
    result = say("good day", **sampling)
    assert result["text"] == text
    assert result["meta_info"]["finish_reason"] == {"type": "stop", "matched": matched}


def test_below_the_least_number_of_tokens_the_end_is_not_sampled():
    result = say("a", min_new_tokens=3, max_new_tokens=5)
    assert 0 not in result["output_ids"][:3] and len(result["output_ids"]) >= 3


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.sampled_from("abé€😀"), max_size=12),
    st.lists(st.text(st.sampled_from("abé€"), min_size=1, max_size=3), max_size=3),
    st.booleans(),
    st.integers(0, 12),
    st.lists(st.integers(1, 4), min_size=1, max_size=40),
)
def test_a_stream_only_grows_and_ends_as_the_whole_does(reply, stops, keep, least, cuts):
    """Tokens cut the bytes anywhere, also inside characters."""
    data, pieces = reply.encode(), []
    while data:
        size = cuts[len(pieces) % len(cuts)]
        pieces.append(data[:size])
        data = data[size:]
    params = SamplingParams(stop=tuple(stops), no_stop_trim=keep, min_new_tokens=min(least, len(pieces)))
    said = Transcript(params, Letters(pieces), (0,))
    shown = ""
    for i in range(len(pieces)):
        said.accept(ChunkResult(token_id=256 + i), room=len(pieces) - i)
        text = said.text()
        assert text.startswith(shown)
        assert "�" not in text
        shown = text
        if said.finish_reason:
            break
    else:
        said.finish({"type": "length", "length": len(pieces)})
        assert said.text() == reply
    assert said.text().startswith(shown)
    if said.finish_reason["type"] == "stop":
        stop = said.finish_reason["matched"]
        at = reply.index(stop, len(said.text()) - (len(stop) if keep else 0))
        assert said.text() == reply[: at + (len(stop) if keep else 0)]
        if not params.min_new_tokens:
            assert all(other not in said.text()[:at] for other in stops)


@settings(max_examples=500, deadline=None)
@given(
    st.binary(max_size=12) | st.text(st.sampled_from("abé€"), max_size=12).map(str.encode),
    st.lists(st.text(st.sampled_from("abé€\ufffd"), min_size=1, max_size=3), min_size=1, max_size=3),
    st.integers(0, 12),
    st.lists(st.integers(1, 4), min_size=1, max_size=12),
    st.booleans(),
)
def test_looking_only_where_a_stop_may_end_finds_the_same_stops(data, stops, least, cuts, streams):
    pieces = []
    while data:
        size = cuts[len(pieces) % len(cuts)]
        pieces.append(data[:size])
        data = data[size:]
    letters = Letters(pieces)
    params = SamplingParams(stop=tuple(stops), min_new_tokens=min(least, len(pieces)))
    always = Transcript(params, letters, (0,))
    seldom = Transcript(params, letters, (0,), StopEnds(stops, letters, skip_special=True))
    for i in range(len(pieces)):
        for said in (always, seldom):
            said.accept(ChunkResult(token_id=256 + i), room=len(pieces) - i - 1)
        assert seldom.finish_reason == always.finish_reason
        if streams or always.finish_reason:
            assert seldom.text() == always.text()
        if always.finish_reason:
            return


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=20), st.lists(st.integers(1, 3), min_size=1, max_size=20))
def test_bytes_that_are_no_characters_are_replaced_as_a_whole_decode_would(data, cuts):
    pieces, rest = [], data
    while rest:
        size = cuts[len(pieces) % len(cuts)]
        pieces.append(rest[:size])
        rest = rest[size:]
    said = Transcript(SamplingParams(), Letters(pieces), ())
    for i in range(len(pieces)):
        said.accept(ChunkResult(token_id=256 + i), room=1)
        said.text()
    said.finish({"type": "length", "length": len(pieces)})
    assert said.text() == data.decode("utf-8", "replace")


def test_a_stream_yields_growing_texts_and_then_the_whole():
    with speaking("one, two, three", start=True) as core:
        chunks = list(core.generate("?:", {"stop": "three"}, stream=True))
        assert chunks[-1]["text"] == "one, two, "
        texts = [chunk["text"] for chunk in chunks]
        assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(texts))
        assert [chunk["meta_info"]["finish_reason"] is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]
        several = list(core.generate(["?:", "!:"], {"max_new_tokens": 3}, stream=True))
        assert {chunk["index"] for chunk in several} == {0, 1}
        assert {chunk["index"]: chunk["text"] for chunk in several} == {0: "one", 1: "one"}


def test_a_stream_that_is_left_early_aborts_its_request():
    core = speaking("x" * 400)
    for chunk in core.generate("?:", {"max_new_tokens": 300}, stream=True):
        if len(chunk["text"]) > 3:
            break
    del chunk
    assert core.stats().aborted == 1
    assert core.stats().kv_tokens_used == 0
    core.check_integrity()


def test_a_prefill_tells_what_may_come_next_and_takes_nothing():
    with speaking("yes") as core:
        result = core.generate(
            "?:", {"max_new_tokens": 0}, return_logprob=True, top_logprobs_num=2, return_text_in_logprobs=True
        )
        assert (result["text"], result["output_ids"]) == ("", [])
        assert result["meta_info"]["output_top_logprobs"][0][0][2] == "y"
        assert result["meta_info"]["output_token_logprobs"] == []
        assert core.generate("?:", {"max_new_tokens": 0})["meta_info"]["finish_reason"] == {
            "type": "length",
            "length": 0,
        }
        assert core.stats().completion_tokens == 0


def test_n_samples_of_lists_come_flat_and_in_order():
    with speaking("ok") as core:
        results = core.generate(["a:", "b:"], [{"n": 2}, {"n": 1, "max_new_tokens": 1}])
        assert [result["text"] for result in results] == ["ok", "ok", "o"]
        assert isinstance(core.generate("a:", {"n": 2}), list)
        assert isinstance(core.generate(["a:"]), list)
        assert core.generate("a:")["meta_info"]["cached_tokens"] == 1
