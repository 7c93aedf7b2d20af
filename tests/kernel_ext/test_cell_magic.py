"""`%%sgl` as its user sees it: names, text, ledger, failures."""

from __future__ import annotations

import re
import signal
import threading

import pytest

from kernel_ext.conftest import Bench, StagedBackend
from sgbench.errors import BackendError, ProgramError, SgbenchError, UnknownOptionError, UsageError


class TestNames:
    def test_the_state_is_bound_and_has_its_variables(self, bench: Bench, staged: StagedBackend) -> None:
        bench.run('%%sgl person\ns += "Q: " + gen("a")')
        assert bench.names["person"]["a"] == "one two three"
        assert bench.names["person"].text() == "Q: one two three"
        assert bench.names["_sgl"].state is bench.names["person"]
        assert "s" not in bench.names

    def test_without_a_name_it_is_s(self, bench: Bench, staged: StagedBackend) -> None:
        bench.run('%%sgl\ns += gen("a")')
        assert bench.names["s"]["a"] == "one two three"

    def test_the_former_s_comes_back_when_the_state_has_another_name(self, bench: Bench, staged: StagedBackend) -> None:
        bench.names["s"] = "mine"
        bench.run('%%sgl other\ns += "x"')
        assert bench.names["s"] == "mine"

    def test_names_that_the_body_assigns_stay_and_injected_ones_go(self, bench: Bench, staged: StagedBackend) -> None:
        bench.run('%%sgl\nquestion = "Why?"\ndef helper(x):\n    return x\ns += question + gen("a")')
        assert bench.names["question"] == "Why?"
        assert bench.names["helper"](2) == 2
        assert "gen" not in bench.names
        assert "sgl" not in bench.names

    def test_a_users_own_name_is_left_alone_and_a_confusion_explained(
        self, bench: Bench, staged: StagedBackend
    ) -> None:
        bench.names["user"] = "Bob"
        bench.run('%%sgl\ns += user + gen("a")')
        assert bench.names["s"].text() == "Bobone two three"
        bench.fails('%%sgl\ns += user("hello")')
        assert "your variable user hides the language's name: write sgl.user(...)" in bench.plain
        assert bench.names["user"] == "Bob"

    def test_the_last_expression_is_the_cells_value(self, bench: Bench, staged: StagedBackend) -> None:
        assert bench.run('%%sgl\ns += gen("a")\ns["a"].upper()') == "ONE TWO THREE"

    def test_functions_of_the_language_run_inside_a_cell(self, bench: Bench, staged: StagedBackend) -> None:
        bench.run(
            '%%sgl\n@function\ndef inner(s, x):\n    s += x + gen("y")\nanswer = inner(x="In: ")["y"]\ns += answer'
        )
        assert bench.names["s"].text() == "one two three"


class TestOptions:
    def test_defaults_reach_every_gen_that_does_not_give_its_own(self, bench: Bench, staged: StagedBackend) -> None:
        bench.run(
            '%%sgl --temperature 0.25 --max-tokens 2 --seed 7\ns += gen("a") + gen("b", max_tokens=1, temperature=1)'
        )
        assert staged.temperatures == [0.25, 1]
        assert staged.seeds == [7, 7]
        assert bench.names["s"]["a"] == "one two "
        assert bench.names["s"]["b"] == "one "

    def test_config_and_set_give_defaults(self, bench: Bench, staged: StagedBackend) -> None:
        bench.run("%config SglMagics.temperature = 0.5")
        bench.run("%sgl set seed=3")
        bench.run('%%sgl\ns += gen("a")')
        assert (staged.temperatures, staged.seeds) == ([0.5], [3])
        bench.run("%sgl")
        assert "temperature  0.5  (%config)" in bench.plain
        assert "repeat       1  (default)" in bench.plain

    def test_config_refuses_what_an_option_refuses(self, bench: Bench) -> None:
        bench.fails("get_ipython().find_line_magic('sgl').__self__.repeat = 0")
        assert "at least 1" in bench.plain

    def test_another_backend_for_one_cell(self, bench: Bench, staged: StagedBackend) -> None:
        bench.names["other"] = StagedBackend(lambda prompt: "elsewhere")
        bench.run('%%sgl --backend other\ns += gen("a")')
        assert bench.names["s"]["a"] == "elsewhere"
        bench.run('%%sgl\ns += gen("a")')
        assert bench.names["s"]["a"] == "one two three"

    def test_use_chooses_the_backend_of_the_cells(self, bench: Bench, staged: StagedBackend) -> None:
        bench.names["other"] = StagedBackend(lambda prompt: "elsewhere")
        bench.run("%sgl use other")
        bench.run('%%sgl\ns += gen("a")')
        assert bench.names["s"]["a"] == "elsewhere"
        bench.run("%sgl use None")
        bench.run('%%sgl\ns += gen("a")')
        assert bench.names["s"]["a"] == "one two three"

    @pytest.mark.parametrize("option", ["--baseline", "--watch", "--record t"])
    def test_what_only_an_engine_can_is_refused_elsewhere(
        self, bench: Bench, staged: StagedBackend, option: str
    ) -> None:
        assert isinstance(bench.fails(f'%%sgl {option}\ns += gen("a")'), UsageError)
        assert "engine" in bench.plain
        assert staged.prompts == []
        assert bench.outputs == []
        assert "s" not in bench.names

    def test_a_backend_must_be_one(self, bench: Bench) -> None:
        assert isinstance(bench.fails("%%sgl --backend 3\ns += 'x'"), UsageError)
        assert "not int" in bench.plain
        assert isinstance(bench.fails("%%sgl --backend nowhere\ns += 'x'"), UsageError)
        assert "NameError" in bench.plain


