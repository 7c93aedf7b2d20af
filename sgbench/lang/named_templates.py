"""The chat templates that SGLang programs ask for by name, and which model path means which. Data only."""

from __future__ import annotations

import re

from sgbench.lang.chat_template import ChatTemplate, ChatTemplateStyle

_HELPFUL = "You are a helpful assistant."
_VICUNA = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)

Pairs = dict[str, tuple[str, str]]


def _alike(prefix: str, suffix: str) -> Pairs:
    """The same markers for all three roles; ``{}`` in ``prefix`` is the role's name."""
    return {role: (prefix.format(role), suffix) for role in ("system", "user", "assistant")}


def _turns(system: tuple[str, str], user: tuple[str, str], assistant: tuple[str, str]) -> Pairs:
    return {"system": system, "user": user, "assistant": assistant}


_NONE = ("", "")
_CHATML = _alike("<|im_start|>{}\n", "<|im_end|>\n")
_LLAMA3 = _alike("<|start_header_id|>{}<|end_header_id|>\n\n", "<|eot_id|>")
_GEMMA = _turns(_NONE, ("<start_of_turn>user\n", "<end_of_turn>\n"), ("<start_of_turn>model\n", "<end_of_turn>\n"))
_DEEPSEEK_END = "<｜end▁of▁sentence｜>"
_DEEPSEEK = _turns(("", ""), ("<｜User｜>", ""), ("<｜Assistant｜>", _DEEPSEEK_END))
_LLAMA2 = ChatTemplateStyle.LLAMA2

