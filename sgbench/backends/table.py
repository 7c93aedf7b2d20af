"""What each backend can do, side by side. Knows the backends' classes and asks them; makes none."""

from __future__ import annotations

from sgbench.backends.capabilities import Capabilities
from sgbench.backends.openai_request import abilities


def capability_table() -> str:
    """The table of all backends, in Markdown: a row for each thing that a program can ask for."""
    columns = {name: able.rows() for name, able in _backends().items()}
    wanted = list(next(iter(columns.values())))
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    lines += ["| " + " | ".join([what, *(rows[what] for rows in columns.values())]) + " |" for what in wanted]
    return "\n".join(lines) + "\n"


def _backends() -> dict[str, Capabilities]:
    from sgbench.backends.anthropic_api import Anthropic
    from sgbench.backends.local import LocalBackend
    from sgbench.backends.runtime_endpoint import RuntimeEndpoint
    from sgbench.backends.scripted import ScriptedBackend

    return {
        "`Engine`": LocalBackend.capabilities,
        "`RuntimeEndpoint`, `Runtime`": RuntimeEndpoint.capabilities,
        '`OpenAI`, completions, `dialect="sglang"`': abilities("sglang", is_chat_model=False),
        '`OpenAI`, chats, `dialect="sglang"`': abilities("sglang", is_chat_model=True),
        "`OpenAI`, completions": abilities("openai", is_chat_model=False),
        "`OpenAI`, `Crusoe`, chats": abilities("openai", is_chat_model=True),
        "`LiteLLM`": abilities("openai", is_chat_model=True, lone_text=True),
        "`Anthropic`": Anthropic.capabilities,
        "`ScriptedBackend`": ScriptedBackend.capabilities,
    }