class TestBatch:
    def test_each_item_has_its_variables_and_its_state(self, bench: Bench, staged: StagedBackend) -> None:
        staged.answer = lambda prompt: prompt.upper()
        bench.names["items"] = [{"word": w, "n": i} for i, w in enumerate("abc")]
        bench.run('%%sgl out --batch items\nmine = word + str(n)\ns += mine + gen("x")')
        assert [state["x"] for state in bench.names["out"]] == ["A0", "B1", "C2"]
        assert "mine" not in bench.names
        assert bench.html.count("<details") == 3

    def test_a_failing_item_does_not_stop_the_others_but_the_cell_fails(
        self, bench: Bench, staged: StagedBackend
    ) -> None:
        error = bench.fails('%%sgl out --batch [{"d": d} for d in (1, 0, 2)]\nx = 4 // d\ns += gen("x")')
        assert isinstance(error, ProgramError)
        assert isinstance(error.__cause__, ZeroDivisionError)
        assert "line 2 of the %%sgl cell" in bench.plain
        assert ["x" in state for state in bench.names["out"]] == [True, False, True]

    def test_an_empty_batch_is_an_empty_list(self, bench: Bench, staged: StagedBackend) -> None:
        bench.run("%%sgl out --batch []\ns += gen('x')")
        assert bench.names["out"] == []

    @pytest.mark.parametrize("items", ["3", "'abc'", "[1]", "[{1: 2}]", "[{'s': 2}]", "{'a': 1}", "missing"])
    def test_items_are_dicts_of_variables(self, bench: Bench, staged: StagedBackend, items: str) -> None:
        assert isinstance(bench.fails(f"%%sgl --batch {items}\ns += gen('x')"), UsageError)
        assert staged.prompts == []


class TestFailures:
    def test_an_unknown_option_fails_the_cell_and_names_the_right_one(
        self, bench: Bench, staged: StagedBackend
    ) -> None:
        assert isinstance(bench.fails("%%sgl --basline\ns += 'x'"), UnknownOptionError)
        assert "did you mean '--baseline'?" in bench.plain
        assert "File" not in bench.plain
        assert "Traceback" not in bench.plain

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ('s += gen("a", regex="(")', "error"),
            ('s += missing + gen("a")', "NameError: name 'missing' is not defined"),
            ('s += gen("a", max_tokens=-1)', "max_tokens=-1"),
            ("s += 3", "not int"),
            ("s += None", "None"),
            ('s += "x" if', "SyntaxError"),
            ('s["never"]', "never"),
        ],
    )
    def test_a_mistake_names_its_line_without_frames_of_ours(
        self, bench: Bench, staged: StagedBackend, line: str, says: str
    ) -> None:
        error = bench.fails(f'%%sgl\ns += "first"\n{line}\ns += "last"')
        assert isinstance(error, SgbenchError)
        assert says in bench.plain
        assert "line 3 of the %%sgl cell" in bench.plain
        assert f"-->   3 {line}" in bench.plain
        assert "sgbench/" not in bench.plain
        assert "RuntimeWarning" not in bench.plain

    def test_a_call_that_fails_later_names_the_line_that_wrote_it(self, bench: Bench, staged: StagedBackend) -> None:
        def broken(prompt: str) -> str:
            raise BackendError("the wire is cut")

        staged.answer = broken
        error = bench.fails('%%sgl\ns += "a"\nfor f in s.fork(2):\n    f += gen("x")\ns += "b"\n')
        assert isinstance(error.__cause__, BackendError)
        assert "BackendError: the wire is cut" in bench.plain
        assert "line 4 of the %%sgl cell" in bench.plain

    def test_a_variable_read_after_a_failed_call_tells_of_the_call(self, bench: Bench, staged: StagedBackend) -> None:
        def broken(prompt: str) -> str:
            raise BackendError("the wire is cut")

        staged.answer = broken
        bench.fails('%%sgl\ns += gen("x")\nprint(s["x"])')
        assert "BackendError: the wire is cut" in bench.plain
        assert "line 2 of the %%sgl cell" in bench.plain

    def test_the_name_is_bound_with_what_there_is(self, bench: Bench, staged: StagedBackend) -> None:
        bench.fails('%%sgl half\ns += "text " + gen("a")\ns["a"]\n1 / 0')
        assert bench.names["half"].text() == "text one two three"
        assert bench.names["_sgl"].error is not None
        assert "failed: ZeroDivisionError" in bench.html

    def test_the_next_cell_works(self, bench: Bench, staged: StagedBackend) -> None:
        bench.fails("%%sgl\n1 / 0")
        bench.run('%%sgl\ns += gen("a")')
        assert bench.names["s"]["a"] == "one two three"


