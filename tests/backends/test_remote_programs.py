"""The same programs on the engine in the process and on it behind a real server: the same texts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import sgbench as sgl
from sgbench.server import Server
from sgbench.trace.events import RequestAborted, RequestAdmitted
from tests.served import KEY, Seen, needs_the_model, serving

pytestmark = needs_the_model


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[sgl.Engine, Server]]:
    with serving() as pair:
        yield pair


@pytest.fixture(scope="module")
def engine(both: tuple[sgl.Engine, Server]) -> sgl.Engine:
    return both[0]


@pytest.fixture(scope="module")
def endpoint(both: tuple[sgl.Engine, Server]) -> Iterator[sgl.RuntimeEndpoint]:
    place = sgl.RuntimeEndpoint(both[1].url, api_key=KEY)
    yield place
    place.shutdown()


@pytest.fixture(scope="module")
def completions(both: tuple[sgl.Engine, Server]) -> Iterator[sgl.OpenAI]:
    template = both[0].chat_template
    place = sgl.OpenAI("small", False, template, dialect="sglang", base_url=both[1].url + "/v1", api_key=KEY)
    yield place
    place.shutdown()


@pytest.fixture(scope="module")
def chats(both: tuple[sgl.Engine, Server]) -> Iterator[sgl.OpenAI]:
    place = sgl.OpenAI("small", base_url=both[1].url + "/v1", api_key=KEY)
    yield place
    place.shutdown()


# --- programs -------------------------------------------------------------------------------------------------------


@sgl.function
def completion(s):
    s += "The capital of France is" + sgl.gen("a", max_tokens=8, stop=".")


@sgl.function
def chat(s):
    s += sgl.system("You are helpful.") + sgl.user("What is the capital of Peru?") + sgl.assistant(sgl.gen("a"))


@sgl.function
def two_turns(s):
    with s.user():
        s += "What is the capital of Italy?"
    with s.assistant():
        s += sgl.gen("a", max_tokens=24)
    s.user("And of Japan?")
    s.assistant(sgl.gen("b", max_tokens=24))


@sgl.function
def prefilled_turn(s):
    s += sgl.user("What is the capital of Spain?")
    s += sgl.assistant_begin() + "The capital of Spain is" + sgl.gen("a", max_tokens=8) + sgl.assistant_end()


@sgl.function
def forks(s):
    s += "Countries and capitals.\n"
    branches = s.fork(3)
    branches += lambda i: f"{['France', 'Italy', 'Egypt'][i]}:"
    branches += sgl.gen("city", max_tokens=6, stop="\n")
    branches.join()
    s += " and ".join(s["city"]) + sgl.gen("end", max_tokens=4)


@sgl.function
def joined_text(s):
    branches = s.fork(2)
    branches += ["One:", "Two:"]
    branches += sgl.gen("x", max_tokens=4)
    branches.join("concate_and_append")
    s += sgl.gen("end", max_tokens=4)


@sgl.function
def scope(s):
    s += "Facts: "
    with s.var_scope("fact"):
        s += "the sky is" + sgl.gen(max_tokens=5)


@sgl.function
def several(s):
    s += "Once upon a time" + sgl.gen("a", max_tokens=6, n=3)


@sgl.function
def constrained(s):
    s += "The year is" + sgl.gen("year", max_tokens=8, regex=" [12][0-9]{3}")
    s += ". 7 + 5 = " + sgl.gen_int("sum", max_tokens=4)


@sgl.function
def schema(s):
    wanted = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    s += 'JSON: {"ok": true}\nJSON: ' + sgl.gen("json", max_tokens=32, json_schema=wanted)


@sgl.function
def control_flow(s):
    s += "Counting: 1, 2, 3,"
    for i in range(3):
        s += sgl.gen(f"n{i}", max_tokens=4, stop=",") + ","
        if not s[f"n{i}"].strip():
            break


@sgl.function
def filtered(s):
    s += "Words: apple, pear," + sgl.gen("a", max_tokens=6, top_k=1, min_tokens=3, frequency_penalty=0.1)


@sgl.function
def picks(s):
    s += "Is the sky blue? Answer:" + sgl.select("a", [" Yes", " No", " I do not know"])
    s += " The capital of France is" + sgl.select("b", [" Paris", " London", "ly a town"])


PROGRAMS = [
    completion, chat, two_turns, prefilled_turn, forks, joined_text, scope, several, constrained, schema, control_flow,
    filtered,
]  # fmt: skip
NAMES = [program.func.__name__ for program in PROGRAMS]


def told(state: Any) -> dict[str, Any]:
    assert state.error() is None
    names = list(state.stream_executor.variables)
    return {"text": state.text(), "messages": state.messages(), **{str(name): state[name] for name in names}}


@pytest.mark.parametrize("program", PROGRAMS, ids=NAMES)
@pytest.mark.parametrize("where", ["endpoint", "completions"])
def test_every_program_says_the_same(
    request: pytest.FixtureRequest, engine: sgl.Engine, program: Any, where: str
) -> None:
    place = request.getfixturevalue(where)
    own, remote = (program.run(backend=backend, temperature=0) for backend in (engine, place))
    assert told(remote) == told(own)
    if (
        where == "endpoint"
    ):  # OpenAI's API has no reading ahead for forks, and counts the prompt of several samples once
        assert remote.usage().prompt_tokens == own.usage().prompt_tokens


@pytest.mark.parametrize("program", [chat, two_turns], ids=["chat", "two_turns"])
def test_chats_say_the_same_through_messages(engine: sgl.Engine, chats: sgl.OpenAI, program: Any) -> None:
    own, remote = (program.run(backend=backend, temperature=0) for backend in (engine, chats))
    assert remote.messages() == own.messages()


@pytest.mark.parametrize("where", ["endpoint", "completions", "chats"])
def test_a_stream_says_the_same_as_the_whole(request: pytest.FixtureRequest, where: str) -> None:
    place = request.getfixturevalue(where)
    whole = chat.run(backend=place, temperature=0)
    state = chat.run(backend=place, temperature=0, stream=True)
    pieces = list(state.text_iter("a"))
    assert len(pieces) > 1 and "".join(pieces) == whole["a"]
    meta, own = state.get_meta_info("a"), whole.get_meta_info("a")
    assert meta["prompt_tokens"] == own["prompt_tokens"] and meta["completion_tokens"] == own["completion_tokens"]
    assert meta["finish_reason"]["type"] == "stop"


@pytest.mark.parametrize("where", ["endpoint", "completions", "chats"])
@pytest.mark.parametrize("stream", [False, True])
def test_logprobs_are_those_of_the_engine(
    request: pytest.FixtureRequest, engine: sgl.Engine, where: str, stream: bool
) -> None:
    @sgl.function
    def program(s):
        s += sgl.user("What is the capital of Chile?")
        s += sgl.assistant(sgl.gen("a", max_tokens=5, return_logprob=True, top_logprobs_num=2))

    place = request.getfixturevalue(where)
    own = program.run(backend=engine, temperature=0).get_meta_info("a")
    meta = program.run(backend=place, temperature=0, stream=stream).get_meta_info("a")
    values = [entry[0] for entry in meta["output_token_logprobs"]]
    assert values == pytest.approx([entry[0] for entry in own["output_token_logprobs"]], abs=1e-3)
    assert [len(row) for row in meta["output_top_logprobs"]] == [2] * len(values)


@pytest.mark.parametrize("where", ["endpoint", "completions"])
def test_a_seed_draws_the_same_everywhere(request: pytest.FixtureRequest, engine: sgl.Engine, where: str) -> None:
    place = request.getfixturevalue(where)
    own, remote, other = (
        several.run(backend=backend, temperature=1.5, sampling_seed=seed, n=3)["a"]
        for backend, seed in ((engine, 3), (place, 3), (place, 4))
    )
    assert remote == own != other


@pytest.mark.parametrize(
    "method", [sgl.token_length_normalized, sgl.greedy_token_selection, sgl.unconditional_likelihood_normalized]
)
@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("The capital of France is", [" Paris", " London", "ly a town"]),
        ("Is it? Answer: ", ["Yes", "No", "I do not know"]),
        ("x", ["yz", "y", " a"]),
        ("A word that is cut: interna", ["tional", "l", "ls of a big machine"]),
    ],
)
def test_scores_are_those_of_the_engine(
    engine: sgl.Engine, endpoint: sgl.RuntimeEndpoint, text: str, choices: list[str], method: Any
) -> None:
    program = sgl.function(lambda s: s.__iadd__(text + sgl.select("c", choices, choices_method=method)))
    own, remote = (program.run(backend=backend) for backend in (engine, endpoint))
    assert remote["c"] == own["c"]
    mine, theirs = own.get_meta_info("c"), remote.get_meta_info("c")
    assert theirs["normalized_prompt_logprobs"] == pytest.approx(mine["normalized_prompt_logprobs"], abs=1e-4)
    for one, other in zip(mine["input_token_logprobs"], theirs["input_token_logprobs"], strict=True):
        assert [token[1] for token in one] == [token[1] for token in other]


def test_what_openais_api_cannot_do_is_said_before_the_call(chats: sgl.OpenAI) -> None:
    chats.token_usage.reset()
    asked = [
        (sgl.gen("x", top_k=3), "top_k"),
        (sgl.gen("x", regex="a"), "regex"),
        (sgl.gen("x", min_tokens=3), "min_new_tokens"),
        (sgl.gen("x", ignore_eos=True), "ignore_eos"),
        (sgl.gen("x", stop_regex="a"), "stop_regex"),
        (sgl.gen("x", return_logprob=True, logprob_start_len=0), "logprob_start_len"),
        (sgl.select("x", ["a", "b"]), "choices"),
    ]
    for node, word in asked:
        with pytest.warns(RuntimeWarning, match=word):
            state = sgl.function(lambda s, node=node: s.__iadd__(sgl.user("Hi") + sgl.assistant(node))).run(
                backend=chats
            )
            assert isinstance(state.error(), sgl.BackendError) and word in str(state.error())
    for program in (completion, prefilled_turn):
        with pytest.warns(RuntimeWarning, match="chat model"):
            assert "num_api_spec_tokens" in str(program.run(backend=chats).error())
    assert chats.token_usage.calls == 0


def test_a_batch_is_in_order_and_counted(endpoint: sgl.RuntimeEndpoint) -> None:
    @sgl.function
    def capital(s, country):
        s += f"The capital of {country} is" + sgl.gen("city", max_tokens=4)

    countries = ["France", "Italy", "Japan", "Egypt"] * 10
    endpoint.token_usage.reset()
    states = capital.run_batch([{"country": country} for country in countries], backend=endpoint, temperature=0)
    assert [state["city"] for state in states[:4]] * 10 == [state["city"] for state in states]
    assert endpoint.token_usage.prompt_tokens == sum(state.usage().prompt_tokens for state in states)
    assert endpoint.token_usage.calls == 40
    assert endpoint.token_usage.cached_tokens > 0


def test_text_tells_where_it_came_from_as_in_the_process(engine: sgl.Engine, endpoint: sgl.RuntimeEndpoint) -> None:
    @sgl.function
    def program(s):
        s += "Capitals. The capital of France is" + sgl.gen("a", max_tokens=2) + " and that of Peru:"
        s += sgl.select("b", [" Lima", " Rome"])

    texts = []
    for backend in (engine, endpoint):
        sgl.flush_cache(backend)
        for _ in range(2):
            state = program.run(backend=backend, temperature=0)
            state.sync()
            texts.append(state.spans())
    assert texts[:2] == texts[2:]
    assert {span.origin for span in texts[3]} >= {"cached", "decoded", "selected"}


def test_what_a_server_tells(engine: sgl.Engine, endpoint: sgl.RuntimeEndpoint) -> None:
    assert endpoint.get_model_name() == "bundled"
    assert endpoint.chat_template == engine.chat_template
    assert sgl.get_server_info(endpoint)["kv_tokens"] == engine.config.kv_tokens
    assert sgl.flush_cache(endpoint) is True
    assert engine.stats().kv_tokens_cached == 0


@pytest.mark.parametrize("where", ["endpoint", "completions"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_run_that_is_given_up_frees_its_kv_on_the_server(
    request: pytest.FixtureRequest, engine: sgl.Engine, where: str, stream: bool
) -> None:
    @sgl.function
    def endless(s):
        s += "Once" + sgl.gen("x", max_tokens=4000, ignore_eos=True)

    place = request.getfixturevalue(where)
    assert chat.run(backend=place, temperature=0).error() is None  # its first call begins its thread
    before = {thread for thread in threading.enumerate() if thread.name == "sgbench-calls"}
    seen = Seen(engine)
    try:
        state = endless.run(backend=place, stream=stream)
        assert seen.wait_for(lambda event: isinstance(event, RequestAdmitted))
        state.stream_executor.run.cancel("enough")
        assert isinstance(state.error(), sgl.AbortedError)
        assert seen.wait_for(lambda event: isinstance(event, RequestAborted))
    finally:
        seen.end()
    assert engine.stats().kv_tokens_used == 0
    assert {thread for thread in threading.enumerate() if thread.name == "sgbench-calls"} <= before
    assert chat.run(backend=place, temperature=0).error() is None


def test_a_backend_that_was_shut_down_begins_again_and_leaves_no_thread(
    both: tuple[sgl.Engine, Server], calls: Callable[[], int]
) -> None:
    before = calls()
    place = sgl.RuntimeEndpoint(both[1].url, api_key=KEY)
    for _ in range(2):
        assert completion.run(backend=place, temperature=0).error() is None
        assert calls() == before + 1
        place.shutdown()
        assert calls() == before


@pytest.fixture
def calls() -> Callable[[], int]:
    return lambda: sum(thread.name == "sgbench-calls" for thread in threading.enumerate())
