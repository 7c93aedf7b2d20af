"""``sgbench bench``: the paper's workloads, arms and peers, measured here. Knows the public names and how rows are printed."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import sys
from pathlib import Path
from typing import Any

import sgbench as sgl
from sgbench import workloads
from sgbench.cli.serve import engine_options
from sgbench.errors import SgbenchError, UsageError
from sgbench.workloads import peers
from sgbench.workloads.arms import WARM_UP, Arm, arms, compare
from sgbench.workloads.datasets import FORMATS, load
from sgbench.workloads.drawn import HOW
from sgbench.workloads.full_scale import FullScale, Told
from sgbench.workloads.machine import describe
from sgbench.workloads.shape import LLAMA_8B, shape_folder
from sgbench.workloads.table import FORMS, markdown, row
from sgbench.workloads.workload import Case, Workload


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    known = ", ".join(workloads.names())
    add = parser.add_argument
    add("names", nargs="+", metavar="NAME", help=f"all, or some of {known}")
    add(
        "--arms",
        nargs="+",
        default=None,
        metavar="ARM",
        help="all: the seven of the paper's ablation; beyond: the others (default full)",
    )
    add(
        "--peers",
        nargs="+",
        default=[],
        metavar="PEER",
        help="the same programs on transformers, vllm, sglang, guidance, outlines",
    )
    add("--size", type=int, default=None, metavar="N", help="programs (default: small on a CPU, else the paper's)")
    add("--seed", type=int, default=0, metavar="N", help="of the inputs and of sampling (default 0)")
    add("--parallel", type=int, default=None, metavar="N", help="programs at once; 1 measures latency")
    add(
        "--latency",
        type=int,
        default=None,
        metavar="N",
        help="measure N programs one at a time, too: the paper's Fig. 6",
    )
    add("--repeats", type=int, default=1, metavar="N", help="runs of each arm, in turn; the median is told")
    add("--model", default="bundled", help="bundled (default), a folder, or a hub id")
    add(
        "--data",
        type=Path,
        default=None,
        metavar="PATH",
        help=f"the real data set of the one workload named ({', '.join(FORMATS)})",
    )
    add(
        "--gpu-full",
        action="store_true",
        help="on the GPU at the paper's sizes, at once and one at a time, with and without the cache unless --arms says otherwise; "
        "with random weights of Llama-3.1-8B's shape, whose answers are drawn, unless --model names others",
    )
    add(
        "--budget",
        type=float,
        default=None,
        metavar="SECONDS",
        help="with --gpu-full: fewer programs, and the most telling workloads first, to end in this time",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one line of JSON for each workload and arm")
    form.add_argument("--markdown", action="store_true", help="a Markdown table")
    add(
        "--out",
        type=Path,
        default=None,
        metavar="STEM",
        help="also write STEM.json and STEM.md, with machine and versions",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="an option of the engine, such as kv_tokens=8192",
    )


@dataclasses.dataclass(slots=True)
class Run:
    """What a call of the command measured and left out."""

    form: str
    rows: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    left_out: list[dict[str, str]] = dataclasses.field(default_factory=list)
    shortened: list[dict[str, str]] = dataclasses.field(default_factory=list)
    facts: dict[str, str] = dataclasses.field(default_factory=dict)

    def told(self, found: dict[str, Any]) -> None:
        """A row was measured."""
        self.rows.append(found)
        _say(json.dumps(found, ensure_ascii=False) if self.form == "json" else row(found, self.form))

    def missed(self, workload: str, arm: str, why: SgbenchError) -> None:
        """A row could not be."""
        self.left_out.append({"workload": workload, "arm": arm, "error": str(why)})
        if self.form == "json":
            _say(json.dumps(self.left_out[-1], ensure_ascii=False))

    def cut(self, workload: str, what: str) -> None:
        """A row is smaller than the paper's, or there was no time for it."""
        self.shortened.append({"workload": workload, "what": what})


def main(given: argparse.Namespace) -> int:
    """Run; 0 if every row could be measured. A row that fails is named, and the others are still measured."""
    names = workloads.names() if "all" in given.names else given.names
    default = ["full", "no-cache"] if given.gpu_full else ["full"]
    chosen, wanted = arms(given.arms or default), [workloads.get(name) for name in names]
    beside = [peers.get(name) for name in given.peers]
    if given.data is not None and len(wanted) != 1:
        raise UsageError("--data belongs to one workload: name just one")
    if given.budget is not None and not given.gpu_full:
        raise UsageError("--budget belongs to --gpu-full; elsewhere --size says how much to run")
    if given.budget is not None and given.data is not None:
        raise UsageError("--budget is for the generated inputs; with --data, --size says how much to run")
    made = _model(given)
    run = Run("json" if given.json else "markdown" if given.markdown else "text")
    if run.form != "json":
        _say(FORMS[run.form].head)
    if given.gpu_full and given.data is None:
        _measure_all(wanted, chosen, given, made, run)
    for workload in wanted:
        if not given.gpu_full or given.data is not None:
            _measure(workload, chosen, given, made, run)
        for peer in beside:
            _measure_peer(workload, peer, given, made, run)
    for missed in run.left_out:
        sys.stderr.write("sgbench: {workload} was left out ({arm}): {error}\n".format(**missed))
    for cut in run.shortened:
        sys.stderr.write("sgbench: {workload}, {what}\n".format(**cut))
    if given.out is not None:
        _write(given.out, run, given)
        sys.stderr.write(f"sgbench: wrote {given.out}.json and {given.out}.md\n")
    return 1 if run.left_out else 0


