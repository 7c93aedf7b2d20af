"""API speculative execution: the text is that of a run without it, and calls are saved where that is certain."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sgbench as sgl
from sgbench.engine.hub import bundled_folder
from sgbench.lang.api_speculation import answer
from sgbench.lang.api_speculation_turn import GenPart, match
from sgbench.trace.events import ApiCallAccepted, ApiCallRejected, ApiCallSpeculated
from tests.lang.local import backend as letters
from tests.lang.local import completion
from tests.served import KEY, serving

FIELDS = (("Name", 16), ("City", 16), ("Job", 16))


def record(s: Any, text: str = "a text") -> None:
    s += text + "\n"
    for field, limit in FIELDS:
        s += f"{field}:" + sgl.gen(field, stop="\n", max_tokens=limit) + "\n"


plain = sgl.function(record)
speculative = sgl.function(record, num_api_spec_tokens=64)


class Continues(sgl.ScriptedBackend):
    """Goes on with ``script`` from where the prompt stands in it; counts a character as a token, and ends at a limit."""

    def __init__(self, script: str, **options: Any) -> None:
        super().__init__(lambda prompt: script[len(prompt) :] if script.startswith(prompt) else "?\n", **options)

    def _answer(self, prompt: str, params: Any) -> str:
        return super()._answer(prompt, params)[: params.max_new_tokens]


SCRIPT = "a text\nName: Ann Lee\nCity: Oslo\nJob: cook\nmore"


class TestText:
    def test_one_call_answers_three(self) -> None:
        place = Continues(SCRIPT)
        own = plain.run(backend=place, temperature=0)
        assert own.text() == SCRIPT.removesuffix("more")  # reading waits: the calls of both do not mix
        state = speculative.run(backend=place, temperature=0)
        assert state.text() == own.text()
        assert [call.prompt for call in place.calls[3:]] == ["a text\nName:"]
        assert {name: state[name] for name, _ in FIELDS} == {"Name": " Ann Lee", "City": " Oslo", "Job": " cook"}
        usage = state.usage()
        assert (usage.calls, usage.calls_saved) == (1, 2)
        assert usage.prompt_tokens == len("a text\nName:") < own.usage().prompt_tokens / 3
        assert usage.prompt_tokens_saved == 2 * usage.prompt_tokens
        assert state.get_meta_info("Name")["completion_tokens"] > 0
        assert state.get_meta_info("City")["speculated"] and state.get_meta_info("City")["prompt_tokens"] == 0

    def test_other_text_than_the_model_said_drops_the_rest(self) -> None:
        place = Continues(SCRIPT.replace("City", "Town"))
        state = speculative.run(backend=place, temperature=0)
        assert state["Name"] == " Ann Lee" and state["City"] == state["Job"] == "?"
        assert len(place.calls) == 3 and state.usage().calls_saved == 0

    @pytest.mark.parametrize(
        "own",
        [
            {"regex": "[a-z]+"},
            {"n": 2},
            {"return_logprob": True},
            {"min_tokens": 2},
            {"stop_token_ids": [5]},
        ],
    )
    def test_a_call_that_cannot_be_told_from_text_is_made_as_it_is(self, own: dict[str, Any]) -> None:
        @sgl.function(num_api_spec_tokens=64)
        def program(s):
            s += "a text\nName:" + sgl.gen("a", stop="\n") + "\nCity:" + sgl.gen("b", stop="\n", **own)

        place = Continues(SCRIPT)
        program.run(backend=place, temperature=0).sync()
        assert len(place.calls) == 2
        assert list(place.calls[1].sampling_params.stop) == ["\n"]

    @pytest.mark.parametrize(("own", "calls"), [({"temperature": 0.5}, 2), ({"top_k": 3}, 2), ({"max_tokens": 3}, 3)])
    def test_a_call_of_another_kind_takes_nothing_from_the_surplus(self, own: dict[str, Any], calls: int) -> None:
        @sgl.function(num_api_spec_tokens=64)
        def program(s):
            s += "a text\nName:" + sgl.gen("a", stop="\n") + "\nCity:" + sgl.gen("b", stop="\n", **own)

        place = Continues(SCRIPT)
        state = program.run(backend=place, temperature=0)
        assert state["b"] == " Oslo"[: own.get("max_tokens")]
        assert len(place.calls) == calls

    def test_a_gen_without_stops_is_made_as_it_is(self) -> None:
        @sgl.function(num_api_spec_tokens=64)
        def program(s):
            s += "a text\nName:" + sgl.gen("a", max_tokens=4)

        place = Continues(SCRIPT)
        assert program.run(backend=place)["a"] == " Ann"
        assert place.calls[0].sampling_params.max_new_tokens == 4

    def test_past_its_own_limit_a_gen_is_made_again(self) -> None:
        @sgl.function(num_api_spec_tokens=64)
        def program(s):
            s += "a text\nName:" + sgl.gen("a", stop="\n", max_tokens=3)

        place = Continues(SCRIPT)
        state = program.run(backend=place)
        assert state["a"] == " An" and len(place.calls) == 2
        assert state.usage().calls == 2 and state.get_meta_info("a")["prompt_tokens"] == 2 * len("a text\nName:")

    def test_forks_and_batches_do_not_share_a_surplus(self) -> None:
        @sgl.function(num_api_spec_tokens=64)
        def program(s):
            s += "a text\nName:" + sgl.gen("a", stop="\n")
            branches = s.fork(2)
            branches += "\nCity:" + sgl.gen("b", stop="\n")
            branches.join()

        place = Continues(SCRIPT)
        state = program.run(backend=place)
        assert state["b"] == [" Oslo", " Oslo"]
        assert [call.kind for call in place.calls] == ["generate", "commit", "generate", "generate"]
        states = speculative.run_batch([{"text": "a text"}] * 8, backend=Continues(SCRIPT))
        assert {state.text() for state in states} == {SCRIPT.removesuffix("more")}

    def test_it_does_not_stream_and_needs_a_number(self) -> None:
        with pytest.raises(sgl.ContractError, match="cannot stream"):
            speculative.run(backend=Continues(SCRIPT), stream=True)
        with pytest.raises(sgl.UsageError, match="num_api_spec_tokens=0"):
            sgl.function(record, num_api_spec_tokens=0).run(backend=Continues(SCRIPT))


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    place = letters(kv_tokens=2000)
    yield place
    place.shutdown()


class TestOnAnEngine:
    """The letters' engine goes on with one letter for each token, in a way that depends on all text before."""

    @settings(max_examples=25, deadline=None)
    @given(seed=st.integers(0, 10**6), tokens=st.integers(1, 40))
    def test_every_program_says_what_it_says_without(self, engine: Any, seed: int, tokens: int) -> None:
        rng = random.Random(seed)
        prompt = "".join(rng.choices("abc ", k=rng.randint(1, 6)))
        parts = [
            (
                rng.choice(("", "x", "said", "said")),
                rng.sample("abcdefghijklmnop", rng.randint(0, 6)),
                rng.randint(1, 30),
            )
            for _ in range(4)
        ]

        def body(s):
            s += prompt
            for i, (kind, stops, limit) in enumerate(parts):
                s += sgl.gen(f"v{i}", stop=stops, max_tokens=limit)
                # What the model would say: the surplus is used then. Anything else drops it.
                s += completion(s.text(), 2) if kind == "said" else kind

        own = sgl.function(body).run(backend=engine, temperature=0)
        state = sgl.function(body, num_api_spec_tokens=tokens).run(backend=engine, temperature=0)
        assert state.error() is None and own.error() is None
        assert state.text() == own.text()
        assert [state[f"v{i}"] for i in range(4)] == [own[f"v{i}"] for i in range(4)]
        usage = state.usage()
        assert usage.calls_saved <= 3 and usage.calls + usage.calls_saved >= 4

    def test_events_say_what_was_kept_used_and_dropped(self, engine: Any) -> None:
        said = completion("start:", 12)
        heard: list[Any] = []
        end = engine.engine.subscribe(heard.append)

        @sgl.function(num_api_spec_tokens=12)
        def program(s):
            s += "start:" + sgl.gen("a", stop=said[2:4], max_tokens=12)
            s += said[2:5] + sgl.gen("b", stop=said[6:8], max_tokens=12)
            s += "!" + sgl.gen("c", max_tokens=2)

        state = program.run(backend=engine, temperature=0)
        state.sync()
        end()
        assert (state["a"], state["b"]) == (said[:2], said[5:6])
        told = [event for event in heard if isinstance(event, ApiCallSpeculated | ApiCallAccepted | ApiCallRejected)]
        assert [type(event) for event in told] == [ApiCallSpeculated, ApiCallAccepted, ApiCallRejected]
        kept, used, dropped = told
        assert (kept.text, used.text, dropped.text) == (said[2:], said[2:6], said[6:])
        assert used.prompt_tokens_saved == len("start:") and dropped.appended == "!"


