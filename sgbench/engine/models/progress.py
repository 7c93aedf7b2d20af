"""A bar while weights are read: in a terminal or a notebook, after half a second; nowhere else.

Knows tqdm; no weights.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

_DELAY_S = 0.5


def someone_looks() -> bool:
    """Is there a terminal or a notebook that shows a bar?"""
    kernel = sys.modules.get("ipykernel.zmqshell")  # asked, not imported: the engine knows no notebook
    if kernel is not None and kernel.ZMQInteractiveShell.initialized():
        return True
    return bool(sys.stderr is not None and sys.stderr.isatty())


@contextlib.contextmanager
def reading(total_bytes: int) -> Iterator[Callable[[int], object]]:
    """A bar over ``total_bytes``; yields what to call with each number of bytes that were read."""
    if not someone_looks():
        yield lambda _: None
        return
    from tqdm.auto import tqdm

    with tqdm(
        total=total_bytes, desc="weights", unit="B", unit_scale=True, unit_divisor=1024, delay=_DELAY_S, leave=False
    ) as bar:
        yield bar.update


@contextlib.contextmanager
def transformers_bars() -> Iterator[None]:
    """`transformers` shows its own bars inside only if someone looks."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    if shown and not someone_looks():
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