def _model(given: argparse.Namespace) -> dict[str, Any]:
    """Model path and options of the engines."""
    options: dict[str, Any] = dict(engine_options(given.set))
    model = given.model
    if given.gpu_full:
        options = {"device": "cuda"} | options
        if model == "bundled":
            model = str(shape_folder(LLAMA_8B))
            options = {"load_format": "dummy", "tokenizer_path": "bundled", "context_length": 16_384} | options
    return {"model": model, "options": options}


def _cases(workload: Workload, given: argparse.Namespace, made: dict[str, Any]) -> list[Case] | None:
    if given.data is None:
        return None
    from sgbench.engine.hub import find_model
    from sgbench.engine.tokenizer import Tokenizer

    path = made["options"].get("tokenizer_path") or made["model"]
    tokenizer = Tokenizer(find_model(path, weights=False))
    return load(workload.name, given.data, lambda text: len(tokenizer.encode(text)))


def _measure(workload: Workload, chosen: list[Arm], given: argparse.Namespace, made: dict[str, Any], run: Run) -> None:
    make = functools.partial(_engine, made["model"], made["options"])
    rounds: list[dict[str, Any]] = [{"size": given.size, "parallel": given.parallel}]
    if given.latency is not None:
        rounds.append({"size": given.latency, "parallel": 1})
    run.facts["warm_up"] = WARM_UP
    try:
        cases = _cases(workload, given, made)
        for how in rounds:
            found = compare(
                workload,
                chosen,
                make,
                **how,
                seed=given.seed,
                repeats=given.repeats,
                cases=cases,
                left_out=lambda arm, why: run.missed(workload.name, arm, why),
                one_engine=True,
            )
            for result in found:
                run.told(result.to_dict())
    except SgbenchError as failure:
        run.missed(workload.name, " ".join(arm.name for arm in chosen), failure)


def _measure_all(
    wanted: list[Workload], chosen: list[Arm], given: argparse.Namespace, made: dict[str, Any], run: Run
) -> None:
    """At the paper's scale: one engine for all, what is measured so far kept in files in case of an end before the end."""
    drawn = made["options"].get("load_format") == "dummy"
    if drawn:
        run.facts["answers"] = HOW

    def measured(found: dict[str, Any]) -> None:
        run.told(found)
        if given.out is not None:
            _write(given.out, run, given)

    scale = FullScale(
        arms=chosen,
        make_engine=functools.partial(_engine, made["model"], made["options"]),
        told=Told(measured=measured, missed=run.missed, shortened=run.cut),
        budget_s=given.budget,
        drawn=drawn,
        seed=given.seed,
        repeats=given.repeats,
        size=given.size,
        alone=given.latency,
        facts=run.facts,
    )
    try:
        scale.run(wanted)
    except KeyboardInterrupt:
        if given.out is not None:
            _write(given.out, run, given)
        raise


def _measure_peer(
    workload: Workload, peer: peers.Peer, given: argparse.Namespace, made: dict[str, Any], run: Run
) -> None:
    rounds: list[dict[str, Any]] = [{"size": given.size, "parallel": given.parallel}]
    if given.latency is not None:
        rounds.append({"size": given.latency, "parallel": 1})
    try:
        if made["options"].get("load_format") == "dummy":
            raise UsageError("peers read weights from files, and this model has random ones: give --model")
        cases = _cases(workload, given, made)
        for how in rounds:
            report = peers.measure(
                workload,
                peer,
                made["model"],
                device=made["options"].get("device", "cpu"),
                seed=given.seed,
                repeats=given.repeats,
                cases=cases,
                **how,
            )
            run.told(report.to_dict())
    except SgbenchError as failure:
        run.missed(workload.name, peer.name, failure)


def _engine(model: str, base: dict[str, object], **options: object) -> sgl.Engine:
    return sgl.Engine(model, **{**base, **options})


def _write(stem: Path, run: Run, given: argparse.Namespace) -> None:
    """The results as data and as a page, with where they come from."""
    device = next((found["device"] for found in run.rows if "device" in found), "cpu")
    model = "Llama-3.1-8B's shape, random weights" if given.gpu_full and given.model == "bundled" else given.model
    facts = {"model": model, **describe(device), **run.facts}
    stem.parent.mkdir(parents=True, exist_ok=True)
    data = {
        "machine": facts,
        "rows": [_short(found) for found in run.rows],
        "left_out": run.left_out,
        "shortened": run.shortened,
    }
    stem.with_name(f"{stem.name}.json").write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")
    stem.with_name(f"{stem.name}.md").write_text(markdown(facts, run.rows, run.left_out, run.shortened), "utf-8")


def _short(found: dict[str, Any]) -> dict[str, Any]:
    """A row without what each request and program said: a file that is kept must stay small."""
    return {name: value for name, value in found.items() if name not in ("requests", "answers")}


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