class TestAnswer:
    @pytest.mark.parametrize(
        ("text", "stops", "limit", "tokens", "ended", "wanted"),
        [
            (" Ann\nCity", ["\n"], 16, 9, False, " Ann"),
            (" Ann\nCity", ["\n"], 3, 9, False, None),  # it may have reached its limit before the stop
            (" Ann\nCity", ["\n"], 3, 3, False, " Ann"),  # the whole call had no more tokens than that
            (" Ann", ["\n"], 16, 4, True, " Ann"),
            (" Ann", ["\n"], 16, 4, False, None),
            (" Ann", [], 16, 4, True, " Ann"),
            ("", ["\n"], 1, 0, True, ""),
            ("\nCity", ["\n"], 1, 6, False, ""),
            ("abcd", ["cd", "bc"], 9, 4, False, "a"),  # bc is complete before cd
            ("abcd", ["abcd", "b"], 9, 4, False, "a"),
            ("éé\n", ["\n"], 4, 9, False, None),  # five bytes may be five tokens
            ("éé\n", ["\n"], 5, 9, False, "éé"),
        ],
    )
    def test_is_told_only_where_it_is_certain(
        self, text: str, stops: list[str], limit: int, tokens: int, ended: bool, wanted: str | None
    ) -> None:
        assert answer(text, stops, limit, tokens, ended) == wanted


