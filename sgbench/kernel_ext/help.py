"""What ``%%sgl?`` and ``%sgl?`` show: one screen each, made from the options and the subcommands themselves."""

from __future__ import annotations

from sgbench.kernel_ext.options import GROUPS
from sgbench.kernel_ext.subcommands import SUBCOMMANDS


def cell_help() -> str:
    """Synopsis, three examples, the options in groups."""
    lines = [
        "Run the cell as an LM program: %%sgl [NAME] [OPTIONS]",
        "",
        "The body is Python with `s`, a fresh prompt state, and gen, select, user, assistant, system ... at hand.",
        "Afterwards NAME (default: s) is the finished state and _sgl the run's result.",
        "",
        "    %%sgl",
        '    s += user("What is the capital of France?") + assistant(gen("answer", max_tokens=16))',
        "",
        "    %%sgl person --baseline --repeat 5      with and without the cache, five pairs",
        '    %%sgl answers --batch [{"q": q} for q in questions] --watch tree --record trace',
        "",
    ]
    for title, options in GROUPS.items():
        lines.append(f"{title}:")
        lines.extend(f"  {option.usage:28} {option.help}" for option in options)
    lines += [
        "",
        "Defaults: %sgl set OPTION=VALUE, %config SglMagics, or SGBENCH_*; %sgl status tells each one's source.",
    ]
    return "\n".join(lines)


def line_help() -> str:
    """The subcommands, a line each."""
    lines = ["The engine in this kernel: %sgl [SUBCOMMAND]", ""]
    lines.extend(f"  {name:9} {help_line}" for name, help_line in SUBCOMMANDS.items())
    lines += ["", "Engine options are those of sgl.Engine: %sgl restart kv_tokens=600 schedule=fcfs"]
    return "\n".join(lines)
