"""A ``%%sgl`` cell from its options to its bound names: choose, show, run, compare, bind, fail.

Knows the session, runs and views. Does not know how a line is read (`sgbench.kernel_ext.options`) nor what HTML is.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from sgbench.errors import UsageError
from sgbench.kernel_ext.cell import Cell
from sgbench.kernel_ext.commands import watcher
from sgbench.kernel_ext.comparing import check_baseline, compare, observing
from sgbench.kernel_ext.history import EVENTS
from sgbench.kernel_ext.live import View, can_update, following, view_for
from sgbench.kernel_ext.options import CellOptions
from sgbench.kernel_ext.page import Picture
from sgbench.kernel_ext.program import Defaults
from sgbench.kernel_ext.result import RunResult
from sgbench.kernel_ext.run import Plan, Run, batch_items
from sgbench.kernel_ext.session import Session, is_engine
from sgbench.kernel_ext.settings import Setting

SEEDS = 2**31


class CellRunner:
    """Runs one cell.

    Parameters
    ----------
    shell
        Whose namespace is bound and whose displays are used.
    session
        The engine and what outlives the cell.
    evaluate
        Evaluates an expression of the user's.
    """

    def __init__(self, shell: InteractiveShell, session: Session, evaluate: Callable[[str], Any]) -> None:
        self._shell = shell
        self._session = session
        self._evaluate = evaluate

    def run(self, cell: Cell, options: CellOptions, settings: Mapping[str, Setting]) -> Any:
        """Run ``cell``; returns the value of its last expression.

        Raises
        ------
        CellError
            The body, or a call it made, failed.
        KeyboardInterrupt
            The user interrupted; what ran was cancelled and the names are bound.
        UsageError
            The options ask for what the backend has not.
        """
        plan = self._plan(cell, options, settings)
        baseline = settings["baseline"].value
        if baseline:
            check_baseline(plan.backend)
        if "record" in options.given and not _recordable(plan.backend):
            raise UsageError(f"--record needs an engine in this kernel; {type(plan.backend).__name__} keeps no events")
        widgets = self._watch(plan.backend, settings["watch"].value)
        run = Run(plan)
        result = RunResult(run)
        view = view_for(self._shell)
        if options.given.get("background"):
            return self._background(run, result, options, view, widgets)
        stream = not options.given.get("no_stream")
        try:
            with widgets, self._recording(plan.backend, options, result), _following(view, run, "", stream):
                run.here()
            if baseline and run.failure is None:
                with observing(plan.backend, _recordable(plan.backend)):
                    result.comparison = compare(
                        run,
                        baseline,
                        settings["repeat"].value,
                        lambda other, words: _following(view, other, words, stream),
                    )
        finally:
            self._bind(options, result)
            view.close(final_picture(result))
        if run.failure is not None:
            raise run.failure
        return run.value

    def _plan(self, cell: Cell, options: CellOptions, settings: Mapping[str, Setting]) -> Plan:
        given = options.given
        chosen = self._evaluate(given["backend"]) if "backend" in given else None
        if "backend" in given and chosen is None:
            raise UsageError(f"--backend {given['backend']} is None")
        items = batch_items(self._evaluate(given["batch"])) if "batch" in given else None
        backend, notice = self._session.backend(chosen)
        if notice:
            sys.stdout.write(f"{notice}\n")
            sys.stdout.flush()
        seed = settings["seed"].value
        if seed is None and settings["baseline"].value:
            seed = random.randrange(SEEDS)  # the pair must draw the same
        defaults = Defaults(settings["temperature"].value, settings["max_tokens"].value, seed)
        return Plan(cell, backend, defaults, self._shell.user_ns, items)

    def _watch(self, backend: Any, names: tuple[str, ...]) -> contextlib.ExitStack:
        """Show the live widgets; leaving the returned context ends their following, and they keep what they saw."""
        stack = contextlib.ExitStack()
        if not names:
            return stack
        if not is_engine(backend):
            raise UsageError(f"--watch needs an engine in this kernel; {type(backend).__name__} has no radix tree")
        for name in names:
            widget = watcher(name, backend)
            if can_update(self._shell):
                widget.show()
            else:
                stack.callback(_print_summary, widget)
            stack.callback(widget.finish)
        return stack

    @contextlib.contextmanager
    def _recording(self, backend: Any, options: CellOptions, result: RunResult) -> Iterator[None]:
        if not _recordable(backend):
            yield
            return
        bound = {} if "record" in options.given else {"max_events": EVENTS}
        with backend.record(**bound) as trace:
            result.trace = trace
            self._session.history.add(backend, trace)
            yield

    def _bind(self, options: CellOptions, result: RunResult) -> None:
        bound: dict[str, Any] = {"_sgl": result}
        batch = result.run.plan.items is not None
        bound[options.name] = result.states if batch else result.state
        if "record" in options.given and result.trace is not None:
            bound[options.given["record"]] = result.trace
        self._shell.user_ns.update(bound)

    def _background(
        self, run: Run, result: RunResult, options: CellOptions, view: View, widgets: contextlib.ExitStack
    ) -> None:
        recording = self._recording(run.plan.backend, options, result)
        recording.__enter__()
        self._bind(options, result)
        self._session.runs.append(run)

        def follow() -> None:
            try:
                with widgets, _following(view, run, "", not options.given.get("no_stream")):
                    run.aside(shared=True)
            finally:
                recording.__exit__(None, None, None)
                if run in self._session.runs:
                    self._session.runs.remove(run)
                view.close(final_picture(result))

        view.show(Picture(run.items(), note="running in the background"))
        run.start(follow)


def _recordable(backend: Any) -> bool:
    return callable(getattr(backend, "record", None))


def final_picture(result: RunResult) -> Picture:
    """What stays in the notebook."""
    run = result.run
    note = "interrupted; the text so far is kept" if run.interrupted else ""
    if run.failure is not None and not note:
        note = f"failed: {str(run.failure).partition(chr(10))[0]}"
    return Picture(run.items(), run.ledger(), result.comparison, note)


def _following(view: View, run: Run, words: str, stream: bool) -> AbstractContextManager[None]:
    return following(view, lambda: Picture(run.items(), note=words), stream=stream)


def _print_summary(widget: Any) -> None:
    """For consoles, which show a widget once, at the end."""
    sys.stdout.write(f"{widget.summary()}\n")