class TestMatch:
    @pytest.mark.parametrize(
        ("pattern", "reply", "wanted"),
        [
            (["Name:", GenPart(("\n",), 9), "\nCity:", GenPart((), 9)], "Name: Ann\nCity: Oslo", [" Ann", " Oslo"]),
            (
                ["Name:", GenPart(("\n",), 9), "\nCity:", GenPart(("\n",), 9)],
                "Name: Ann\nCity: Rome",
                [" Ann", " Rome"],
            ),
            ([GenPart((".",), 9), ". Done"], "Yes. Done and more", ["Yes"]),
            ([GenPart((), 9)], "all of it", ["all of it"]),
            (["a", "b"], "ab", []),
        ],
    )
    def test_gives_each_gen_its_value(self, pattern: Any, reply: str, wanted: list[str]) -> None:
        assert match(pattern, reply, 9) == wanted

    @pytest.mark.parametrize(
        ("pattern", "reply", "told"),
        [
            (["Name:", GenPart((), 9)], "name: Ann", "'Name:' is wanted"),
            ([GenPart(("\n",), 9), "\nCity:"], "Ann", "ends at"),
            ([GenPart(("\n",), 9), "\nCity:"], "Ann\nTown", "'\\nCity:' is wanted"),
            ([GenPart((), 2)], "too long", "within 2 tokens"),
        ],
    )
    def test_tells_where_the_reply_leaves_the_pattern(self, pattern: Any, reply: str, told: str) -> None:
        found = match(pattern, reply, 9)
        assert isinstance(found, str) and told in found


class Chat(sgl.ScriptedBackend):
    """A chat model: answers turns."""

    is_chat_model = True


def sheet(s: Any) -> None:
    s += sgl.user("Who?")
    with s.assistant(), s.var_scope("all"):
        s += "Name:" + sgl.gen("name", stop="\n") + "\nCity:" + sgl.gen("city", stop="\n") + "\n"
    s += sgl.user("Thanks!") + sgl.assistant(sgl.gen("end"))


chat_sheet = sgl.function(sheet, num_api_spec_tokens=64)


