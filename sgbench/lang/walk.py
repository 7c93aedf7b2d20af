"""What can be told of a node before it is executed. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sgbench.lang.effects import IMMEDIATE, PAUSING
from sgbench.lang.ir import (
    SglExpr,
    SglExprList,
    SglGen,
    SglSelect,
    SglSeparateReasoning,
    SglVarScopeBegin,
    SglVarScopeEnd,
)

REASONING_SUFFIX = "_reasoning_content"
"""What follows a variable's name in that of its thinking part."""


def made_variables(expr: SglExpr) -> Iterator[tuple[str | None, bool]]:
    """Name of each variable that ``expr`` will make, in order of execution, and whether it is a scope."""
    if isinstance(expr, SglExprList):
        for part in expr.expr_list:
            yield from made_variables(part)
    elif isinstance(expr, SglGen) or (isinstance(expr, SglSelect) and expr.name is not None):
        yield expr.name, False
    elif isinstance(expr, SglSeparateReasoning):
        for name, scope in made_variables(expr.expr):
            yield name, scope
            if not scope:
                yield f"{name}{REASONING_SUFFIX}", False
    elif isinstance(expr, SglVarScopeBegin):
        yield expr.name, True


def closed_scopes(expr: SglExpr) -> Iterator[str]:
    """Name of each scope that ``expr`` ends."""
    if isinstance(expr, SglExprList):
        for part in expr.expr_list:
            yield from closed_scopes(part)
    elif isinstance(expr, SglVarScopeEnd):
        yield expr.name


def never_blocks(expr: SglExpr) -> bool:
    """Is executing ``expr`` a matter of text alone?"""
    if isinstance(expr, SglExprList):
        return all(map(never_blocks, expr.expr_list))
    return isinstance(expr, IMMEDIATE)


def pauses(expr: SglExpr) -> bool:
    """Can executing ``expr`` be left wherever it waits, on a backend whose calls can?"""
    if isinstance(expr, SglExprList):
        return all(map(pauses, expr.expr_list))
    if isinstance(expr, SglSeparateReasoning):
        return pauses(expr.expr)
    return isinstance(expr, IMMEDIATE + PAUSING)
