"""The nodes a program is made of (paper section 2): what to append to a prompt state, and nothing about how.

A node is immutable once made, so the same node may be submitted to many states. Knows no executor and no backend;
`SglFunction` is offered here too because programs import it from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sgbench.lang.choices import ChoicesSamplingMethod, token_length_normalized
from sgbench.lang.sampling import REGEX_BOOL, REGEX_FLOAT, REGEX_INT, REGEX_STR, SglSamplingParams

if TYPE_CHECKING:
    from sgbench.lang.function import SglFunction

__all__ = [
    "REGEX_BOOL",
    "REGEX_FLOAT",
    "REGEX_INT",
    "REGEX_STR",
    "SglArgument",
    "SglCall",
    "SglCommitLazy",
    "SglConcateAndAppend",
    "SglConstantText",
    "SglExpr",
    "SglExprList",
    "SglFork",
    "SglFunction",
    "SglGen",
    "SglGetForkItem",
    "SglImage",
    "SglJoin",
    "SglReturn",
    "SglRoleBegin",
    "SglRoleEnd",
    "SglSamplingParams",
    "SglSelect",
    "SglSeparateReasoning",
    "SglSetVariable",
    "SglVarScopeBegin",
    "SglVarScopeEnd",
    "SglVariable",
    "SglVideo",
]


def __getattr__(name: str) -> Any:
    if name == "SglFunction":  # function.py imports this module
        from sgbench.lang.function import SglFunction

        return SglFunction
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class SglExpr:
    """Anything that can be appended to a prompt state. ``+`` with a node or a string gives an `SglExprList`."""

    __slots__ = ()

    def __add__(self, other: SglExpr | str) -> SglExprList:
        return SglExprList([*_parts(self), *_parts(other)]) if isinstance(other, SglExpr | str) else NotImplemented

    def __radd__(self, other: str) -> SglExprList:
        return SglExprList([*_parts(other), *_parts(self)]) if isinstance(other, str) else NotImplemented


def _parts(expr: SglExpr | str) -> Iterable[SglExpr]:
    if isinstance(expr, str):
        return (SglConstantText(expr),)
    return expr.expr_list if isinstance(expr, SglExprList) else (expr,)


class SglExprList(SglExpr):
    """Nodes in order; flat when made by ``+``."""

    __slots__ = ("expr_list",)

    def __init__(self, expr_list: Sequence[SglExpr | str | None]) -> None:
        self.expr_list: list[SglExpr] = [SglConstantText(e) if isinstance(e, str) else e for e in expr_list]  # type: ignore[misc]

    def __repr__(self) -> str:
        return f"ExprList({self.expr_list})"


class SglConstantText(SglExpr):
    """Text of the program."""

    __slots__ = ("value",)

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"Constant({self.value!r})"


class SglArgument(SglExpr):
    """The placeholder of a program's parameter while it is traced: concatenates, and refuses everything else.

    The refusals are `TypeError`, which ends a trace without harm.
    """

    __slots__ = ("name", "value")

    def __init__(self, name: str, value: Any = None) -> None:
        self.name = name
        self.value = value

    def __repr__(self) -> str:
        return f"Argument(name={self.name!r})"

    def _refuse(self, *_: object) -> Any:
        raise TypeError(f"the value of argument {self.name!r} is not known while the program is traced")

    __len__ = __getitem__ = __iter__ = __int__ = __float__ = __bool__ = __format__ = __str__ = _refuse
    __eq__ = __ne__ = _refuse
    __hash__ = None  # type: ignore[assignment]


class SglGen(SglExpr):
    """A completion of the current text, stored under ``name``; ``sampling_params`` holds what this call gives itself."""

    __slots__ = ("name", "sampling_params")

    def __init__(self, name: str | None, sampling_params: SglSamplingParams) -> None:
        self.name = name
        self.sampling_params = sampling_params

    def __repr__(self) -> str:
        return f"Gen({self.name!r})"


class SglSelect(SglExpr):
    """The likeliest of ``choices`` under ``choices_method``, stored under ``name`` if there is one."""

    __slots__ = ("choices", "choices_method", "name", "temperature")

    def __init__(
        self,
        name: str | None,
        choices: Sequence[str],
        temperature: float = 0.0,
        choices_method: ChoicesSamplingMethod = token_length_normalized,
    ) -> None:
        self.name = name
        self.choices = list(choices)
        self.temperature = temperature
        self.choices_method = choices_method

    def __repr__(self) -> str:
        return f"Select({self.name!r}, choices={self.choices}, choices_method={self.choices_method})"


class SglImage(SglExpr):
    """An image: a file's path, the file's bytes, or a PIL image."""

    __slots__ = ("path",)

    def __init__(self, path: Any) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Image({_brief(self.path)})"


class SglVideo(SglExpr):
    """``num_frames`` frames, evenly spaced, of a video: a file's path or its bytes."""

    __slots__ = ("num_frames", "path")

    def __init__(self, path: Any, num_frames: int) -> None:
        self.path = path
        self.num_frames = num_frames

    def __repr__(self) -> str:
        return f"Video({_brief(self.path)}, {self.num_frames})"


