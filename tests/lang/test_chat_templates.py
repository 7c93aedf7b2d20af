"""Templates by name, by model path and out of a tokenizer's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sgbench
import sgbench as sgl
from sgbench.lang import chat_template as ct
from sgbench.lang.jinja_template import template_from_jinja

TALK = [
    {"role": "system", "content": "S"},
    {"role": "user", "content": "U"},
    {"role": "assistant", "content": "A"},
    {"role": "user", "content": "V"},
]

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
QWEN = "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are Q.<|im_end|>\n{% endif %}" + CHATML
LLAMA3 = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n"
    "{{ m['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
LLAMA2 = (
    "{% if messages[0]['role'] == 'system' %}{% set sys = '<<SYS>>\n' + messages[0]['content'] + '\n<</SYS>>\n\n' %}"
    "{% set rest = messages[1:] %}{% else %}{% set sys = '' %}{% set rest = messages %}{% endif %}{% for m in rest %}"
    "{% if m['role'] == 'user' %}[INST] {% if loop.first %}{{ sys }}{% endif %}{{ m['content'] }} [/INST]"
    "{% else %}{{ m['content'] }}</s><s>{% endif %}{% endfor %}"
)
NO_SYSTEM = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}"
    "<{{ m['role'] }}>{{ m['content'] }}</>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)
COUNTING = "{% for m in messages %}{{ loop.index }}{{ m['content'] }}{% endfor %}"


@pytest.mark.parametrize(
    ("source", "text", "stop"),
    [
        (CHATML, ct.get_chat_template("chatml").get_prompt(TALK), ("<|im_end|>",)),
        (QWEN, ct.get_chat_template("chatml").get_prompt(TALK), ("<|im_end|>",)),
        (LLAMA3, ct.get_chat_template("llama-3-instruct").get_prompt(TALK), ("<|eot_id|>",)),
        (LLAMA2, "[INST] <<SYS>>\nS\n<</SYS>>\n\nU [/INST]A</s><s>[INST] V [/INST]", ("</s><s>",)),
        (NO_SYSTEM, "S<user>U</><assistant>A</><user>V</>", ("</>",)),
    ],
)
def test_a_tokenizers_template_becomes_prefixes_and_suffixes(source: str, text: str, stop: tuple[str, ...]) -> None:
    template = template_from_jinja(source, {"bos_token": "<s>"})
    assert template is not None
    assert template.get_prompt(TALK) == text and template.stop_str == stop


def test_the_default_system_prompt_is_found() -> None:
    template = template_from_jinja(QWEN, {})
    assert template is not None and template.default_system_prompt == "You are Q."


@pytest.mark.parametrize("source", [COUNTING, "{{ nothing.at.all }}", "{% broken", "fixed text"])
def test_what_is_more_than_text_around_turns_is_refused(source: str) -> None:
    assert template_from_jinja(source, {}) is None


def test_the_bundled_models_template_is_chatml() -> None:
    folder = Path(sgbench.__file__).parent / "bundled"
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    template = template_from_jinja(settings["chat_template"], {})
    assert template is not None
    assert template.role_prefix_and_suffix == ct.get_chat_template("chatml").role_prefix_and_suffix


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("meta-llama/Llama-2-7b-chat-hf", "llama-2-chat"),
        ("codellama/CodeLlama-7b-Instruct-hf", "llama-2-chat"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama-3-instruct"),
        ("meta-llama/Llama-3.1-8B", "default"),
        ("Qwen/Qwen2.5-7B-Instruct", "qwen"),
        ("Qwen/Qwen3-8B", "default"),
        ("Qwen/Qwen2-VL-7B-Instruct", "qwen2-vl"),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "mistral"),
        ("lmsys/vicuna-7b-v1.5", "vicuna_v1.1"),
        ("liuhaotian/llava-v1.5-7b", "vicuna_v1.1"),
        ("deepseek-ai/DeepSeek-V3", "deepseek-v3"),
        ("deepseek-ai/DeepSeek-V3-Base", "default"),
        ("google/gemma-2-9b-it", "gemma-it"),
        ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", "chatml"),
        ("01-ai/Yi-1.5-9B-Chat", "yi-1.5"),
        ("databricks/dbrx-instruct", "dbrx-instruct"),
        ("openai/gpt-3.5", "default"),
    ],
)
def test_a_model_path_means_a_template(path: str, name: str) -> None:
    assert ct.get_chat_template_by_model_path(path).name == name


def test_llama2_puts_the_first_system_turn_inside_the_users() -> None:
    template = ct.get_chat_template("llama-2-chat")
    assert template.get_prompt(TALK).startswith("[INST] <<SYS>>\nS\n<</SYS>>\n\nU [/INST]A </s><s>[INST] V")

    @sgl.function
    def chat(s):
        s += sgl.system("S") + sgl.user("U") + sgl.assistant(sgl.gen("a")) + sgl.user("V")

    state = chat.run(backend=sgl.ScriptedBackend(["A"], chat_template="llama-2-chat"))
    assert state.text() == template.get_prompt(TALK)


NAMED = """default claude chatml qwen qwen2-vl chatml-llava vicuna_v1.1 llama-2-chat mistral llama-3-instruct llama-3-instruct-llava
llama-4 gemma-it gemma-4-it deepseek-v3 janus janus-pro yi-1.5 minicpmv minicpmo yi-vl dbrx-instruct c4ai-command-r internvl-2-5
interns1 granite-3-instruct glm-4v"""


@pytest.mark.parametrize("name", NAMED.split())
def test_a_program_writes_what_each_named_template_makes_of_its_messages(name: str) -> None:
    template = ct.get_chat_template(name)

    @sgl.function
    def chat(s):
        s += sgl.system("S") + sgl.user("U") + sgl.assistant(sgl.gen("a")) + sgl.user("V")

    state = chat.run(backend=sgl.ScriptedBackend(["A"], chat_template=name))
    assert state.error() is None and state["a"] == "A"
    assert state.text() == template.get_prompt(TALK) and state.messages() == TALK
    assert all(isinstance(stop, str) for stop in template.stop_str)


def test_a_system_turn_without_content_takes_the_default() -> None:
    template = ct.get_chat_template("qwen")
    assert "You are a helpful assistant." in template.get_prompt([{"role": "system", "content": None}])
    assert ct.get_chat_template("chatml").get_prompt([{"role": "system", "content": None}]) == ""


def test_templates_and_matchers_can_be_registered(monkeypatch) -> None:
    ct.get_chat_template("default")
    monkeypatch.setattr(ct, "_templates", dict(ct._templates))
    monkeypatch.setattr(ct, "_matchers", list(ct._matchers))
    mine = ct.ChatTemplate("mine", None, {"user": ("<", ">")})
    ct.register_chat_template(mine)
    ct.register_chat_template_matching_function(lambda path: "mine" if path == "my/model" else None)
    assert ct.get_chat_template_by_model_path("my/model") is mine
    assert ct.get_chat_template_by_model_path("other").name == "default"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(sgl.UsageError, match="chatml"):
        ct.get_chat_template("nothing")
