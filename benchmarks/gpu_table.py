"""The results of `benchmarks.gpu` as a Markdown table. Knows the JSON's keys and nothing else.

Figures of vLLM and mini-sglang are quoted: they were measured once, on an H200, not in this run; another card's table leaves them out.
"""

from __future__ import annotations

from typing import Any

QUOTED: dict[str, tuple[float, float, float | None]] = {
    "decode": (4.89e-3, 4.97e-3, 4.3e-3),
    "first_token": (10.4e-3, 11.0e-3, 8e-3),
    "few_shot": (0.944, 1.285, 0.75),
    "multi_turn": (5.41, 5.36, 4.9),
    "tree": (12.3, 13.2, 10.8),
    "no_sharing": (8.50, 8.44, 8.2),
    "start": (74.0, 27.0, 15.0),
}
"""Seconds: vLLM 0.22.1, mini-sglang (both quoted, one H200, the same settings), and what we aim at."""

TITLES = {
    "decode": "decode, one request, ms a token",
    "first_token": "time to first token, one request of 128 tokens, ms",
    "few_shot": "few-shot: 256 share 2,000 tokens, 64 own, 16 out, s",
    "multi_turn": "multi-turn: 64 chats x 4, 256 in, 128 out, s",
    "tree": "tree: 32 x 4 branches x 3 levels, 64 out, s",
    "no_sharing": "no sharing: 256 x 1,024 in, 128 out, s",
    "start": "engine start, dummy weights, to first token, s",
}
_IN_MS = ("decode", "first_token")


def markdown(results: dict[str, Any]) -> str:
    """The table, and a line for each further finding."""
    machine, rows, ceilings = results["machine"], results["rows"], results["ceilings"]
    quoted = "H200" in (machine["gpu"] or "")
    columns = [
        "workload",
        "sgbench",
        *(("at most", "vLLM 0.22.1", "mini-sglang") if quoted else ()),
        "floor",
        "off",
        "off / on",
    ]
    columns += ["transformers", "its continuous batching"]
    head = [
        f"{results['model']}; {results['engine']}",
        "",
        f"{machine['gpu']}, driver {machine.get('driver')}, torch {machine['torch']}, triton {machine.get('triton')}, "
        f"FlashInfer {machine.get('flashinfer')}, transformers {machine['transformers']}; {machine['date']}. "
        f"Floors at {ceilings['bytes_per_s'] / 1e12:.2f} TB/s and {ceilings['flops_per_s'] / 1e12:.0f} TFLOP/s, measured in this run. "
        f"{'vLLM and mini-sglang are quoted, not run. ' if quoted else ''}`off`: the same engine with its cache off. "
        "`>`: given up after that time.",
        "",
        "| " + " | ".join(columns) + " |",
        "|---" * len(columns) + "|",
    ]
    lines = (_line(name, rows, results["peers"], quoted) for name in TITLES)
    return "\n".join([*head, *lines, "", *_findings(results)]) + "\n"


def _line(name: str, rows: dict[str, Any], peers: dict[str, Any], quoted: bool) -> str:
    row = rows.get(name, {})
    vllm, mini, target = QUOTED[name]
    on, off = row.get("seconds"), row.get("off", {}).get("seconds")
    ratio = f"{row['off']['ratio']:.1f}" if "ratio" in row.get("off", {}) else f"{off / on:.1f}" if on and off else ""
    if "ratio" in row.get("off", {}):
        row = row | {"off": {}}  # of a smaller workload
    others = [_cell(name, peers.get(name, {}).get(way, {})) for way in ("padded", "continuous")]
    cells = [TITLES[name], f"**{measured}**" if (measured := _cell(name, row)) else ""]
    if quoted:
        cells += [_number(name, target), _number(name, vllm), _number(name, mini)]
    cells += [_number(name, row.get("floor")), _cell(name, row.get("off", {})), ratio, *others]
    return "| " + " | ".join(cells) + " |"


def _cell(name: str, measured: dict[str, Any]) -> str:
    if "over" in measured:
        return f"> {measured['over']:g} s"
    if "failed" in measured:
        return "failed"
    return _number(name, measured.get("seconds"))


def _number(name: str, seconds: float | None) -> str:
    if seconds is None:
        return ""
    value = seconds * 1e3 if name in _IN_MS else seconds
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


def _findings(results: dict[str, Any]) -> list[str]:
    baselines = {name: results["rows"].get(name, {}).get("off", {}) for name in ("few_shot", "tree")}
    found = [
        f"- off / on of {name} is that of {off['of']}: {off['seconds']:.2f} s with the cache off."
        for name, off in baselines.items()
        if "ratio" in off
    ]
    if "radix_share" in (book := results["rows"].get("no_sharing", {})):
        found.append(f"- Radix bookkeeping on the workload without sharing: {book['radix_share']:.3%} of the time.")
    if "cost" in (events := results["rows"].get("events", {})):
        found.append(
            f"- All the dashboard's folds listening: {events['cost']:+.2%} of time on few-shot (standard error "
            f"{events['standard_error']:.2%}, {events['rounds']} rounds, {events['messages']} messages)."
        )
    if "programs_over_requests" in (programs := results["rows"].get("programs", {})):
        found.append(
            f"- {programs['programs']} language programs at once on a 1B shape: {programs['programs_over_requests']:.1%} of the "
            f"throughput of the same requests in one call ({programs['tokens_per_s']['requests']:,.0f} tokens/s)."
        )
    rows = results["rows"]
    for name, rates in (
        ("default", rows.get("differences")),
        ("deterministic=True", rows.get("deterministic", {}).get("differences")),
    ):
        if rates and "cached_against_uncached" in rates:
            told = "; ".join(f"{k.replace('_', ' ')}: {v['different']} of {v['requests']}" for k, v in rates.items())
            each = rates["cached_against_uncached"]["first_differences_per_token"]
            found.append(f"- Requests whose greedy output differs in bf16, {name}: {told} ({each:.2%} a token).")
    if "seconds" in (exact := rows.get("deterministic", {})):
        prices = {
            k: v["seconds"] / rows[k]["seconds"] for k, v in exact["seconds"].items() if "seconds" in rows.get(k, {})
        }
        found.append("- Price of deterministic=True: " + ", ".join(f"{k} x {v:.2f}" for k, v in prices.items()) + ".")
    return found
