"""Where each piece of a text came from."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

import sgbench as sgl
from sgbench.lang.ledger import charged, total
from sgbench.lang.spans import Span, Usage
from sgbench.lang.transcript import Transcript

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("template"), st.text(min_size=1, max_size=6)),
        st.tuples(st.just("decoded"), st.text(min_size=1, max_size=6)),
        st.tuples(st.just("read"), st.integers(0, 40)),
        st.tuples(st.just("copy"), st.none()),
    ),
    max_size=20,
)


@settings(deadline=None)
@given(STEPS)
def test_every_character_keeps_the_origin_of_its_first_read(steps) -> None:
    transcript, origins = Transcript(), []
    for kind, value in steps:
        if kind == "copy":
            transcript = transcript.copy()
        elif kind == "read":
            transcript.mark_read(len(transcript.text), value)
            origins = [
                (("cached" if i < value else "prefilled") if o == "template" else o, c)
                for i, (o, c) in enumerate(origins)
            ]
        else:
            transcript.append(value, kind)
            origins += [(kind, c) for c in value]
    assert [(span.origin, c) for span in transcript.since(0) for c in span.text] == origins
    assert "".join(span.text for span in transcript.since(0)) == transcript.text
    for start in (0, 1, len(transcript.text)):
        assert "".join(span.text for span in transcript.since(start)) == transcript.text[start:]


def test_neighbours_of_one_origin_are_one_span() -> None:
    transcript = Transcript()
    for piece in "abc":
        transcript.append(piece, "decoded", "x")
    transcript.append("d", "decoded", "y")
    assert transcript.since(0) == [Span("decoded", "abc", "x"), Span("decoded", "d", "y")]
    assert transcript.since(2) == [Span("decoded", "c", "x"), Span("decoded", "d", "y")]


class Caching(sgl.ScriptedBackend):
    """Says that the first four characters were cached."""

    def generate(self, s, sampling_params):
        text, meta = super().generate(s, sampling_params)
        return text, {**meta, "cached_text_len": 4, "cached_tokens": 4, "first_token_latency": 0.5}


def test_a_states_spans_and_usage() -> None:
    @sgl.function
    def program(s):
        s += "prompt" + sgl.gen("x")
        s += "!" + sgl.select("c", ["yes"])
        forks = s.fork(2)
        forks += "f" + sgl.gen("y")
        forks.join("concate_and_append")
        s += "tail"

    state = program.run(backend=Caching(["ans", "yes", "one", "two"]))
    state.sync()
    assert state.spans()[:6] == [
        Span("cached", "prom"),
        Span("prefilled", "pt"),
        Span("decoded", "ans", "x"),
        Span("prefilled", "!"),
        Span("selected", "yes", "c"),
        Span("prefilled", "f"),
    ]
    assert state.spans()[-1] == Span("template", "tail")
    first = state.children()[0]
    assert first.spans()[:5] == state.spans()[:5] and first.fork_start == len("promptans!yes")
    usage = state.usage()
    assert (usage.calls, usage.cached_tokens, usage.first_token_ms) == (5, 12, 500.0)


def test_usage_adds_up() -> None:
    one = charged(Usage(), {"prompt_tokens": 10, "cached_tokens": 4, "completion_tokens": 2})
    two = charged(one, {"prompt_tokens": 10, "cached_tokens": 10, "first_token_latency": 0.01})
    assert two == Usage(2, 20, 14, 2, 0, 10.0) and two.hit_rate == 0.7
    assert total([one, two]) == Usage(3, 30, 18, 4, 0, 10.0) and total([]) == Usage() and Usage().hit_rate == 0.0