def _brief(media: Any) -> str:
    return repr(media) if isinstance(media, str | SglExpr) else type(media).__name__


class SglSeparateReasoning(SglExpr):
    """``expr``, of whose completions the thinking is cut off, as models of family ``model_type`` mark it."""

    __slots__ = ("expr", "model_type")

    def __init__(self, expr: SglExpr, model_type: str) -> None:
        self.expr = expr
        self.model_type = model_type

    def __repr__(self) -> str:
        return f"SeparateReasoning({self.expr}, model_type={self.model_type!r})"


class SglRoleBegin(SglExpr):
    """A turn of ``role`` begins."""

    __slots__ = ("role",)

    def __init__(self, role: str) -> None:
        self.role = role

    def __repr__(self) -> str:
        return f"RoleBegin({self.role})"


class SglRoleEnd(SglExpr):
    """The turn of ``role`` ends."""

    __slots__ = ("role",)

    def __init__(self, role: str) -> None:
        self.role = role

    def __repr__(self) -> str:
        return f"RoleEnd({self.role})"


class SglVarScopeBegin(SglExpr):
    """Variable ``name`` will be the text from here to the scope's end."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"VarScopeBegin({self.name!r})"


class SglVarScopeEnd(SglExpr):
    """The scope of variable ``name`` ends."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"VarScopeEnd({self.name!r})"


class SglVariable(SglExpr):
    """The value of variable ``name`` of ``source``, another state's executor; waits for it when executed."""

    __slots__ = ("name", "source")

    def __init__(self, name: str, source: Any) -> None:
        self.name = name
        self.source = source

    def __repr__(self) -> str:
        return f"Variable({self.name!r})"


class SglCommitLazy(SglExpr):
    """Have the backend read the text now (the frontend hint, paper section 3)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "CommitLazy()"


class SglConcateAndAppend(SglExpr):
    """Append the text that each of the ``states`` added since it was forked."""

    __slots__ = ("states",)

    def __init__(self, states: Sequence[Any]) -> None:
        self.states = list(states)

    def __repr__(self) -> str:
        return f"ConcatenateAndAppend({len(self.states)} states)"


class SglSetVariable(SglExpr):
    """Variable ``name`` becomes ``value``; no text changes. Only in graphs: a state is set directly."""

    __slots__ = ("name", "value")

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value

    def __repr__(self) -> str:
        return f"Set({self.name!r}, {self.value!r})"


class SglFork(SglExpr):
    """The state splits into ``number`` copies. Only in graphs: a state is forked directly."""

    __slots__ = ("number", "position_ids_offset")

    def __init__(self, number: int, position_ids_offset: Any = None) -> None:
        self.number = number
        self.position_ids_offset = position_ids_offset

    def __repr__(self) -> str:
        return f"Fork(number={self.number}, position_ids_offset={self.position_ids_offset})"


class SglGetForkItem(SglExpr):
    """The copy ``index`` of a fork begins. Only in graphs."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index

    def __repr__(self) -> str:
        return f"GetForkItem(index={self.index})"


class SglJoin(SglExpr):
    """The forks end; ``mode`` says what they give back. Only in graphs: a group is joined directly."""

    __slots__ = ("mode",)

    def __init__(self, mode: str) -> None:
        self.mode = mode

    def __repr__(self) -> str:
        return f"Join({self.mode!r})"


class SglCall(SglExpr):
    """Program ``name`` begins, called from another's body with run options ``options``. Only in graphs."""

    __slots__ = ("name", "options")

    def __init__(self, name: str, options: Any) -> None:
        self.name = name
        self.options = options

    def __repr__(self) -> str:
        return f"Call({self.name!r})"


class SglReturn(SglExpr):
    """The called program ends. Only in graphs."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Return()"
