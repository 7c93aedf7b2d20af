"""`transformers` on the same workloads, after our engine has given the device back.

Two ways: ``generate`` on padded batches, and its continuous batching on paged KV. Both are given the exact prompts and lengths, and a
time; what does not finish in it is reported as such, never extrapolated. It runs in a process of its own, because a run of its continuous
batching cannot be given up from inside (`measured` ends that process then).

    python -m benchmarks.gpu_peers ROWS.json

``ROWS.json`` has the shape, the device, the seconds there are, and the rows; each line of the output is a row that begins or ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.gpu_engine import Clock, OutOfTimeError
from benchmarks.gpu_workloads import Ids, OneRequest, Run, Workload, draw_beforehand

WAYS = ("padded", "continuous")
_COMMAND = (sys.executable, "-m", "benchmarks.gpu_peers")
_GRACE_S = 3.0
"""How much longer than its time a row may take to say so."""
_ENDING_S = 0.5
"""What a process that has closed its output may take to end."""
_LEAST_S = 25.0
"""Seconds below which another process is not worth its start."""
_BATCH = 32
"""Prompts of one padded batch: 256 times 2,064 tokens of activations do not fit beside the weights."""


class TransformersPeer:
    """A random model of our shape in bf16.

    Parameters
    ----------
    config
        Contents of a ``config.json``.
    device
        ``cuda``, or ``cpu`` for tests.
    """

    def __init__(self, config: dict[str, Any], device: str) -> None:
        import torch
        import transformers

        fields = {k: v for k, v in config.items() if k not in ("architectures", "model_type")}
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.bfloat16 if device == "cuda" else torch.float32)
        try:
            with torch.device(device):
                self._model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**fields)).eval()
        finally:
            torch.set_default_dtype(before)
        self._model.generation_config.eos_token_id = None
        self._device = device
        self.vocab_size = int(config["vocab_size"])

    def padded(self, until: float) -> Run:
        """``generate`` on batches of equal or padded length."""
        import torch

        def run(prompts: list[Ids], new_tokens: int) -> list[Ids]:
            outputs: list[Ids] = []
            for i in range(0, len(prompts), _BATCH):
                if time.perf_counter() > until:
                    raise OutOfTimeError
                batch = prompts[i : i + _BATCH]
                longest = max(map(len, batch))
                ids = torch.tensor([[0] * (longest - len(p)) + p for p in batch], device=self._device)
                mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in batch], device=self._device)
                options = {"max_new_tokens": new_tokens, "min_new_tokens": new_tokens, "do_sample": False}
                left_s = max(0.01, until - time.perf_counter())
                out = self._model.generate(ids, attention_mask=mask, pad_token_id=0, max_time=left_s, **options)
                if out.shape[1] < longest + new_tokens:
                    raise OutOfTimeError
                outputs += out[:, longest:].tolist()
            return outputs

        return run

    def continuous(self, until: float) -> Run:
        """``generate_batch``: continuous batching; checked between stages only."""
        from transformers import GenerationConfig

        def run(prompts: list[Ids], new_tokens: int) -> list[Ids]:
            if time.perf_counter() > until:
                raise OutOfTimeError
            wish = GenerationConfig(max_new_tokens=new_tokens, do_sample=False, eos_token_id=-1, pad_token_id=0)
            done = self._model.generate_batch(
                prompts, generation_config=wish, progress_bar=False, persistent_manager=True, warmup=True
            )
            outputs = [list(one.generated_tokens) for one in done.values()]
            if sorted(map(len, outputs)) != [new_tokens] * len(prompts):
                raise RuntimeError("continuous batching did not give every request its tokens")
            return outputs

        return run

    def row(self, name: str, workload: Workload, way: str, limit_s: float) -> dict[str, Any]:
        """What a row says of ``workload``: of one request what the second run says, and of its tokens what each costs after the first."""
        clock = Clock(limit_s)
        if name not in ("decode", "first_token"):
            return self.measure(workload, way, limit_s)
        one = OneRequest(128, 1)
        warm = self.measure(OneRequest(128, 5), way, limit_s)
        if "seconds" not in warm:
            return warm
        short = self.measure(one, way, clock.left_s)
        if name == "first_token" or "seconds" not in short:
            return short
        long = self.measure(OneRequest(128, 33), way, clock.left_s)
        return {"seconds": (long["seconds"] - short["seconds"]) / 32} if "seconds" in long else long

    def measure(self, workload: Workload, way: str, limit_s: float) -> dict[str, Any]:
        """Seconds of one run, ``over`` if the time did not suffice, or ``failed`` with the reason."""
        if limit_s <= 0:
            return {"over": 0.0}
        draw_beforehand(workload, self.vocab_size, 1)
        began = time.perf_counter()
        try:
            workload.play(getattr(self, way)(began + limit_s), self.vocab_size, 1)
        except OutOfTimeError:
            return {"over": round(limit_s, 1)}
        except Exception as failure:  # a peer's failure is a result, not the end of the run
            return {"failed": f"{type(failure).__name__}: {failure}"[:300]}
        return {"seconds": time.perf_counter() - began}


def measured(
    config: dict[str, Any],
    device: str,
    size: str,
    names: list[str],
    budget_s: float,
    ways: tuple[str, ...] = WAYS,
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Row by row: its name, the way, and what `TransformersPeer.row` says, within ``budget_s`` in all.

    What is left of the time is shared evenly among the rows that are left. A row that does not end is ended, with its process; the others
    go on in a new one if there is time. Rows that never began are not among the results.
    """
    clock = Clock(budget_s)
    left = [
        (name, way) for way in ways for name in names
    ]  # continuous batching keeps the card's memory once it has run
    nth = 0
    while left and (nth == 0 or clock.left_s > _LEAST_S):
        nth += 1
        child = _Child(config, device, size, left, clock.left_s)
        running: tuple[str, str] | None = None
        limit_s = clock.left_s
        while True:
            said = child.line(limit_s + _GRACE_S)
            if said is None:
                break
            running = said["name"], said["way"]
            limit_s = said.get("limit_s", clock.left_s)
            if "result" in said:
                left.remove(running)
                yield (*running, said["result"])
                running = None
        silent = child.end()
        if running is None:
            if left and silent:  # it did not get as far as a row
                yield (*left[0], {"failed": silent})
            return
        left.remove(running)
        yield (*running, {"failed": silent} if silent else {"over": round(limit_s, 1)})


