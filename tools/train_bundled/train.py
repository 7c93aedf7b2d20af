"""Train the bundled model: ``python -m tools.train_bundled.train --out FOLDER --steps 3000``.

Makes the tokenizer, starts the workers that write training text, trains, and writes a Hugging Face folder.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from tools.train_bundled import measure, net, optimiser
from tools.train_bundled.corpus import ANSWERED, SILENT, STARTS, Mixture, Plan, Shards, tell
from tools.train_bundled.families import all_families
from tools.train_bundled.tokenizer import END_OF_TEXT, TURN_END, save, train, write_json

PROMPT_WEIGHT = 0.02
TOKENIZER_DOCUMENTS = 96_000
REFITTED = (60, 1500)
"""Steps after which a run is cut to what fits before its deadline; the rate is still on its plateau then."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One shard on the device: what `Network.forward` and `Network.loss` take."""

    tokens: Tensor
    places: Tensor
    regions: tuple[net.Region, ...]
    targets: Tensor
    weights: Tensor


def sample_texts(seed: int, count: int) -> list[str]:
    """Documents for the tokenizer, drawn like training text (in a worker process)."""
    mixture, rng = Mixture(all_families()), Random(seed)
    drawn = [mixture.draw(rng, long=rng.random() < 0.01) for _ in range(count)]
    return ["".join(text for text, _ in example.segments) for example in drawn]


def knowledge_names() -> list[str]:
    """Names that deserve tokens of their own."""
    from tools.train_bundled import knowledge

    return list(knowledge.entities())


def make_tokenizer(folder: Path, shape: net.Shape, seed: int, workers: int) -> Tokenizer:
    """Train the tokenizer on a sample of all families and write its files into ``folder``."""
    each = TOKENIZER_DOCUMENTS // 32
    with ProcessPoolExecutor(workers) as pool:
        parts = list(pool.map(sample_texts, [seed * 7919 + i for i in range(32)], [each] * 32))
    texts = [text for part in parts for text in part]
    texts += [f"{name}\n {name}" for name in knowledge_names() for _ in range(20)]
    tokenizer = train(texts, shape.vocab)
    save(tokenizer, folder, shape.positions)
    return tokenizer


def to_batch(ids: np.ndarray, flags: np.ndarray, plan: Plan, device: torch.device) -> Batch:
    """A shard as tensors of fixed shapes."""
    begins = np.flatnonzero(flags & STARTS)
    lengths = np.diff(np.append(begins, len(ids)))
    places = np.arange(len(ids)) - np.repeat(begins, lengths)
    weights = np.where(flags & ANSWERED, 1.0, PROMPT_WEIGHT).astype(np.float32)
    weights[(flags & SILENT) > 0] = 0.0
    weights[begins] = 0.0
    weights[np.repeat(ids[begins] == 0, lengths)] = 0.0
    weights = np.append(weights[1:], np.float32(0))
    targets = np.append(ids[1:], np.uint16(0))
    capped = np.minimum(places, net.Shape().positions - 1)

    regions = []
    for begin, end, longest, room in plan.regions:
        starts = np.full(room + 1, end - begin, np.int32)
        inside = begins[(begins >= begin) & (begins < end)] - begin
        starts[: len(inside)] = inside
        regions.append(net.Region(begin, end, torch.from_numpy(starts).to(device, non_blocking=True), longest))

    def put(array: np.ndarray, kind: torch.dtype) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(kind).to(device, non_blocking=True)

    return Batch(
        put(ids.astype(np.int64), torch.long),
        put(capped, torch.long),
        tuple(regions),
        put(targets.astype(np.int64), torch.long),
        put(weights, torch.float32),
    )


def go_on_from(folder: Path, network: net.Network, out: Path, positions: int) -> Tokenizer:
    """Load an exported folder's weights into ``network`` and copy its tokenizer into ``out``."""
    state = load_file(folder / "model.safetensors")
    network.load_state_dict({name.removeprefix("model."): tensor.float() for name, tensor in state.items()})
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    save(tokenizer, out, positions)
    return tokenizer


