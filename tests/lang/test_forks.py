"""Fork, join and copy in all their modes, and the frontend hint."""

from __future__ import annotations

import pytest

import sgbench as sgl
from sgbench.trace import events


def echo(**options) -> sgl.ScriptedBackend:
    """Answers with the prompt in brackets."""
    return sgl.ScriptedBackend(lambda prompt: f"[{prompt}]", **options)


def run(body, backend=None) -> sgl.ProgramState:
    state = sgl.function(body).run(backend=backend or echo())
    state.sync()
    return state


def test_children_go_on_from_the_parents_text_and_gather_new_names_in_order() -> None:
    def body(s):
        s += "P" + sgl.gen("old")
        forks = s.fork(3)
        for i, f in enumerate(forks):
            f += str(i) + sgl.gen("new")
            f["old"] = "hidden"
        forks.join()
        assert [forks[i]["new"] for i in range(3)] == s["new"]

    state = run(body)
    assert state["new"] == ["[P[P]0]", "[P[P]1]", "[P[P]2]"]
    assert state["old"] == "[P]" and state.text() == "P[P]"


@pytest.mark.parametrize(
    ("appended", "texts"),
    [
        (lambda: "t", ["Pt", "Pt"]),
        (lambda: sgl.gen("x"), ["P[P]", "P[P]"]),
        (lambda: ["a", "b" + sgl.gen("x")], ["Pa", "Pb[Pb]"]),
        (lambda: ("a", "b"), ["Pa", "Pb"]),
        (lambda: lambda i: f"{i}", ["P0", "P1"]),
    ],
)
def test_what_forks_take(appended, texts: list[str]) -> None:
    def body(s):
        s += "P"
        forks = s.fork(2)
        forks += appended()
        assert len(forks) == 2
        s["texts"] = [f.text() for f in forks]

    assert run(body)["texts"] == texts


@pytest.mark.parametrize("wrong", [["a"], 5, None])
def test_what_forks_refuse(wrong) -> None:
    def body(s):
        forks = s.fork(2)
        forks += wrong

    with pytest.raises(sgl.UsageError):
        run(body)


@pytest.mark.parametrize("size", [0, -1, 1.5, True])
def test_a_fork_of_no_size_is_refused(size) -> None:
    with pytest.raises(sgl.UsageError):
        run(lambda s: s.fork(size))


def test_concatenating_appends_every_childs_own_text() -> None:
    def body(s):
        s += "P"
        forks = s.fork(3)
        forks += lambda i: f"<{i}>"
        forks[1] += sgl.gen("x")
        forks.join("concate_and_append")
        s += "end"

    assert run(body).text() == "P<0><1>[P<1>]<2>end"


def test_another_join_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="gather_variable"):
        run(lambda s: s.fork(2).join("sum"))


def test_a_second_round_of_the_same_name_keeps_the_first_and_nested_joins_nest() -> None:
    def body(s):
        for _ in range(2):
            forks = s.fork(2)
            forks += lambda i: f"{i}" + sgl.gen("x")
            forks.join()
        outer = s.fork(2)
        for f in outer:
            inner = f.fork(2)
            inner += sgl.gen("deep")
            inner.join()
        outer.join()

    state = run(body)
    assert state["x"] == ["[0]", "[1]"] and state["deep"] == [["[]", "[]"], ["[]", "[]"]]


def test_only_children_that_have_a_variable_contribute() -> None:
    def body(s):
        forks = s.fork(3)
        forks[1] += "b" + sgl.gen("x")
        forks.join()

    assert run(body)["x"] == ["[b]"]


def test_a_copy_gives_lists_of_one_and_leaves_the_text_alone() -> None:
    def body(s):
        s += "P"
        with s.copy() as c:
            c += "Q" + sgl.gen("x")
        try:
            with s.copy() as c:
                c += sgl.gen("y")
                raise RuntimeError
        except RuntimeError:
            pass

    state = run(body)
    assert (state["x"], state["y"], state.text()) == (["[PQ]"], ["[P]"], "P")


def test_a_fork_inside_an_open_role_closes_it_by_itself() -> None:
    def body(s):
        s += sgl.user("U") + sgl.assistant_begin()
        forks = s.fork(2)
        forks += sgl.gen("x") + sgl.assistant_end()
        s["counts"] = [len(f.messages()) for f in forks]

    assert run(body)["counts"] == [2, 2]


@pytest.mark.parametrize(("size", "text", "commits"), [(1, "P", 0), (2, "", 0), (2, "P", 1), (5, "P", 1)])
def test_the_hint_reads_the_shared_text_before_the_children_come(size: int, text: str, commits: int) -> None:
    def body(s):
        s += text  # not waited for: the hint must not depend on that
        forks = s.fork(size)
        forks += "x" + sgl.gen("a")

    backend = echo()
    run(body, backend)
    kinds = [call.kind for call in backend.calls]
    assert kinds.count("commit") == commits
    assert kinds[:1] == ["commit"] * min(commits, 1) or not commits


def test_forks_of_a_state_whose_program_has_ended_work() -> None:
    state = run(lambda s: s.__iadd__("P" + sgl.gen("x")))
    with pytest.raises(sgl.UsageError, match="ended"):
        state += "more"
    forks = state.fork(2)
    forks += "Q" + sgl.gen("y")
    forks.join()
    assert state["y"] == ["[P[P]Q]"] * 2


def test_joined_children_take_no_more() -> None:
    def body(s):
        forks = s.fork(2)
        forks.join()
        forks[0] += "late"

    with pytest.raises(sgl.UsageError, match="ended"):
        run(body)


def test_views_see_children_and_their_start_and_usage_covers_them() -> None:
    def body(s):
        s += "Pre"
        forks = s.fork(2)
        forks += sgl.gen("x")
        grand = forks[0].fork(1)
        grand += sgl.gen("y")

    state = run(body)
    first, second = state.children()
    assert (first.fork_start, second.fork_start) == (3, 3)
    assert [len(first.children()), len(second.children())] == [1, 0]
    first.children()[0].sync()
    second.sync()
    assert state.usage().calls == 4  # the hint and three gens


class Listening(sgl.ScriptedBackend):
    """Keeps the events."""

    def __init__(self) -> None:
        super().__init__(lambda prompt: f"[{prompt}]")
        self.events: list[events.Event] = []

    @property
    def listening(self) -> bool:
        return True

    def emit(self, event: events.Event) -> None:
        self.events.append(event)


def test_a_programs_events_tell_its_branches_and_texts() -> None:
    def body(s):
        s += "P"
        forks = s.fork(2)
        forks += sgl.gen("x")
        forks.join()
        s += sgl.select("c", ["yes"])

    backend = Listening()
    run(body, backend)
    run(body, backend)
    kinds = [type(event).__name__ for event in backend.events]
    for kind in ("ProgramStarted", "BranchForked", "BranchJoined", "ProgramFinished"):
        assert kinds.count(kind) == 2, kind
    assert kinds[0] == "ProgramStarted" and kinds[-1] == "ProgramFinished"
    spans = [e for e in backend.events if isinstance(e, events.SpanAppended) and e.program == 1]
    assert {(e.branch, e.origin, e.text, e.name) for e in spans} == {
        (0, "template", "P", ""),
        (1, "decoded", "[P]", "x"),
        (2, "decoded", "[P]", "x"),
        (0, "selected", "yes", "c"),
    }
    (forked,) = [e for e in backend.events if isinstance(e, events.BranchForked) and e.program == 1]
    assert (forked.parent, forked.branches) == (0, (1, 2))