class _Child:
    """The process that runs rows, and what it says."""

    def __init__(
        self, config: dict[str, Any], device: str, size: str, rows: list[tuple[str, str]], budget_s: float
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._log = Path(self._folder.name) / "log"
        asked = {"config": config, "device": device, "size": size, "rows": rows, "budget_s": budget_s}
        path = Path(self._folder.name) / "rows.json"
        path.write_text(json.dumps(asked), encoding="utf-8")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*_COMMAND, str(path)], stdout=subprocess.PIPE, stderr=log, text=True)
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def line(self, timeout_s: float) -> dict[str, Any] | None:
        """The next thing it says; None if it ended, or was silent for so long."""
        until = time.monotonic() + timeout_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return None
            if line is None:
                return None
            if line.startswith(_MARK):
                said: dict[str, Any] = json.loads(line.removeprefix(_MARK))
                return said

    def end(self) -> str:
        """End it, wherever it is; its last words if it had failed by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING_S)
        failed = self._process.poll() not in (None, 0)
        self._process.kill()
        self._process.wait()
        words = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if failed else []
        self._folder.cleanup()
        return words[-1][:300] if words else "it ended without a word" if failed else ""


_MARK = "row: "


def _say(**words: Any) -> None:
    print(_MARK + json.dumps(words), flush=True)


def main() -> None:
    """The child's part."""
    from benchmarks.gpu import workloads

    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    clock = Clock(asked["budget_s"])
    peer = TransformersPeer(asked["config"], asked["device"])
    work = workloads(asked["size"])
    rows = asked["rows"]
    for nth, (name, way) in enumerate(rows):
        limit_s = clock.left_s / (len(rows) - nth)
        if limit_s <= 0:
            break
        _say(name=name, way=way, limit_s=limit_s)
        _say(name=name, way=way, result=peer.row(name, work[name], way, limit_s))
    sys.stdout.flush()
    os._exit(0)  # threads of its continuous batching may go on for ever


if __name__ == "__main__":
    main()
