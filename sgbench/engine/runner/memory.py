"""Memory of the runner's device: how much the pool may take, and who holds what when there is not enough.

The pool's size comes from a rehearsal: the largest prefill and the largest decode step run for real, on a small pool, and what they take at
their peak stays free. A notebook's kernel holds its user's tensors too, so a share is left to them, and a full card is an error that
names all holders, not a crash. Knows torch's allocator and the driver; no model and no plan.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from sgbench.errors import CapacityError, DeviceLostError, DeviceMemoryError

if TYPE_CHECKING:
    from sgbench.engine.request import StepResult
    from sgbench.engine.runner.base import Pending

_POOL_SHARE = 0.9
"""Of what is free beside the largest step; the rest is the user's."""
_RAM_SHARE = 0.25
_RAM_POOL_TOKENS = 65_536
_GRAPH_BYTES = 256 << 20
"""Left for CUDA graphs, which are captured later, and for kernels that are loaded later."""
_LOST = ("illegal memory access", "unspecified launch failure", "device-side assert", "misaligned address", "ECC error")


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds a GPU's memory, bytes.

    Attributes
    ----------
    weights, kv
        The engine's.
    steps
        The engine's buffers between steps, as far as they can be told from the user's tensors: what it allocated at its start.
    own
        Other live tensors of this process: the user's, mostly.
    cached
        What torch keeps for reuse in this process; ``torch.cuda.empty_cache()`` returns it.
    elsewhere
        Other processes, and the driver's own share.
    withheld
        Free, but beyond what the user lets this process take (``torch.cuda.set_per_process_memory_fraction``).
    free, total
        What this process may still take, and the card.
    """

    weights: int
    kv: int
    steps: int
    own: int
    cached: int
    elsewhere: int
    withheld: int
    free: int
    total: int

    def __str__(self) -> str:
        named = {
            "the engine's weights": self.weights,
            "its KV pool": self.kv,
            "its step buffers": self.steps,
            "other tensors of this process": self.own,
            "torch's cache in this process": self.cached,
            "other processes and the driver": self.elsewhere,
            "beyond this process's limit (torch.cuda.set_per_process_memory_fraction)": self.withheld,
        }
        held = ", ".join(f"{name} {_gib(size)}" for name, size in named.items() if size >= 1 << 20)
        return f"of {_gib(self.total)}: {held}, free {_gib(self.free)}"


class DeviceMemory:
    """What one runner holds of its device.

    Parameters
    ----------
    device
        Of the runner. On a CPU nothing is measured and nothing is guarded.

    Attributes
    ----------
    lost
        A kernel failed: nothing on the device can be used, and nothing that was there may be let go (`keep_for_ever`).
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device = _indexed(device)
        self._cuda = device.type == "cuda"
        self.lost = False
        self._before = torch.cuda.memory_allocated(device) if self._cuda else 0
        self._weights = self._kv = self._steps = 0

    def check_weights(self, size: int) -> None:
        """Refuse weights of ``size`` bytes that cannot fit, before one of them is read.

        Raises
        ------
        CapacityError
            They are larger than what is free.
        """
        if not self._cuda:
            free = free_ram_bytes()
            if size > free:  # the system would end the process, the notebook's kernel with it
                raise CapacityError(
                    f"the model's weights take {_gib(size)} and memory has {_gib(free)} free: use a smaller model"
                )
            return
        now = self.holders()
        if size > now.free + now.cached:
            raise CapacityError(
                f"the model's weights take {_gib(size)} and do not fit the GPU ({now}). Use a smaller model, or free the card"
            )

    def weights_loaded(self) -> None:
        """All that was allocated since the start is weights."""
        if self._cuda:
            self._weights = torch.cuda.memory_allocated(self._device) - self._before

    def built(self, kv_bytes: int) -> None:
        """The pool is there, and every buffer that lives between steps."""
        self._kv = kv_bytes
        if self._cuda:
            held = torch.cuda.memory_allocated(self._device) - self._before
            self._steps = max(0, held - self._weights - kv_bytes)

    def holders(self) -> Holders:
        """Who holds what now. GPU only."""
        unused, total = torch.cuda.mem_get_info(self._device)
        free = min(unused, free_bytes(self._device))
        allocated, reserved = torch.cuda.memory_allocated(self._device), torch.cuda.memory_reserved(self._device)
        own = max(0, allocated - self._weights - self._kv - self._steps)
        elsewhere, withheld = max(0, total - unused - reserved), unused - free
        return Holders(
            self._weights, self._kv, self._steps, own, reserved - allocated, elsewhere, withheld, free, total
        )

    @contextlib.contextmanager
    def guard(self, doing: str) -> Iterator[None]:
        """What goes wrong on the device inside becomes an error that says what to do; ``doing`` names the work.

        Raises
        ------
        DeviceMemoryError
            The card is full.
        DeviceLostError
            A kernel failed: nothing on the device can be used any more in this process.
        """
        try:
            yield
        except RuntimeError as failure:  # torch.OutOfMemoryError is one too
            if not self._cuda:
                raise
            if _is_full(failure):
                raise DeviceMemoryError(
                    f"the GPU has no memory for {doing}: {self.holders()}. Free what you do not need (del, then "
                    "torch.cuda.empty_cache()), or start the engine with a smaller kv_tokens"
                ) from failure
            if any(sign in str(failure) for sign in _LOST):
                self.lost = True
                told = lost(failure)
                keep_for_ever(told)
                raise told from failure
            raise

    def pool_tokens(self, bytes_per_token: int, slots: int, rehearse: Callable[[], None]) -> int:
        """Tokens of KV that fit beside the largest step.

        Parameters
        ----------
        bytes_per_token
            Of KV.
        slots, rehearse
            Runs the largest steps on a pool of that many slots, and gives it back.

        Raises
        ------
        CapacityError
            Not one token fits.
        """
        device = self._device
        torch.cuda.synchronize(device)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        try:
            rehearse()
        except DeviceMemoryError as full:
            raise CapacityError(
                f"the largest step does not fit; lower max_prefill_tokens or max_running. {full}"
            ) from full
        torch.cuda.synchronize(device)
        peak = torch.cuda.max_memory_allocated(device) - torch.cuda.memory_allocated(device)
        step = max(0, peak - slots * bytes_per_token)
        torch.cuda.empty_cache()
        free = free_bytes(device)
        tokens = int((free - step - _GRAPH_BYTES) * _POOL_SHARE) // bytes_per_token
        if tokens < 1:
            raise CapacityError(
                f"the largest step takes {_gib(step)} beside the weights, which leaves no room for KV: {self.holders()}. "
                "Lower max_prefill_tokens or max_running, or free the card"
            )
        return tokens

    def sentence(self, kv_tokens: int) -> str:
        """The pool and what is left, for people."""
        pool = f"KV pool of {kv_tokens:,} tokens, {_gib(self._kv)}"
        if not self._cuda:
            return pool
        now = self.holders()
        return f"{pool}; weights {_gib(self._weights)}; {_gib(now.free + now.cached)} of {_gib(now.total)} left"


