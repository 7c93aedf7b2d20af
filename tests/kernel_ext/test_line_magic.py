"""`%sgl` and the extension itself: what exists, what does not, what is left behind."""

from __future__ import annotations

import subprocess
import sys

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import sgbench
from kernel_ext.conftest import Bench, StagedBackend
from sgbench.errors import UnknownOptionError, UsageError
from sgbench.kernel_ext.help import cell_help, line_help
from sgbench.kernel_ext.options import OPTIONS
from sgbench.kernel_ext.subcommands import SUBCOMMANDS


class TestCommands:
    def test_an_unknown_one_names_what_exists(self, bench: Bench) -> None:
        assert isinstance(bench.fails("%sgl statsu"), UsageError)
        assert "did you mean 'status'?" in bench.plain
        assert all(name in bench.plain for name in SUBCOMMANDS)

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ("flush", "no engine runs"),
            ("watch", "no engine runs"),
            ("watch stat", "tree, stats"),
            ("stop now", "takes nothing"),
            ("use", "backend is needed"),
            ("use 3", "not int"),
            ("set", "OPTION=VALUE"),
            ("set seed", "OPTION=VALUE"),
            ("set seed=-1", "at least 0"),
            ("set kv_tokens=lots", "whole number"),
            ("trace", "save, load, replay"),
            ("trace save", "path"),
            ("trace save x.sgtrace", "--record"),
            ("trace save x.sgtrace nothing", "no trace"),
            ("start --kv_tokens", "needs a value"),
            ("start a b", "one model"),
            ("start kv_tokens=0", "at least 1"),
        ],
    )
    def test_nonsense_is_refused_and_says_why(self, bench: Bench, line: str, says: str) -> None:
        assert isinstance(bench.fails(f"%sgl {line}"), UsageError)
        assert says in bench.plain
        assert "Traceback" not in bench.plain

    @pytest.mark.parametrize("line", ["start kv_token=3", "restart --kv-token 3", "set temprature=1"])
    def test_an_unknown_option_names_the_nearest(self, bench: Bench, line: str) -> None:
        assert isinstance(bench.fails(f"%sgl {line}"), UnknownOptionError)
        assert "did you mean" in bench.plain

    def test_status_without_an_engine_says_what_will_happen(self, bench: Bench) -> None:
        bench.run("%sgl")
        assert "the first %%sgl cell starts the bundled model" in bench.plain
        bench.run("%sgl stop")
        assert "no engine" in bench.plain

    def test_status_tells_an_option_for_the_next_engine(self, bench: Bench) -> None:
        bench.run("%sgl set kv_tokens=600")
        bench.run("%sgl status")
        assert "kv_tokens" in bench.plain
        assert "at the next start" in bench.plain

    def test_flush_reaches_any_backend(self, bench: Bench, staged: StagedBackend) -> None:
        staged.prompts.append("x")
        bench.run("%sgl flush")
        assert staged.prompts == []

    def test_doctor_reports(self, bench: Bench) -> None:
        bench.run("%sgl doctor")
        assert "torch" in bench.plain
        assert "python" in bench.plain


class TestHelp:
    def test_fits_a_screen_and_names_everything(self) -> None:
        assert len(cell_help().splitlines()) <= 40
        assert all(f"--{name}" in cell_help() for name in OPTIONS)
        assert all(name in line_help() for name in SUBCOMMANDS)

    def test_is_what_the_question_mark_shows(self, shell: InteractiveShell) -> None:
        assert "--baseline" in shell.object_inspect_text("%%sgl")
        assert "restart" in shell.object_inspect_text("%sgl")


class TestExtension:
    def test_loading_is_silent_and_light(self) -> None:
        script = (
            "import sys, io, contextlib\n"
            "from IPython.core.interactiveshell import InteractiveShell\n"
            "import ipykernel.zmqshell\n"
            "shell = InteractiveShell.instance()\n"
            "with contextlib.redirect_stdout(io.StringIO()) as out:\n"
            "    shell.run_line_magic('load_ext', 'sgbench')\n"
            "assert out.getvalue() == '', out.getvalue()\n"
            "heavy = {'torch', 'transformers', 'plotly', 'anywidget', 'ipywidgets', 'pandas', 'sgbench.lang.executor'} & set(sys.modules)\n"
            "assert not heavy, heavy\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""

    def test_loading_twice_and_unloading_leave_nothing_twice(self) -> None:
        shell = InteractiveShell.instance()
        matchers, configurables = len(shell.Completer.custom_matchers), len(shell.configurables)
        sgbench.load_ipython_extension(shell)
        sgbench.load_ipython_extension(shell)
        assert len(shell.Completer.custom_matchers) == matchers + 1
        assert len(shell.configurables) == configurables + 1
        assert shell.find_cell_magic("sgl") is not None
        sgbench.unload_ipython_extension(shell)
        sgbench.unload_ipython_extension(shell)
        assert len(shell.Completer.custom_matchers) == matchers
        assert len(shell.configurables) == configurables
        assert shell.find_cell_magic("sgl") is None
        assert shell.find_line_magic("sgl") is None


def completions(bench: Bench, text: str) -> set[str]:
    """What IPython offers at the end of ``text``."""
    with provisionalcompleter():
        return {completion.text for completion in bench.shell.Completer.completions(text, len(text))}


class TestCompletion:
    @pytest.mark.parametrize(
        ("text", "offers", "not_offered"),
        [
            ("%sgl sta", {"start", "status"}, {"stop"}),
            ("%sgl trace l", {"load"}, {"save"}),
            ("%sgl start b", {"bundled"}, set()),
            ("%sgl restart --kv", {"--kv_tokens"}, {"--schedule"}),
            ("%sgl start schedule=f", {"fcfs"}, {"lpm"}),
            ("%sgl set temp", {"temperature="}, {"seed="}),
            ("%sgl watch ", {"tree", "dashboard"}, set()),
            ("%%sgl --ba", {"--baseline", "--batch", "--background", "--backend"}, {"--seed"}),
            ("%%sgl x --baseline o", {"off"}, {"force-miss"}),
            ("%%sgl --batch ite", {"items"}, set()),
            ('%%sgl\ns += gen("answer") + select("kind")\ns["', {"answer", "kind"}, set()),
            ('done["fi', {"first"}, {"second"}),
        ],
    )
    def test_offers(
        self, bench: Bench, staged: StagedBackend, text: str, offers: set[str], not_offered: set[str]
    ) -> None:
        bench.names["items"] = []
        bench.run('%%sgl done\ns += gen("first") + gen("second")')
        bench.shell.Completer.use_jedi = False
        found = completions(bench, text)
        assert offers <= found
        assert not not_offered & found

    def test_python_in_a_body_is_completed_as_ever(self, bench: Bench) -> None:
        bench.names["bit_length_of"] = 3
        bench.shell.Completer.use_jedi = False
        text = "%%sgl\nx = bit_len"
        assert "bit_length_of" in completions(bench, text)