TEMPLATES: tuple[ChatTemplate, ...] = (
    ChatTemplate("default", None, _turns(("SYSTEM:", "\n"), ("USER:", "\n"), ("ASSISTANT:", "\n"))),
    ChatTemplate("claude", None, _turns(_NONE, ("\n\nHuman: ", ""), ("\n\nAssistant:", ""))),
    ChatTemplate("chatml", None, _CHATML, ("<|im_end|>",)),
    ChatTemplate("chatml-llava", _HELPFUL, _CHATML, ("<|im_end|>",), "<image>\n"),
    ChatTemplate("qwen", _HELPFUL, _CHATML, ("<|im_end|>",)),
    ChatTemplate("qwen2-vl", _HELPFUL, _CHATML, ("<|im_end|>",), "<|vision_start|><|image_pad|><|vision_end|>"),
    ChatTemplate("dbrx-instruct", None, _alike("<|im_start|>{}\n", "<|im_end|>"), ("<|im_end|>",)),
    ChatTemplate("internvl-2-5", None, _CHATML, ("<|im_end|>", "<|action_end|>")),
    ChatTemplate("interns1", None, _CHATML, ("<|im_end|>", "<|action_end|>")),
    ChatTemplate("minicpmv", _HELPFUL, _CHATML, ("<|im_end|>", "<|endoftext|>"), "(<image>./</image>)"),
    ChatTemplate(
        "minicpmo", _HELPFUL, _CHATML, ("<|im_end|>", "<|endoftext|>"), "(<image>./</image>)", "(<audio>./</audio>)"
    ),
    ChatTemplate("vicuna_v1.1", _VICUNA, _turns(("", " "), ("USER:", " "), ("ASSISTANT:", "</s>")), (), " <image>\n"),
    ChatTemplate(
        "llama-2-chat",
        None,
        _turns(("<<SYS>>\n", "\n<</SYS>>\n\n"), ("[INST] ", " [/INST]"), ("", " </s><s>")),
        style=_LLAMA2,
    ),
    ChatTemplate(
        "mistral",
        None,
        _turns(("[SYSTEM_PROMPT] ", " [/SYSTEM_PROMPT]"), ("[INST] ", " [/INST]"), ("", " </s><s>")),
        ("</s>",),
        "[IMG]",
    ),
    ChatTemplate("llama-3-instruct", None, _LLAMA3, ("<|eot_id|>",), "<|image|>"),
    ChatTemplate("llama-3-instruct-llava", None, _LLAMA3, ("<|eot_id|>",), "<image>\n"),
    ChatTemplate("llama-4", None, _alike("<|header_start|>{}<|header_end|>\n\n", "<|eot|>"), ("<|eot|>",), "<|image|>"),
    ChatTemplate("gemma-it", None, _GEMMA, (), "<start_of_image>"),
    ChatTemplate(
        "gemma-4-it",
        None,
        _turns(_NONE, ("<|turn>user\n", "<turn|>\n"), ("<|turn>assistant\n", "<turn|>\n")),
        (),
        "<start_of_image>",
    ),
    ChatTemplate("deepseek-v3", None, _DEEPSEEK, (_DEEPSEEK_END,)),
    ChatTemplate("janus", None, _DEEPSEEK, (_DEEPSEEK_END,), "<image_placeholder>\n"),
    ChatTemplate("janus-pro", None, _DEEPSEEK, (_DEEPSEEK_END,), "<image_placeholder>\n"),
    ChatTemplate(
        "yi-1.5",
        None,
        _turns(
            _NONE,
            ("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"),
            ("", "<|im_end|>\n"),
        ),
        ("<|im_end|>",),
    ),
    ChatTemplate(
        "yi-vl",
        None,
        _turns(("", "\n\n"), ("### Human:", "\n"), ("### Assistant:", "\n")),
        ("###",),
        "<image_placeholder>\n",
    ),
    ChatTemplate(
        "c4ai-command-r",
        None,
        _turns(
            ("<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
            ("<|START_OF_TURN_TOKEN|><|USER_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
            ("<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
        ),
    ),
    ChatTemplate(
        "granite-3-instruct",
        None,
        _alike("<|start_of_role|>{}<|end_of_role|>", "<|end_of_text|>"),
        ("<|end_of_text|>",),
    ),
    ChatTemplate(
        "glm-4v", None, _alike("<|{}|>\n", "\n"), ("<|user|>", "<|endoftext|>", "<|observation|>"), "<|image|>"
    ),
)

_RULES: tuple[tuple[str, str | None, str], ...] = (
    (r"deepseek-(v3|r1)", "base", "deepseek-v3"),
    (r"orion", None, "claude"),
    (r"janus-pro", None, "janus-pro"),
    (r"janus", None, "janus"),
    (r"dbrx.*instruct", None, "dbrx-instruct"),
    (r"vicuna|llava-v1\.5|llava-next-video-7b", None, "vicuna_v1.1"),
    (r"llama-2.*chat|codellama.*instruct", None, "llama-2-chat"),
    (r"pixtral|(mistral|mixtral).*instruct", None, "mistral"),
    (r"llama-3.*instruct", None, "llama-3-instruct"),
    (r"llama-4.*instruct", None, "llama-4"),
    (r"tinyllama", None, "chatml"),
    (r"qwen.*vl", None, "qwen2-vl"),
    (r"glm-?4.*v", None, "glm-4v"),
    (r"qwen.*(chat|instruct)", "llava", "qwen"),
    (r"llava-v1\.6-34b|llava-next-video-34b|llava-onevision-qwen2", None, "chatml-llava"),
    (r"yi-vl", None, "yi-vl"),
    (r"yi-1\.5.*chat", None, "yi-1.5"),
    (r"gemma-4.*it", None, "gemma-4-it"),
    (r"gemma.*it|gemma-3", None, "gemma-it"),
    (r"minicpm-v", None, "minicpmv"),
    (r"minicpm-o", None, "minicpmo"),
    (r"c4ai-command-r", None, "c4ai-command-r"),
    (r"granite.*instruct", None, "granite-3-instruct"),
    (r"internvl2_5", None, "internvl-2-5"),
    (r"intern-?s1", None, "interns1"),
)


def match(model_path: str) -> str | None:
    """The name of the template that ``model_path`` means: the first rule that fits; None if none does."""
    path = model_path.lower()
    for pattern, unless, name in _RULES:
        if re.search(pattern, path) and not (unless and unless in path):
            return name
    return None
