"""A ``%%sgl`` body as compiled Python whose errors name the cell's line.

Knows Python's compiler and IPython's input transformations (``!ls``, ``%time`` inside the body). Does not know the language:
a body is run in whatever namespace it is given. Lines are counted as the editor counts them: the ``%%sgl`` line is line 1.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

from sgbench.kernel_ext.failure import CellError


@dataclass(frozen=True, slots=True)
class Cell:
    """A compiled body.

    Attributes
    ----------
    filename
        What tracebacks call it; `linecache` knows its text.
    lines
        Its text, the magic's line first.
    statements
        All of it but a last expression; None: nothing.
    expression
        The last expression, whose value the cell returns; None where there is none or a semicolon hides it.
    """

    filename: str
    lines: tuple[str, ...]
    statements: CodeType | None
    expression: CodeType | None

    def run(self, namespace: dict[str, Any], names: Any = None) -> Any:
        """Run it; globals are ``namespace``, names are assigned in ``names`` (default: the same)."""
        if self.statements is not None:
            exec(self.statements, namespace, names)
        return None if self.expression is None else eval(self.expression, namespace, names)


def compile_cell(line: str, body: str, number: int, transform: Callable[[str], str] = str) -> Cell:
    """Compile the body of a cell.

    Parameters
    ----------
    line
        The magic's own line, for messages.
    body
        What follows it.
    number
        Of the cell, for its file name.
    transform
        IPython's input transformation, from a body to Python.

    Raises
    ------
    CellError
        The body is not Python; it names the line.
    """
    filename = f"<%%sgl cell {number}>"
    blank = len(body) - len(body.lstrip("\n"))  # IPython's transformation drops leading empty lines
    source = "\n" * (1 + blank) + transform(body.lstrip("\n"))
    lines = (f"%%sgl {line}".rstrip(), *source.rstrip("\n").split("\n")[1:])
    linecache.cache[filename] = (len(source), None, [text + "\n" for text in lines], filename)
    try:
        tree = ast.parse(source, filename)
        last = tree.body[-1] if tree.body else None
        hidden = source.rstrip().endswith(";")
        expression = None
        if isinstance(last, ast.Expr) and not hidden:
            tree.body.pop()
            expression = compile(ast.Expression(last.value), filename, "eval")
        statements = compile(tree, filename, "exec") if tree.body else None
    except (SyntaxError, ValueError) as refusal:
        raise CellError.of_syntax(refusal, lines) from None
    return Cell(filename, lines, statements, expression)