class TestTurns:
    def test_are_one_call_each(self) -> None:
        place = Chat(["Name: Ann\nCity: Oslo\nThat is all.", "Welcome."])
        state = chat_sheet.run(backend=place)
        assert state.error() is None
        assert (state["name"], state["city"], state["end"]) == (" Ann", " Oslo", "Welcome.")
        assert state["all"] == "Name: Ann\nCity: Oslo\n"
        assert [message["content"] for message in state.messages()] == [
            "Who?", "Name: Ann\nCity: Oslo\n", "Thanks!", "Welcome."
        ]  # fmt: skip
        assert len(place.calls) == 2 and place.calls[0].sampling_params.max_new_tokens == 128
        assert place.prompts[0].endswith("ASSISTANT:")
        usage = state.usage()
        assert (usage.calls, usage.calls_saved) == (2, 1)
        assert state.get_meta_info("city")["speculated"] and "speculated" not in state.get_meta_info("name")

    def test_a_reply_that_leaves_the_pattern_is_asked_for_again(self) -> None:
        place = Chat(["I do not know.", "Name: Ann\nCity: Oslo\n", "Welcome."])
        assert chat_sheet.run(backend=place)["city"] == " Oslo"
        assert len(place.calls) == 3

    @pytest.mark.parametrize(("temperature", "calls"), [(1.0, 3), (0, 1)])
    def test_but_not_for_ever(self, temperature: float, calls: int) -> None:
        place = Chat(["I do not know."])
        with pytest.warns(RuntimeWarning, match="pattern"):
            state = chat_sheet.run(backend=place, temperature=temperature)
            assert isinstance(state.error(), sgl.BackendError)
        assert "'Name:' is wanted" in str(state.error())
        assert len(place.calls) == state.usage().calls == calls
        with pytest.raises(KeyError):
            state["name"]
        assert state.text().endswith("ASSISTANT:")

    def test_reading_before_the_turn_ends_is_an_error_and_no_hang(self) -> None:
        @sgl.function(num_api_spec_tokens=64)
        def early(s):
            s += sgl.user("Who?") + sgl.assistant_begin() + sgl.gen("a", stop="\n")
            s += s["a"] + sgl.assistant_end()

        with pytest.raises(sgl.UsageError, match="after the turn"):
            early.run(backend=Chat(["x\n"]))

    def test_reading_after_the_turn_is_none(self) -> None:
        @sgl.function(num_api_spec_tokens=64)
        def twice(s):
            s += sgl.user("Who?") + sgl.assistant(sgl.gen("a", stop="\n"))
            s += sgl.user(s["a"]) + sgl.assistant(sgl.gen("b"))

        assert twice.run(backend=Chat(["x\n", "y"])).messages()[2]["content"] == "x"

    @pytest.mark.parametrize(
        ("inside", "told"),
        [
            (sgl.gen("a") + "\n", "needs a stop"),
            (sgl.gen("a", stop="x") + sgl.gen("b", temperature=0.1), "agree"),
            (sgl.gen("a", regex="x"), "constraint"),
            (sgl.gen("a", n=2), "one sample"),
            ("a" + sgl.select("a", ["x"]), "cannot stand"),
        ],
    )
    def test_what_one_call_cannot_generate_is_refused(self, inside: Any, told: str) -> None:
        place = Chat(["x"])
        with pytest.warns(RuntimeWarning, match=told):
            program = sgl.function(lambda s: s.__iadd__(sgl.assistant(inside)), num_api_spec_tokens=9)
            state = program.run(backend=place)
            assert isinstance(state.error(), sgl.UsageError)
        assert not place.calls

    def test_an_open_turn_cannot_be_forked_or_left(self) -> None:
        @sgl.function(num_api_spec_tokens=9)
        def forked(s):
            s += sgl.user("Hi") + sgl.assistant_begin() + sgl.gen("a")
            s.fork(1)

        @sgl.function(num_api_spec_tokens=9)
        def left(s):
            s += sgl.user("Hi") + sgl.assistant_begin() + sgl.gen("a")

        with pytest.raises(sgl.UsageError, match="forked"):
            forked.run(backend=Chat(["x"]))
        with pytest.warns(RuntimeWarning, match="must be closed"):
            assert isinstance(left.run(backend=Chat(["x"])).error(), sgl.ContractError)


@pytest.mark.bundled
@pytest.mark.skipif(not (bundled_folder() / "model.safetensors").is_file(), reason="no bundled weights")
class TestOnAServer:
    """The paper's case: three fields of a text, from a server that is paid by the token."""

    def test_three_fields_cost_a_third_of_the_prompt_tokens(self) -> None:
        with serving() as (_, server):
            place = sgl.OpenAI("small", is_chat_model=False, base_url=server.url + "/v1", api_key=KEY)
            own = three_fields(None).run(text=TEXT, backend=place, temperature=0)
            own.sync()
            without = place.token_usage.prompt_tokens
            place.token_usage.reset()
            state = three_fields(64).run(text=TEXT, backend=place, temperature=0)
            state.sync()
            cost = place.token_usage.prompt_tokens
            place.shutdown()
        assert state.error() is None and state.text() == own.text()
        assert [state[name] for name in ("name", "city", "job")] == [" Nora Dahl", " Oslo", " teacher"]
        assert (own.usage().calls, state.usage().calls) == (3, 1)
        assert cost == state.usage().prompt_tokens and without == own.usage().prompt_tokens
        assert cost / without < 0.34


SHOTS = """Extract the fields from each text.

Text: This note is about Tom Reed. Tom Reed works as a baker. Tom Reed lives in Lima.
Name: Tom Reed
City: Lima
Job: baker

Text: This note is about Ana Souza. Home is Rome. By profession Ana is a pilot.
Name: Ana Souza
City: Rome
Job: pilot

"""
TEXT = "This note is about Nora Dahl. Nora Dahl works as a teacher. Nora lives in Oslo."


def three_fields(tokens: int | None) -> sgl.SglFunction:
    @sgl.function(num_api_spec_tokens=tokens)
    def extract(s, text):
        s += SHOTS + f"Text: {text}\nName:" + sgl.gen("name", stop="\n", max_tokens=32)
        s += "\nCity:" + sgl.gen("city", stop="\n", max_tokens=32)
        s += "\nJob:" + sgl.gen("job", stop="\n", max_tokens=32) + "\n"

    return extract