class GuardedStep:
    """A step under way whose failures are told as `DeviceMemory.guard` does."""

    def __init__(self, step: Pending, memory: DeviceMemory) -> None:
        self._step, self._memory = step, memory

    def bind(self) -> None:
        """See `sgbench.engine.runner.base.Pending.bind`."""
        with torch.inference_mode(), self._memory.guard("a step"):
            self._step.bind()

    def result(self) -> StepResult:
        """See `sgbench.engine.runner.base.Pending.result`."""
        with self._memory.guard("a step"):
            return self._step.result()

    def __del__(self) -> None:
        if self._memory.lost:
            keep_for_ever(self._step)


def free_bytes(device: torch.device) -> int:
    """What this process may still take of the card: less than is free where the user has set a limit to torch."""
    device = _indexed(device)
    free, total = torch.cuda.mem_get_info(device)
    allowed = int(total * torch.cuda.get_per_process_memory_fraction(device)) - torch.cuda.memory_reserved(device)
    return max(0, min(free, allowed))


def ram_pool_tokens(bytes_per_token: int, context_tokens: int) -> int:
    """Tokens of KV on a CPU: a share of what is free, and not more than is of use."""
    fits = int(free_ram_bytes() * _RAM_SHARE) // bytes_per_token
    return max(1, min(fits, max(_RAM_POOL_TOKENS, context_tokens)))


def free_ram_bytes() -> int:
    """Memory that can be had without swapping; 4 GiB where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 4 << 30


def _is_full(failure: RuntimeError) -> bool:
    text = str(failure)
    return isinstance(failure, torch.cuda.OutOfMemoryError) or "out of memory" in text or "ALLOC_FAILED" in text


def lost(failure: BaseException) -> DeviceLostError:
    """The error for a device whose context is gone."""
    return DeviceLostError(
        f"a kernel failed on the GPU ({str(failure).splitlines()[0]}). CUDA gives up this process's whole context after that, the user's "
        "tensors included: save what is on the host, restart the kernel and run again with cuda_graph=False and "
        "attention='torch'; if that works, please report it"
    )


def keep_for_ever(held: object) -> None:
    """Never free ``held``, not even when the process ends.

    Memory that a copy to or from a lost device used cannot be given back: torch asks the driver, is refused inside a destructor, and ends
    the whole process. The notebook's kernel is worth more than those bytes.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(held))


def is_lost(device: torch.device) -> bool:
    """Can the device not be used any more?"""
    if device.type != "cuda":
        return False
    try:
        torch.cuda.synchronize(device)
    except RuntimeError:
        return True
    return False


def _indexed(device: torch.device) -> torch.device:
    """Which GPU ``cuda`` is: some of torch's functions ask for a number."""
    if str(device) == "cuda":
        return torch.device("cuda", torch.cuda.current_device())
    return device


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 1 << 29 else f"{size / 2**20:.0f} MiB"