def check_attention(shape: net.Shape, device: torch.device) -> None:
    """The fast attention equals its slow twin, forward and backward, or training stops here."""
    generator = torch.Generator().manual_seed(1)
    cast = torch.bfloat16
    sizes = [700, 1, 300, 23]
    total = sum(sizes)
    starts = torch.tensor([0, *np.cumsum(sizes), total, total], dtype=torch.int32, device=device)
    regions = [net.Region(0, total, starts, 1024), net.Region(total, 2 * total, starts, 2048)]
    twin = torch.cat((starts, starts + total))
    draws = [torch.randn(2 * total, shape.heads, shape.head_dim, generator=generator) for _ in range(4)]
    q, k, v, g = (d.to(device, cast) for d in draws)
    results = []
    for attend, where in ((net.document_attention, regions), (net.masked_attention, twin)):
        leaves = [t.clone().requires_grad_() for t in (q, k, v)]
        out = attend(*leaves, where)  # type: ignore[operator]
        out.backward(g)
        results.append([out.detach(), *(leaf.grad for leaf in leaves)])
    for fast, slow in zip(*results, strict=True):
        assert fast is not None and slow is not None
        error = (fast.float() - slow.float()).norm() / slow.float().norm()
        if not error < 2e-2:
            raise RuntimeError(f"document attention differs from its reference by {float(error):.3g}")


