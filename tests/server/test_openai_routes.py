"""OpenAI's routes, as the official client sees them: the engine's own answers in OpenAI's shapes."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

import sgbench as sgl
from tests.served import needs_the_model

pytestmark = needs_the_model

PROMPT = "The capital of France is"
TALK: Any = [
    {"role": "system", "content": "You are helpful."},
    {"role": "user", "content": "What is the capital of France?"},
]


def test_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["small"]
    assert client.models.retrieve("small").id == "small"


class TestCompletions:
    def test_are_the_engines(self, client: openai.OpenAI, engine: sgl.Engine) -> None:
        own = engine.generate(PROMPT, {"temperature": 0, "max_new_tokens": 6})
        reply = client.completions.create(model="small", prompt=PROMPT, temperature=0, max_tokens=6)
        assert reply.choices[0].text == own["text"]
        assert reply.choices[0].finish_reason == own["meta_info"]["finish_reason"]["type"]
        assert reply.usage.prompt_tokens == own["meta_info"]["prompt_tokens"]
        assert reply.usage.completion_tokens == own["meta_info"]["completion_tokens"]
        assert reply.usage.prompt_tokens_details.cached_tokens == reply.usage.prompt_tokens - 1

    def test_take_several_prompts_as_text_or_ids_and_several_samples(
        self, client: openai.OpenAI, engine: sgl.Engine
    ) -> None:
        ids = engine.tokenizer.encode(PROMPT)
        texts = client.completions.create(model="small", prompt=[PROMPT, "2 + 2 ="], temperature=0, max_tokens=4, n=2)
        assert [choice.index for choice in texts.choices] == [0, 1, 2, 3]
        assert texts.choices[0].text == texts.choices[1].text
        assert texts.usage.prompt_tokens == len(ids) + len(engine.tokenizer.encode("2 + 2 ="))
        for prompt in (ids, [ids]):
            reply = client.completions.create(model="small", prompt=prompt, temperature=0, max_tokens=4)
            assert reply.choices[0].text == texts.choices[0].text

    def test_stream_the_same_text(self, client: openai.OpenAI) -> None:
        wanted: dict[str, Any] = {"model": "small", "prompt": [PROMPT, "2 + 2 ="], "temperature": 0, "max_tokens": 8}
        whole = client.completions.create(**wanted)
        texts, reasons, usage = {0: "", 1: ""}, {}, None
        for chunk in client.completions.create(**wanted, stream=True, stream_options={"include_usage": True}):
            usage = chunk.usage or usage
            for choice in chunk.choices:
                texts[choice.index] += choice.text
                if choice.finish_reason:
                    reasons[choice.index] = choice.finish_reason
        assert texts == {choice.index: choice.text for choice in whole.choices}
        assert reasons == {choice.index: choice.finish_reason for choice in whole.choices}
        assert usage.completion_tokens == whole.usage.completion_tokens

    def test_end_at_stops(self, client: openai.OpenAI) -> None:
        reply = client.completions.create(model="small", prompt=PROMPT, temperature=0, stop=[" Paris", "x"])
        assert reply.choices[0].text == "" and reply.choices[0].finish_reason == "stop"

    def test_repeat_with_a_seed(self, client: openai.OpenAI) -> None:
        one, again, other = (
            client.completions.create(model="small", prompt="Once", temperature=1.0, max_tokens=12, seed=seed)
            for seed in (5, 5, 6)
        )
        assert one.choices[0].text == again.choices[0].text != other.choices[0].text

    @pytest.mark.parametrize("stream", [False, True])
    def test_echo_with_logprobs_tells_the_prompts_too(
        self, client: openai.OpenAI, engine: sgl.Engine, stream: bool
    ) -> None:
        own = engine.generate(
            PROMPT,
            {"temperature": 0, "max_new_tokens": 3},
            return_logprob=True,
            logprob_start_len=0,
            top_logprobs_num=2,
        )["meta_info"]
        wanted: dict[str, Any] = {"prompt": PROMPT, "temperature": 0, "max_tokens": 3, "echo": True, "logprobs": 2}
        reply = client.completions.create(model="small", **wanted, stream=stream)
        choices = [choice for chunk in reply for choice in chunk.choices] if stream else reply.choices
        assert "".join(choice.text for choice in choices).startswith(PROMPT)
        tokens = [text for choice in choices for text in choice.logprobs.tokens]
        values = [value for choice in choices for value in choice.logprobs.token_logprobs]
        entries = [*own["input_token_logprobs"], *own["output_token_logprobs"]]
        assert values[0] is None and values[1:] == pytest.approx([entry[0] for entry in entries[1:]], abs=1e-4)
        assert "".join(tokens[: own["prompt_tokens"]]) == PROMPT
        offsets = [at for choice in choices for at in choice.logprobs.text_offset]
        assert offsets == [len("".join(tokens[:i])) for i in range(len(tokens))]

    def test_obey_a_regex_as_sglang_takes_it(self, client: openai.OpenAI) -> None:
        reply = client.completions.create(
            model="small", prompt="Year:", max_tokens=12, extra_body={"regex": " (19|20)[0-9]{2}"}
        )
        assert reply.choices[0].text.strip().isdigit() and len(reply.choices[0].text) == 5


class TestChats:
    def test_are_those_of_a_program(self, client: openai.OpenAI, engine: sgl.Engine) -> None:
        @sgl.function
        def capital(s):
            s += sgl.system(TALK[0]["content"]) + sgl.user(TALK[1]["content"]) + sgl.assistant(sgl.gen("a"))

        state = capital.run(backend=engine, temperature=0)
        reply = client.chat.completions.create(model="small", messages=TALK, temperature=0)
        assert reply.choices[0].message.content == state["a"]
        assert reply.choices[0].message.role == "assistant"
        assert reply.usage.prompt_tokens == state.get_meta_info("a")["prompt_tokens"]
        assert reply.usage.prompt_tokens_details.cached_tokens == reply.usage.prompt_tokens - 1

    def test_stream_the_same_text(self, client: openai.OpenAI) -> None:
        whole = client.chat.completions.create(model="small", messages=TALK, temperature=0)
        chunks = list(client.chat.completions.create(model="small", messages=TALK, temperature=0, stream=True))
        assert chunks[0].choices[0].delta.role == "assistant"
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content
        assert chunks[-1].choices[0].finish_reason == "stop"

    def test_go_on_with_an_open_turn(self, client: openai.OpenAI) -> None:
        whole = client.chat.completions.create(model="small", messages=TALK, temperature=0).choices[0].message.content
        half = whole[: whole.index(" France")]
        reply = client.chat.completions.create(
            model="small",
            messages=[*TALK, {"role": "assistant", "content": half}],
            temperature=0,
            extra_body={"continue_final_message": True},
        )
        assert half + reply.choices[0].message.content == whole

    def test_tell_logprobs(self, client: openai.OpenAI) -> None:
        wanted: dict[str, Any] = {
            "model": "small",
            "messages": TALK,
            "temperature": 0,
            "logprobs": True,
            "max_tokens": 4,
        }
        whole = client.chat.completions.create(**wanted, top_logprobs=3).choices[0].logprobs.content
        assert [len(token.top_logprobs) for token in whole] == [3] * 4
        assert all(token.top_logprobs[0].logprob == token.logprob for token in whole)
        pieces = client.chat.completions.create(**wanted, stream=True)
        told = [t for chunk in pieces for c in chunk.choices if c.logprobs for t in c.logprobs.content]
        assert [token.token for token in told] == [token.token for token in whole]

    def test_obey_a_json_schema(self, client: openai.OpenAI) -> None:
        schema = {"type": "object", "properties": {"city": {"enum": ["Paris", "Rome"]}}, "required": ["city"]}
        reply = client.chat.completions.create(
            model="small",
            messages=TALK,
            max_tokens=64,
            response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}},
        )
        assert json.loads(reply.choices[0].message.content)["city"] in ("Paris", "Rome")

    def test_obey_a_wish_for_any_json_object(self, client: openai.OpenAI) -> None:
        reply = client.chat.completions.create(
            model="small",
            messages=TALK,
            max_tokens=64,
            response_format={"type": "json_object"},
            extra_body={"close_within_budget": True},
        )
        assert isinstance(json.loads(reply.choices[0].message.content), dict)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"max_tokens": -1}, "max_new_tokens=-1"),
    ({"temperature": -0.5}, "temperature=-0.5"),
    ({"n": 0}, "n=0"),
    ({"model": "other"}, "'other' is not served"),
    ({"extra_body": {"temprature": 1}}, "did you mean 'temperature'"),
    ({"extra_body": {"regex": "(a"}}, "regex"),
    ({"prompt": ""}, "empty"),
    ({"prompt": []}, "empty"),
    ({"prompt": [10**9]}, "vocabulary"),
    ({"prompt": "word " * 6000}, "context"),
    ({"logprobs": 10_000}, "top_logprobs_num"),
    ({"extra_body": {"response_format": {"type": "poem"}}}, "poem"),
]


@pytest.mark.parametrize(("change", "told"), WRONG)
def test_a_wrong_completion_is_refused_in_words(client: openai.OpenAI, change: dict[str, Any], told: str) -> None:
    with pytest.raises(openai.BadRequestError, match=told.replace("(", r"\(")):
        client.completions.create(**{"model": "small", "prompt": "x", **change})


CHATS: list[tuple[Any, str]] = [
    ([], "at least one turn"),
    ([{"role": "tool", "content": "x"}], "role 'tool'"),
    ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}], "text only"),
    ([{"content": "x"}], "role"),
]


@pytest.mark.parametrize(("messages", "told"), CHATS)
def test_a_wrong_chat_is_refused_in_words(client: openai.OpenAI, messages: Any, told: str) -> None:
    with pytest.raises(openai.BadRequestError, match=told):
        client.chat.completions.create(model="small", messages=messages)
