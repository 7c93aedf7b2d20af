"""The probability of each token: told by the end of a request, cut to the text that a program took."""

from __future__ import annotations

import math
from typing import Any

import pytest

import sgbench as sgl
from sgbench.trace import Trace
from sgbench.trace.events import RequestFinished, RequestQueued, SpanAppended
from sgbench.views.tokens import TokensFold
from sgbench.widgets import Tokens
from tests.lang.local import backend
from tests.views.runs import folded


@sgl.function
def story(s: Any) -> None:
    s += "Once: "
    s += sgl.gen("text", max_tokens=6, return_logprob=True)
    s += sgl.gen("rest", max_tokens=3)


def run() -> tuple[Trace, list[tuple[float, int, Any]]]:
    on = backend(200)
    with on.engine, on.engine.record() as trace:
        state = story.run(backend=on)
        assert state.text()
        return trace, state.get_meta_info("text")["output_token_logprobs"]


def test_a_run_with_logprobs_has_a_probability_for_each_of_its_tokens() -> None:
    trace, measured = run()
    fold = TokensFold(trace.vocab)
    folded(fold, trace)
    _, text, rest = fold.branches[0, 0].spans
    assert text.tokens == [(1, pytest.approx(value, abs=1e-4)) for value, _, _ in measured]
    assert sum(length for length, _ in text.tokens) == len(text.text)
    assert rest.tokens == []
    widget = Tokens(trace)
    rows = widget.token_records()
    assert "".join(row["text"] for row in rows) == text.text
    assert [row["probability"] for row in rows] == [
        pytest.approx(math.exp(value), abs=1e-3) for value, _, _ in measured
    ]
    assert list(widget.token_table()["name"]) == ["text"] * 6
    table = widget.table()
    assert (
        table[table["name"] == "text"]["logprob"].notna().all()
        and table[table["name"] == "rest"]["logprob"].isna().all()
    )


def test_a_character_belongs_to_the_token_that_ends_it_and_a_jump_takes_its_own() -> None:
    texts = {1: "ab", 2: "\udce2\udc82", 3: "\udcac!", 4: "xyz"}
    trace = Trace(
        [
            RequestQueued(seq=0, rid=0, prompt_ids=(9,), max_new_tokens=9, program=0, branch=0, op=0),
            RequestFinished(
                seq=1,
                rid=0,
                reason="stop",
                output_ids=(1, 2, 3, 4),
                prompt_tokens=1,
                cached_tokens=0,
                output_logprobs=(-1.0, -2.0, -3.0, -4.0),
            ),
            SpanAppended(seq=2, program=0, branch=0, origin="decoded", text="ab€", name="t", rid=0),
            SpanAppended(seq=3, program=0, branch=0, origin="jumped", text="!xy", name="t", rid=0),  # z was trimmed
        ],
        token_text=texts.__getitem__,
    )
    fold = TokensFold(trace.vocab)
    folded(fold, trace)
    assert [span.tokens for span in fold.branches[0, 0].spans] == [
        [(2, -1.0), (0, -2.0), (1, -3.0)],
        [(1, -3.0), (2, -4.0)],
    ]
