"""The lint proposes to move constant text, keeps what must stand where it stands, and counts what that saves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgbench as sgl
from sgbench.lang.ir import SglArgument, SglConstantText, SglExpr
from sgbench.lang.reordering import Sharing, shared
from sgbench.lang.segment import rearranged
from tests.lang.local import backend


def pieces(template: str) -> list[SglExpr]:
    """``{q}`` is an argument."""
    parts: list[SglExpr] = []
    for i, part in enumerate(template.replace("{", "}").split("}")):
        parts.append(SglArgument(part) if i % 2 else SglConstantText(part))
    return [part for part in parts if not (isinstance(part, SglConstantText) and not part.value)]


def template(parts: list[SglExpr]) -> str:
    return "".join(p.value if isinstance(p, SglConstantText) else "{" + p.name + "}" for p in parts)


@pytest.mark.parametrize(
    ("written", "model_follows", "proposed"),
    [
        ("{q}\nAnswer with one word.", False, "Answer with one word.\n{q}"),
        ("{q}\nAnswer with one word.", True, None),  # the model's cue
        ("Question: {q} Think first. Be short.\nAnswer:", True, "Think first. Be short. Question: {q}\nAnswer:"),
        ("Text:\n{q}\n\nRules:\n1. A\n2. B\n", False, "Rules:\n1. A\n2. B\n\nText:\n{q}\n"),
        ("{q}\n```\n{r}\n```", False, None),
        ("<doc>\n{q}\n</doc>\nSummarise.", False, "<doc>\nSummarise.\n{q}\n</doc>"),
        ("Hello {q}, how are you?", False, None),
        ("Only a constant.\nAnd more.", False, None),
        ("{q}", False, None),
        ("A.\n{q}\nB:\n{r}\nC.\nGo:", True, "A.\nC.\n{q}\nB:\n{r}\nGo:"),
    ],
)
def test_lines_and_sentences_move_and_labels_fences_and_cues_stay(
    written: str, model_follows: bool, proposed: str | None
) -> None:
    parts, moves = rearranged(pieces(written), model_follows)
    assert template(parts) == (written if proposed is None else proposed)
    assert bool(moves) == (proposed is not None)


@settings(max_examples=200, deadline=None)
@given(st.text("ab.:\n {}", max_size=30), st.booleans())
def test_nothing_is_lost_and_arguments_keep_their_order(text: str, model_follows: bool) -> None:
    written = pieces(text)
    parts, moves = rearranged(written, model_follows)
    assert sorted(template(parts)) == sorted(template(written))
    arguments = [[p for p in group if isinstance(p, SglArgument)] for group in (written, parts)]
    assert list(map(id, arguments[0])) == list(map(id, arguments[1]))
    if not moves:
        assert parts == written


def test_words_that_point_elsewhere_are_a_caution() -> None:
    _, moves = rearranged(pieces("{q}\nUse the text above, not its title.\nBe short."), False)
    assert [move.cautions for move in moves] == [("above", "its"), ()]


@sgl.function
def grade(s, essay, scale="A to F"):
    s += sgl.system("You grade essays.")
    s += sgl.user("Essay:\n" + essay + "\n\nGrade the essay. Reply with one letter.\nScale: " + scale)
    s += sgl.assistant(sgl.gen("grade", max_tokens=2))
    s += sgl.user("Why?") + sgl.assistant(sgl.gen("reason", max_tokens=2))


def test_a_program_is_proposed_measured_and_applied_only_when_asked() -> None:
    compiled = grade.compile()
    proposal = compiled.reordering()
    assert proposal and [move.text for move in proposal.moves] == ["Grade the essay. Reply with one letter."]
    lines = proposal.diff().splitlines()
    assert "+Grade the essay. Reply with one letter." in lines and " {essay}" in lines and lines[0] == "--- as written"
    place = sgl.ScriptedBackend(lambda prompt: str(len(prompt)))
    batch = [{"essay": f"{i} essay"} for i in range(3)]
    savings = proposal.savings(batch, place)
    moved = len("Grade the essay. Reply with one letter.")
    assert savings.before.prompt_tokens == savings.after.prompt_tokens
    assert 2 * moved <= savings.saved_tokens <= 2 * (moved + 2)
    assert f"{savings.saved_tokens:,} of" in str(savings)
    before, after = (one.run(essay="E", backend=place) for one in (compiled, proposal.apply()))
    assert before.text() == grade.run("E", backend=place).text()
    assert sorted(before.text()) == sorted(after.text()) and before.text() != after.text()
    assert "reordering" not in str(proposal.apply().reordering().moves)


def test_the_engine_shares_as_many_tokens_as_predicted() -> None:
    batch = [{"essay": f"{i} essay " * 3} for i in range(4)]
    proposal = grade.compile().reordering()
    measured = []
    for compiled in (grade.compile(), proposal.apply()):
        place = backend(4000)
        with place.engine:
            metas = [compiled.run(**item, backend=place).get_meta_info("grade") for item in batch]
            savings = proposal.savings(batch, place)
        measured.append(Sharing(*(sum(meta[key] for meta in metas) for key in ("prompt_tokens", "cached_tokens"))))
    assert measured == [savings.before, savings.after] and savings.saved_tokens > 100


def test_a_program_with_nothing_to_move_says_so() -> None:
    @sgl.function
    def program(s, q):
        s += "Be short.\n" + q + sgl.gen("x")

    proposal = program.compile().reordering()
    assert not proposal and "no constant text" in str(proposal)
    assert str(proposal.apply().graph) == str(program.compile().graph)


def test_a_backend_that_does_not_tell_its_tokens_is_an_error() -> None:
    with pytest.raises(sgl.BackendError, match="tokens"):
        grade.compile().reordering().savings([{"essay": "E"}], sgl.BaseBackend())


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 2), max_size=5), max_size=8))
def test_what_a_batch_can_share_is_all_but_its_trie(prompts: list[list[int]]) -> None:
    trie = {tuple(prompt[: i + 1]) for prompt in prompts for i in range(len(prompt))}
    total = sum(map(len, prompts))
    assert shared(prompts) == Sharing(total, total - len(trie))