def export(network: net.Network, tokenizer: Tokenizer, folder: Path) -> None:
    """Write ``config.json`` and ``model.safetensors`` (bfloat16) beside the tokenizer's files."""
    ends = [tokenizer.token_to_id(TURN_END), tokenizer.token_to_id(END_OF_TEXT)]
    write_json(folder / "config.json", network.shape.hugging_face(ends, ends[1]))
    state = {f"model.{name}": p.detach().bfloat16().contiguous().cpu() for name, p in network.named_parameters()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


class Trainer:
    """Steps a network through shards."""

    def __init__(
        self,
        network: net.Network,
        shards: Shards,
        plan: Plan,
        args: argparse.Namespace,
        device: torch.device,
        development: measure.Development,
    ) -> None:
        self.network, self.shards, self.plan, self.args, self.device = network, shards, plan, args, device
        self.development, self.factors, self.measured = development, measure.Factors(), 0
        matrices, rest = optimiser.split(network)
        self.muon = optimiser.Muon(matrices)
        self.adam = torch.optim.AdamW(rest, lr=args.rate, betas=(0.9, 0.95), weight_decay=0.0, eps=1e-8)
        self.loss = net.weighted_loss
        if device.type == "cuda":
            torch.set_float32_matmul_precision("high")
            torch._dynamo.config.recompile_limit = 64
            for layer in network.layers:
                layer.compile(dynamic=False)
            self.loss = torch.compile(net.weighted_loss, dynamic=False)
            optimiser.orthogonalise = torch.compile(optimiser.orthogonalise, dynamic=False)
        self.kind = torch.bfloat16 if device.type == "cuda" else torch.float32

    def measure(self) -> None:
        """Before shard ``every``, ``2 * every``, ...: measure the families, give the workers new factors, and log both."""
        if self.shards.taken // self.plan.every == self.measured:
            return
        self.measured += 1
        errors = self.development.errors(self.network, self.kind)
        factors = self.factors.after(errors)
        tell(self.shards.folder, self.measured, factors)
        worst = sorted(errors, key=errors.__getitem__, reverse=True)[:10]
        print("development errors: " + ", ".join(f"{key} {errors[key]:.0%}" for key in worst), flush=True)
        with (self.args.out / "mixture.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"shards": self.shards.taken, "errors": errors, "factors": factors}) + "\n")

    def step(self, rate: float) -> Tensor:
        """One optimisation step on the next shard; gives its loss (still on the device)."""
        self.measure()
        ids, flags = self.shards.next()
        batch = to_batch(ids, flags, self.plan, self.device)
        net_, shape = self.network, self.network.shape
        hidden = net_(batch.tokens, batch.places, batch.regions, self.kind)
        loss = self.loss(hidden, net_.norm.weight, net_.embed_tokens.weight, batch.targets, batch.weights, shape.eps)
        loss.backward()
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
        self.muon.step(rate)
        return loss.detach()

    def run(self, steps: int, deadline: float, save_now) -> int:  # type: ignore[no-untyped-def]
        """Train ``steps`` steps, or as many as end before ``deadline`` (then the rate falls to zero sooner)."""
        step, began, shown = 0, time.monotonic(), time.monotonic()
        while step < steps:
            loss = self.step(optimiser.rate_at(step, steps, self.args.rate))
            step += 1
            if step == 8:
                torch.cuda.synchronize() if self.device.type == "cuda" else None
                began = time.monotonic()
                print(f"compiled after {began - self.args.began:.0f} s from the start", flush=True)
            if step in REFITTED:
                float(loss)
                pace = (time.monotonic() - began) / (step - 8)
                fits = step + int((deadline - time.monotonic()) / pace)
                if fits < steps or step > REFITTED[0]:
                    print(f"{pace * 1e3:.0f} ms a step: {fits} of {steps} steps fit before the deadline", flush=True)
                    steps = min(fits, self.args.steps)
            if time.monotonic() - shown > 10 or step == steps:
                shown = time.monotonic()
                rate = self.args.tokens * (step - 8) / max(1e-9, shown - began)
                print(
                    f"step {step}/{steps} loss {float(loss):.4f} {rate / 1e6:.2f} M tokens/s, "
                    f"waited {self.shards.waited:.1f} s for text, {self.shards.ready()} shards ready",
                    flush=True,
                )
            if self.args.checkpoint and step % self.args.checkpoint == 0:
                save_now()
            if time.monotonic() > deadline + 15:
                print(f"deadline passed at step {step}", flush=True)
                break
        return step


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    parser.add_argument("--start", type=Path, help="go on from this folder's weights, with its tokenizer")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument(
        "--seconds", type=float, default=1e9, help="fewer steps if these seconds (from start) would pass"
    )
    parser.add_argument("--tokens", type=int, default=262_144, help="tokens a step")
    parser.add_argument("--long-share", type=float, default=0.28, help="share of a step's tokens in long documents")
    parser.add_argument("--rate", type=float, default=3e-3, help="peak learning rate")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--shards", type=Path, default=Path("/tmp/sgbench-shards"), help="scratch folder")
    parser.add_argument("--replay", type=int, default=0, help="every so many steps, a shard of 256 steps ago again")
    parser.add_argument("--every", type=int, default=250, help="shards between two measurements of the families")
    parser.add_argument("--lead", type=int, default=600, help="most shards that are made ahead")
    parser.add_argument("--prompts", type=int, default=measure.SHORT_PROMPTS, help="development prompts of a family")
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--checkpoint", type=int, default=0, help="write the model every so many steps")
    args = parser.parse_args()
    args.began = time.monotonic()
    return args


def main() -> None:
    """Run the whole thing."""
    args = parse()
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    print(torch.cuda.get_device_name() if device.type == "cuda" else "cpu", torch.__version__, flush=True)
    shape = net.Shape(layers=args.layers)
    check_attention(shape, device) if device.type == "cuda" else None
    network = net.Network(shape).to(device)
    if args.start:
        tokenizer = go_on_from(args.start, network, args.out, shape.positions)
    else:
        tokenizer = make_tokenizer(args.out, shape, args.seed, args.workers)
    print(f"tokenizer after {time.monotonic() - args.began:.0f} s", flush=True)
    plan = Plan(args.seed, args.tokens, long_share=args.long_share, every=args.every, lead=args.lead)
    (args.out / "mixture.jsonl").unlink(missing_ok=True)
    shards = Shards(args.shards, args.out / "tokenizer.json", plan, args.workers, args.steps, args.replay)
    try:
        asked = measure.jobs(args.seed, args.prompts, args.prompts // 4)
        development = measure.Development(plan, tokenizer, device, asked, max(1, args.workers // 4))
        print(f"{len(development.sheets)} sheets of development prompts after {time.monotonic() - args.began:.0f} s")
        trainer = Trainer(network, shards, plan, args, device, development)
        done = trainer.run(args.steps, args.began + args.seconds, lambda: export(network, tokenizer, args.out))
    finally:
        shards.close()
    export(network, tokenizer, args.out)
    size = (args.out / "model.safetensors").stat().st_size
    print(
        f"{done} steps, {done * args.tokens / 1e6:.0f} M tokens ({shards.taken} shards of text), "
        f"{time.monotonic() - args.began:.0f} s in all, "
        f"{sum(p.numel() for p in network.parameters())} parameters, {size} bytes",
        flush=True,
    )
    if device.type == "cuda":
        print(f"peak memory {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