def shown(html: str, origin: str, title: str) -> list[str]:
    """The texts of one origin and title in a cell's output."""
    return re.findall(rf'<span class="sgr-o {origin}" title="{title}" style="[^"<>]+">([^<]*)</span>', html)


class TestShown:
    def test_text_origins_and_ledger(self, bench: Bench, staged: StagedBackend) -> None:
        bench.run('%%sgl\ns += "shared <b>" + gen("a") + select("c", choices=["yes", "no"])')
        assert shown(bench.html, "cached", "cached") == ["shar"]
        assert "ed &lt;b&gt;" in bench.html
        assert shown(bench.html, "decoded", "decoded: a") == ["one two three"]
        assert shown(bench.html, "selected", "selected: c") == ["yes"]
        assert "20 prompt" in bench.html
        assert "14 cached (70%)" in bench.html
        assert "3 decoded" in bench.html

    def test_one_display_that_ends_with_the_whole(self, bench: Bench, staged: StagedBackend) -> None:
        bench.run('%%sgl --no-stream\ns += gen("a")')
        assert len(bench.outputs) == 1
        assert "one two three" in bench.outputs[0].data["text/plain"]

    def test_forks_are_branches(self, bench: Bench, staged: StagedBackend) -> None:
        bench.run('%%sgl\ns += "root "\nforks = s.fork(2)\nforks += gen("x")\nforks.join()\ns += "end"')
        assert bench.html.count('class="sgr-branch"') == 2
        assert bench.names["s"]["x"] == ["one two three"] * 2


def interrupt_when(event: threading.Event) -> None:
    """Interrupt the main thread as a kernel does, once ``event`` is set."""
    main = threading.main_thread().ident
    assert main is not None
    threading.Thread(target=lambda: (event.wait(20), signal.pthread_kill(main, signal.SIGINT)), daemon=True).start()


class TestInterrupt:
    def test_it_stops_keeps_the_text_and_the_next_cell_works(self, bench: Bench, staged: StagedBackend) -> None:
        staged.hold = True
        interrupt_when(staged.waiting)
        error = bench.fails('%%sgl cut\ns += "Q " + gen("a")')
        assert isinstance(error, KeyboardInterrupt)
        assert bench.plain.strip().endswith("KeyboardInterrupt")
        assert bench.names["cut"].text() == "Q one "
        assert bench.names["_sgl"].interrupted
        assert staged.aborted == 1
        assert "interrupted" in bench.html
        staged.hold = False
        bench.run('%%sgl\ns += gen("a")')
        assert bench.names["s"]["a"] == "one two three"

    def test_a_batch_too(self, bench: Bench, staged: StagedBackend) -> None:
        staged.hold = True
        interrupt_when(staged.waiting)
        assert isinstance(
            bench.fails('%%sgl out --batch [{"i": i} for i in range(3)]\ns += gen("a")'), KeyboardInterrupt
        )
        assert [state.text() in ("", "one ") for state in bench.names["out"]] == [True] * 3


class TestBackground:
    def test_the_name_is_the_running_state(self, bench: Bench, staged: StagedBackend) -> None:
        staged.hold = True
        bench.run('%%sgl later --background\ns += "Q " + gen("a")\nafterwards = 1')
        assert staged.waiting.wait(10)
        assert bench.names["later"].stream_executor.text_.startswith("Q ")
        staged.hold = False
        bench.names["_sgl"].run.cancel()
        bench.names["_sgl"].wait()
        assert bench.names["later"].text().startswith("Q ")

    def test_names_it_assigns_reach_the_user_when_it_is_done(self, bench: Bench, staged: StagedBackend) -> None:
        bench.run('%%sgl later --background\ns += gen("a")\nafterwards = s["a"]')
        bench.names["_sgl"].wait()
        assert bench.names["afterwards"] == "one two three"
        assert bench.names["later"]["a"] == "one two three"
