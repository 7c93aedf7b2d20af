"""A body is Python, and its errors name the line that the editor shows."""

from __future__ import annotations

import inspect
import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

from sgbench.kernel_ext.cell import compile_cell
from sgbench.kernel_ext.failure import CellError, plainly
from sgbench.kernel_ext.namespace import Scope


def shown(error: BaseException) -> str:
    text = "\n".join(error._render_traceback_())  # type: ignore[attr-defined]
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize(
    ("body", "line"),
    [("x = (\n", 2), ("x = 1\ny = = 2\n", 3), ("\n\nif x\n", 4), ("def f():\nreturn 1", 3), ("\0", None)],
)
def test_a_syntax_error_names_the_line_of_the_cell(body: str, line: int | None) -> None:
    with pytest.raises(CellError) as caught:
        compile_cell("", body, 1)
    assert caught.value.line == line
    if line:
        assert f"line {line} of the %%sgl cell" in str(caught.value)
        assert f"--> {line:3} " in shown(caught.value)


def test_an_error_shows_the_line_and_no_frame_of_ours() -> None:
    cell = compile_cell("person", "a = 1\nb = missing\n", 2)
    with pytest.raises(NameError) as caught:
        cell.run({})
    error = CellError.of(caught.value, cell.filename, cell.lines)
    assert error.line == 3
    assert error.__cause__ is caught.value
    assert shown(error).splitlines() == [
        "NameError: name 'missing' is not defined",
        "line 3 of the %%sgl cell:",
        "      1 %%sgl person",
        "      2 a = 1",
        "-->   3 b = missing",
    ]


def test_frames_of_the_users_own_functions_are_shown() -> None:
    namespace: dict[str, object] = {}
    exec(compile("def helper():\n    return 1 / 0\n", "/home/me/mine.py", "exec"), namespace)
    cell = compile_cell("", "helper()\n", 3)
    with pytest.raises(ZeroDivisionError) as caught:
        cell.run(namespace)
    error = CellError.of(caught.value, cell.filename, cell.lines)
    assert error.line == 2
    assert "in helper, line 2 of mine.py" in shown(error)


def test_a_hint_is_told_below_the_message() -> None:
    error = CellError.of(TypeError("'str' object is not callable"), "f", (), hint="your variable user hides it")
    assert shown(error).splitlines()[1] == "your variable user hides it"


def test_the_last_expression_is_the_value_unless_a_semicolon_hides_it() -> None:
    assert compile_cell("", "x = 2\nx * 3", 4).run({}) == 6
    assert compile_cell("", "x = 2\nx * 3;", 5).run({}) is None
    assert compile_cell("", "x = 2", 6).run({}) is None
    assert compile_cell("", "", 7).run({}) is None


def test_functions_of_a_cell_have_their_source() -> None:
    namespace: dict[str, object] = {}
    compile_cell("", "def f(x):\n    return x + 1\n", 8).run(namespace)
    assert inspect.getsource(namespace["f"]) == "def f(x):\n    return x + 1\n"  # type: ignore[arg-type]


def test_ipythons_own_syntax_keeps_the_lines() -> None:
    transform = InteractiveShell.instance().transform_cell
    cell = compile_cell("", "\n\nx = 1\nhere = %pwd\nboom = y_missing\n", 9, transform)
    with pytest.raises(NameError) as caught:
        cell.run({"get_ipython": InteractiveShell.instance})
    assert CellError.of(caught.value, cell.filename, cell.lines).line == 6


def test_a_key_error_reads_as_a_sentence() -> None:
    assert shown(plainly(KeyError("variable 'x' was never made"))) == "KeyError: variable 'x' was never made"
    assert shown(plainly(KeyError("x"))) == "KeyError: 'x'"
    assert shown(plainly(KeyboardInterrupt())) == "KeyboardInterrupt"


class TestScope:
    def test_reads_own_names_then_the_users_then_the_languages(self) -> None:
        user_ns = {"x": 1, "y": 1}
        scope = Scope(user_ns, {"x": 2})
        exec("seen = (x, y, sgl.__name__)", scope)
        assert dict.__getitem__(scope, "seen") == (2, 1, "sgbench")

    def test_keeps_what_the_body_assigns(self) -> None:
        user_ns = {"y": 1}
        exec("y = 2\ndef f():\n    return y\nz = f()", scope := Scope(user_ns, {}))
        assert user_ns == {"y": 1}
        assert scope["z"] == 2

    def test_shares_it_when_asked_but_never_its_own_names(self) -> None:
        user_ns = {"y": 1}
        exec("y = 2\ns = s + 1\nimport math", Scope(user_ns, {"s": 1}, shared=True))
        assert user_ns["y"] == 2
        assert "s" not in user_ns
        assert "math" in user_ns

    def test_an_unknown_name_is_a_name_error(self) -> None:
        with pytest.raises(NameError):
            exec("unknown", Scope({}, {}))
        with pytest.raises(NameError):
            exec("del y", Scope({}, {}, shared=True))
