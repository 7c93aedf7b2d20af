"""The magics ``%sgl`` and ``%%sgl``: read the line, call, show. No logic of their own.

Knows IPython. What a cell does is in `sgbench.kernel_ext.run`, what a subcommand does in `sgbench.kernel_ext.commands`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from traitlets import Float, Int, TraitError, Unicode, validate

from sgbench.errors import SgbenchError, UsageError
from sgbench.kernel_ext.failure import CellError, plainly
from sgbench.kernel_ext.help import cell_help, line_help
from sgbench.kernel_ext.options import WATCHES, parse_cell_line
from sgbench.kernel_ext.session import Session
from sgbench.kernel_ext.settings import SETTABLE, resolve

if TYPE_CHECKING:
    from sgbench.kernel_ext.commands import Desk


@magics_class
class SglMagics(Magics):
    """Defaults of ``%%sgl`` cells; None: not set here.

    Attributes
    ----------
    session
        The engine and what outlives a cell.
    """

    seed = Int(None, allow_none=True, help="Seed of every random choice in a cell.").tag(config=True)
    temperature = Float(None, allow_none=True, help="Default temperature of a cell's gen.").tag(config=True)
    max_tokens = Int(None, allow_none=True, help="Default max_tokens of a cell's gen.").tag(config=True)
    baseline = Unicode(None, allow_none=True, help="Compare every cell with: force-miss or off.").tag(config=True)
    repeat = Int(None, allow_none=True, help="Paired runs of a comparison.").tag(config=True)
    watch = Unicode(None, allow_none=True, help=f"Live widgets above a cell: {', '.join(WATCHES)}.").tag(config=True)

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell=shell)
        self.session = Session()

    @validate("seed", "temperature", "max_tokens", "baseline", "repeat", "watch")
    def _checked(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value is not None:
            try:
                SETTABLE[proposal["trait"].name].parse(str(value))
            except ValueError as refusal:
                raise TraitError(f"SglMagics.{proposal['trait'].name} = {value!r}: {refusal}") from None
        return value

    def configured(self) -> dict[str, Any]:
        """The values set by ``%config``, as the options' parsers give them; None: not set."""
        values = {key: getattr(self, key) for key in SETTABLE}
        return {key: None if v is None else SETTABLE[key].parse(str(v)) for key, v in values.items()}

    def configure(self, key: str, value: Any) -> None:
        """Set a default, as ``%config SglMagics.KEY = VALUE`` does."""
        setattr(self, key, ",".join(value) if isinstance(value, tuple) else value)

    @line_magic("sgl")  # type: ignore[arg-type]
    @no_var_expand
    def sgl_line(self, line: str) -> Any:
        """See `line_help`."""
        from sgbench.kernel_ext.commands import run_command

        answer = self._guarded(lambda: run_command(line, self._desk()))
        if isinstance(answer, str):
            sys.stdout.write(f"{answer}\n")
            return None
        if not hasattr(answer, "show"):
            return answer  # shown as the cell's value, and can be assigned
        answer.show()
        return None

    @cell_magic("sgl")  # type: ignore[arg-type]
    @no_var_expand
    def sgl_cell(self, line: str, cell: str) -> Any:
        """See `cell_help`."""
        return self._guarded(lambda: self._run_cell(line, cell))

    def _run_cell(self, line: str, body: str) -> Any:
        from sgbench.kernel_ext.cell import compile_cell  # what a cell needs is loaded with the first cell
        from sgbench.kernel_ext.runner import CellRunner

        options = parse_cell_line(line)
        settings = resolve(options.given, self.configured())
        cell = compile_cell(line, body, self._shell.execution_count, self._shell.transform_cell)
        return CellRunner(self._shell, self.session, self._evaluate).run(cell, options, settings)

    def _guarded(self, action: Callable[[], Any]) -> Any:
        """Whatever fails fails with one message; an interrupt too."""
        try:
            return action()
        except CellError as failure:
            raise failure from failure.__cause__
        except (SgbenchError, KeyboardInterrupt) as failure:
            raise plainly(failure) from None

    def _evaluate(self, expression: str) -> Any:
        """The value of the user's expression.

        Raises
        ------
        UsageError
            It cannot be evaluated; the message names the reason.
        """
        try:
            return eval(expression, self._shell.user_ns)
        except Exception as reason:
            # A string in it may be a key, which must not stand in an output.
            shown = re.sub(r"""(["']).*?\1""", r"\1...\1", expression)
            raise UsageError(f"{shown}: {type(reason).__name__}: {reason}") from reason

    def _desk(self) -> Desk:
        from sgbench.kernel_ext.commands import Desk

        return Desk(self.session, self._shell.user_ns, self._evaluate, self.configured, self.configure)

    @property
    def _shell(self) -> InteractiveShell:
        assert self.shell is not None, "magics are made with a shell"
        return self.shell


vars(SglMagics)["sgl_line"].__doc__ = line_help()
vars(SglMagics)["sgl_cell"].__doc__ = cell_help()
