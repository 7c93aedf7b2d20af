"""The programs that SGLang ships as its own tests and examples, on the bundled model: in the process and behind a server."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from math import exp
from typing import Any

import pytest

import sgbench as sgl
from sgbench.lang.ir import REGEX_FLOAT, REGEX_INT, REGEX_STR
from tests.served import KEY, needs_the_model, serving

pytestmark = [*needs_the_model, pytest.mark.timeout(120)]

GREEDY: dict[str, Any] = {"temperature": 0}
IP_REGEX = r"((25[0-5]|2[0-4]\d|[01]?\d\d?).){3}(25[0-5]|2[0-4]\d|[01]?\d\d?)"


@pytest.fixture(scope="module")
def places() -> Iterator[dict[str, Any]]:
    with serving() as (engine, server):
        remote = sgl.RuntimeEndpoint(server.url, api_key=KEY)
        remote.chat_template = engine.chat_template
        yield {"engine": engine, "server": remote}
        remote.shutdown()


@pytest.fixture(params=["engine", "server"])
def place(request: pytest.FixtureRequest, places: dict[str, Any]) -> Any:
    return places[request.param]


def finished(state: sgl.ProgramState) -> sgl.ProgramState:
    """The state, when it has run without error."""
    assert state.error() is None
    return state


def same_compiled(program: sgl.SglFunction, state: sgl.ProgramState, place: Any, **arguments: Any) -> None:
    """A greedy program gives the same as a graph."""
    assert finished(program.compile().run(**arguments, **GREEDY, backend=place)).text() == state.text()


# --- answering and choosing ---------------------------------------------------------------------------------------


@sgl.function
def few_shot_qa(s, question):
    s += "The following are questions with answers.\n\n"
    s += "Q: What is the capital of Germany?\nA: Berlin\n\n"
    s += "Q: What is the capital of Italy?\nA: Rome\n\n"
    s += "Q: " + question + "\nA:" + sgl.gen("answer", stop="\n", max_tokens=8, temperature=0)


def test_few_shot_answers_alone_and_in_a_batch(place: Any) -> None:
    state = finished(few_shot_qa.run(question="What is the capital of France?", backend=place))
    assert "paris" in state["answer"].strip().lower()
    questions = [f"What is the capital of {land}?" for land in ("Japan", "France", "Spain")]
    states = few_shot_qa.run_batch([{"question": q} for q in questions], backend=place)
    for state, city in zip(states, ("tokyo", "paris", "madrid"), strict=True):
        assert city in state["answer"].lower()
    same_compiled(few_shot_qa, states[1], place, question=questions[1])


@pytest.mark.parametrize("style", ["expression", "markers", "blocks", "methods"])
def test_two_turns_whichever_way_roles_are_written(place: Any, style: str) -> None:
    @sgl.function
    def answer_mt_bench(s, question_1, question_2):
        if style == "expression":
            s += sgl.system("You are a helpful assistant.")
            s += sgl.user(question_1) + sgl.assistant(sgl.gen("answer_1", max_tokens=16))
            s += sgl.user(question_2) + sgl.assistant(sgl.gen("answer_2", max_tokens=16))
        elif style == "methods":
            s.system("You are a helpful assistant.")
            for i, question in enumerate((question_1, question_2), 1):
                s.user(question)
                s.assistant(sgl.gen(f"answer_{i}", max_tokens=16))
        else:
            for i, question in enumerate((question_1, question_2), 1):
                if style == "markers":
                    s += sgl.user_begin() + question + sgl.user_end()
                    s += sgl.assistant_begin() + sgl.gen(f"answer_{i}", max_tokens=16) + sgl.assistant_end()
                else:
                    with s.user():
                        s += question
                    with s.assistant():
                        s += sgl.gen(f"answer_{i}", max_tokens=16)

    questions = {"question_1": "What is the capital of France?", "question_2": "And of Italy?"}
    state = finished(answer_mt_bench.run(**questions, **GREEDY, backend=place))
    roles = [message["role"] for message in state.messages()]
    assert roles[-4:] == ["user", "assistant"] * 2 and len(roles) in (4, 5)
    assert state.messages()[-1]["content"] == state["answer_2"] and "Paris" in state["answer_1"]
    same_compiled(answer_mt_bench, state, place, **questions)


@sgl.function
def true_or_false(s, statement):
    s += "Determine whether the statement below is True, False, or Unknown.\n"
    s += "Statement: The capital of France is Paris.\nAnswer: True\n"
    s += "Statement: " + statement + "\nAnswer:" + sgl.select("answer", ["True", "False", "Unknown"])


def test_a_choice_is_one_of_the_choices_with_its_scores(place: Any) -> None:
    for method in (sgl.token_length_normalized, sgl.greedy_token_selection, sgl.unconditional_likelihood_normalized):

        @sgl.function
        def choose(s, method=method):
            s += "The capital of France is" + sgl.gen("c", choices=[" Paris", " London"], choices_method=method)

        state = finished(choose.run(backend=place))
        assert state["c"] == " Paris" or method is sgl.unconditional_likelihood_normalized  # which favours rare words
        meta = state.get_meta_info("c")
        assert len(meta["normalized_prompt_logprobs"]) == len(meta["input_token_logprobs"]) == 2
    state = finished(true_or_false.run(statement="The capital of Germany is Berlin.", backend=place))
    assert state["answer"] in ("True", "False", "Unknown")
    same_compiled(true_or_false, state, place, statement="The capital of Germany is Berlin.")


def test_a_text_is_chosen_as_by_likelihood(place: Any) -> None:
    """HellaSwag's shape, in a generator and in a list: the same choices."""

    @sgl.function
    def few_shot_hellaswag(s, question, choices):
        s += "Tom is thirsty. He drinks a glass of water.\n" + question + sgl.select("answer", choices=choices)

    items = [
        {"question": f"{name} is {feeling}. {pronoun}", "choices": [" goes to bed.", " eats a stone."]}
        for name, feeling, pronoun in (("Anna", "tired", "She"), ("Ben", "sleepy", "He"), ("Cleo", "very tired", "She"))
    ]
    listed = few_shot_hellaswag.run_batch(items, backend=place, num_threads=4)
    streamed = few_shot_hellaswag.run_batch(items, backend=place, num_threads=4, generator_style=True)
    assert [state["answer"] for state in listed] == [state["answer"] for state in streamed]


# --- values of a type ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "parse"),
    [(int, int), ("int", int), (float, float), (bool, lambda v: {"True": True, "False": False}[v]), (str, json.loads)],
)
def test_a_value_reads_as_its_dtype(place: Any, dtype: Any, parse: Any) -> None:
    @sgl.function
    def program(s):
        s += "Q: What is the value?\nA: " + sgl.gen("value", max_tokens=12, dtype=dtype, temperature=0)

    text = finished(program.run(backend=place))["value"]
    if dtype is str and not text.endswith('"'):
        assert text.startswith('"')  # cut short by max_tokens
    else:
        parse(text.strip())


def test_whole_numbers_and_strings_have_primitives_of_their_own(place: Any) -> None:
    @sgl.function
    def program(s):
        s += "The number of hours in a day is " + sgl.gen_int("hours", max_tokens=4, **GREEDY)
        s += ", of days in a week " + sgl.gen_int("days", max_tokens=4, **GREEDY)
        s += ", and the capital of France is called " + sgl.gen_string("name", max_tokens=12, **GREEDY)

    state = finished(program.run(backend=place))
    assert isinstance(int(state["hours"].strip()), int) and isinstance(int(state["days"].strip()), int)
    assert state["name"].startswith('"')
    same_compiled(program, state, place)


@pytest.mark.parametrize("by", ["regex", "dtype"])
def test_json_from_pieces_can_be_parsed(place: Any, by: str) -> None:
    def piece(name: str, kind: type, regex: str) -> Any:
        limit = {"max_tokens": 12, "temperature": 0}
        return sgl.gen(name, regex=regex, **limit) if by == "regex" else sgl.gen(name, dtype=kind, **limit)

    @sgl.function
    def decode_json(s):
        s += "Generate a JSON object to describe the basic city information of Paris.\n"
        with s.var_scope("json_output"):
            s += "{\n"
            s += '  "name": ' + piece("name", str, r"\"[\w ]{1,10}\"") + ",\n"
            s += '  "population": ' + piece("population", int, r"[0-9]{1,9}") + ",\n"
            s += '  "area": ' + piece("area", float, r"[0-9]{1,5}\.[0-9]{1,2}") + ",\n"
            s += '  "capital": ' + piece("capital", bool, r"(True|False)") + "\n"
            s += "}"

    state = finished(decode_json.run(backend=place))
    text = state["json_output"].replace("True", "true").replace("False", "false")
    if by == "regex":
        assert set(json.loads(text)) == {"name", "population", "area", "capital"}
    assert re.fullmatch(REGEX_INT, state["population"]) and re.fullmatch(REGEX_FLOAT, state["area"])
    assert by == "dtype" or re.fullmatch(REGEX_STR.replace(r"\s", " "), state["name"])
    same_compiled(decode_json, state, place)


def test_a_regex_and_a_schema_hold(place: Any) -> None:
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}

    @sgl.function
    def program(s):
        s += "Q: What is the IP address of the server?\nA: "
        s += sgl.gen("ip", **GREEDY, regex=IP_REGEX, max_tokens=24)
        s += "\nAs JSON: " + sgl.gen("json", json_schema=json.dumps(schema), max_tokens=24, **GREEDY)
        s += "\nIn Chinese: " + sgl.gen("zh", regex=r"(你好|再见), 世界", max_tokens=24, **GREEDY)

    state = finished(program.run(backend=place))
    assert re.fullmatch(IP_REGEX, state["ip"]) and state["zh"] in ("你好, 世界", "再见, 世界")
    assert isinstance(json.loads(state["json"])["ok"], bool)


# --- control flow -------------------------------------------------------------------------------------------------


def test_what_one_line_reads_the_same_line_may_use(place: Any) -> None:
    @sgl.function
    def expert_answer(s, question):
        s += "Question: " + question + "\nA good person to answer it is"
        s += sgl.gen("expert", stop=[".", "\n"], max_tokens=8, **GREEDY) + ".\n"
        s += s["expert"] + " says: " + sgl.gen("answer", stop=".", max_tokens=8, **GREEDY)

    state = finished(expert_answer.run(question="What is the capital of France?", backend=place))
    assert f"{state['expert']} says: {state['answer']}" in state.text()
    same_compiled(expert_answer, state, place, question="What is the capital of France?")


def test_a_tool_is_called_and_its_result_is_text(place: Any) -> None:
    def calculate(expression: str) -> str:
        return f"{sum(int(number) for number in re.findall('[0-9]+', expression))}"

    @sgl.function
    def tool_use(s, lhs, rhs):
        s += "Please perform computations using a calculator.\n"
        s += f"calculate({lhs} + {rhs}" + sgl.gen("expression", stop=")", max_tokens=4, **GREEDY)
        with s.var_scope("answer"):
            s += calculate(f"{lhs} {rhs}")
        s += ".\n"

    state = finished(tool_use(lhs=4, rhs=5, backend=place))
    assert state["answer"] == "9" and state.text().endswith("9.\n")


def test_a_loop_follows_what_was_chosen(place: Any) -> None:
    @sgl.function
    def react(s, question):
        s += "Question: " + question + "\n"
        for i in range(1, 4):
            s += f"Thought {i}:" + sgl.gen("thought", stop="\n", max_tokens=8, **GREEDY) + f"\nAction {i}: "
            s += sgl.select("action", ["Search", "Finish"]) + "[" + sgl.gen("target", stop="]", max_tokens=6, **GREEDY)
            s += "]\n"
            if s["action"] == "Finish":
                break
            s += f"Observation {i}: nothing was found.\n"

    state = finished(react.run("What is the capital of France?", backend=place))
    assert state["action"] in ("Search", "Finish") and state.text().count("Thought") <= 3
    with pytest.raises(sgl.UsageError, match="cannot be traced"):
        react.compile()


def test_programs_call_programs(place: Any) -> None:
    @sgl.function
    def tip(s, topic):
        s += sgl.user("Tell me about " + topic) + sgl.assistant(sgl.gen("text", max_tokens=6, **GREEDY))

    @sgl.function
    def overview(s, topics):
        tips = [tip(topic) for topic in topics]
        for topic, called in zip(topics, tips, strict=True):
            s += f"{topic}: " + called["text"] + "\n"
        s += "In short:" + sgl.gen("summary", max_tokens=4, **GREEDY)

    topics = ["Paris", "rain", "cats"]
    state = finished(overview.run(topics, backend=place))
    assert [line.split(":")[0] for line in state.text().splitlines()[:3]] == topics
    same_compiled(overview.bind(topics=topics), state, place)


# --- forks --------------------------------------------------------------------------------------------------------


@sgl.function
def parallel_decoding(s, topic):
    s += "Act as a helpful assistant.\nUSER: Give some tips for " + topic + ".\nASSISTANT: Two tips.\n"
    forks = s.fork(2)
    for i in range(2):
        forks[i] += f"Tip {i + 1}:" + sgl.gen("detailed_tip", 8, stop="\n", temperature=0)
    forks.join()
    s += "1." + s["detailed_tip"][0] + "\n2." + s["detailed_tip"][1] + "\nIn summary,"
    s += sgl.gen("summary", max_tokens=8, temperature=0)


def test_forks_go_on_at_once_and_come_back_as_lists(place: Any) -> None:
    state = finished(parallel_decoding.run("health", backend=place))
    assert len(state["detailed_tip"]) == 2 and state["detailed_tip"][1] in state.text()
    same_compiled(parallel_decoding, state, place, topic="health")


def test_texts_read_in_parallel_are_appended_in_order(place: Any) -> None:
    @sgl.function
    def parallel_encoding(s, question, contexts):
        s += "USER: I will ask a question based on some statements.\n"
        s += question + "\n"
        forks = s.fork(len(contexts))
        forks += lambda i: f"Statement {i}: " + contexts[i] + "\n"
        forks.join(mode="concate_and_append")
        s += "ASSISTANT:" + sgl.gen("answer", max_tokens=8, temperature=0)

    contexts = ["The sky is blue.", "The sea is green.", "Snow is white."]
    state = finished(parallel_encoding.run("What is white?", contexts, backend=place))
    assert "Statement 0: The sky is blue.\nStatement 1: The sea is green.\nStatement 2: Snow" in state.text()
    bound = parallel_encoding.bind(contexts=contexts)
    same_compiled(bound, state, place, question="What is white?")


def test_stages_of_forks(place: Any) -> None:
    @sgl.function
    def multi_stage(s):
        s += "Let us count.\n"
        for stage in range(2):
            forks = s.fork(2)
            forks += [f"{stage}-{i}:" + sgl.gen(f"x{stage}", max_tokens=2, **GREEDY) for i in range(2)]
            inner = forks[0].fork(2)
            inner += sgl.gen(f"y{stage}", max_tokens=2, **GREEDY)
            inner.join()
            forks.join()
            s += f"stage {stage} done\n" + s[f"x{stage}"][1] + s[f"y{stage}"][0][1]
        with s.copy() as twin:
            twin += sgl.gen("z", max_tokens=2, **GREEDY)

    state = finished(multi_stage.run(backend=place))
    assert [len(state[f"x{i}"]) for i in range(2)] == [2, 2] and len(state["y1"][0]) == 2 and len(state["z"]) == 1
    same_compiled(multi_stage, state, place)


# --- log-probabilities, samples, limits ---------------------------------------------------------------------------


def test_a_prefill_gives_the_candidates_for_the_next_token(place: Any) -> None:
    """Chain-of-thought decoding: the first token's candidates, without generating, then one branch for each."""

    @sgl.function
    def cot_decoding(s, question, get_top_k):
        s += "Question: " + question + "\nAnswer:"
        step_0 = s.fork(1)[0]
        forks = s.fork(get_top_k)
        wish = {"return_logprob": True, "return_text_in_logprobs": True}
        step_0 += sgl.gen("get_top_k", max_tokens=0, top_logprobs_num=get_top_k, **wish)
        candidates = step_0.get_meta_info("get_top_k")["output_top_logprobs"][0]
        assert step_0["get_top_k"] == "" and len(candidates) == get_top_k
        assert [c[0] for c in candidates] == sorted((c[0] for c in candidates), reverse=True)
        for fork, (_, _, text) in zip(forks, candidates, strict=True):
            fork += text + sgl.gen("answer", max_tokens=8, top_logprobs_num=2, **wish)
            ranks = fork.get_meta_info("answer")["output_top_logprobs"]
            assert all(exp(first[0]) >= exp(second[0]) for first, second in ranks)
        return [text for _, _, text in candidates]

    state = finished(cot_decoding.run("What is the capital of France?", 3, **GREEDY, backend=place))
    assert len(set(state.ret_value)) == 3


def test_logprobs_of_prompt_and_completion(place: Any) -> None:
    @sgl.function
    def program(s):
        s += "The capital of France is"
        s += sgl.gen("x", max_tokens=4, return_logprob=True, logprob_start_len=0, top_logprobs_num=2, **GREEDY)

    meta = finished(program.run(backend=place)).get_meta_info("x")
    assert meta["input_token_logprobs"][0][0] is None and len(meta["input_token_logprobs"]) == meta["prompt_tokens"]
    assert len(meta["output_token_logprobs"]) == meta["completion_tokens"] == len(meta["output_top_logprobs"])


def test_streamed_logprobs_add_up_on_an_event_loop(place: Any) -> None:
    @sgl.function
    def program(s):
        s += "The capital of France is"
        s += sgl.gen("x", max_tokens=8, return_logprob=True, top_logprobs_num=1, return_text_in_logprobs=True, **GREEDY)

    async def read() -> tuple[str, int, int]:
        state = program.run(backend=place, stream=True)
        text, entries, completion = "", 0, 0
        async for chunk, meta in state.text_async_iter("x", return_meta_data=True):
            text += chunk
            entries += len(meta["output_token_logprobs"])
            completion = meta["completion_tokens"]
        assert text == state["x"]
        return text, entries, completion

    text, entries, completion = asyncio.run(read())
    assert text and entries == completion


def test_text_streams_whole_and_by_variable(place: Any) -> None:
    @sgl.function
    def program(s):
        s += "Two numbers: " + sgl.gen("a", max_tokens=4) + " and " + sgl.gen("b", max_tokens=4)

    state = program.run(**GREEDY, backend=place, stream=True)
    assert "".join(state.text_iter()) == state.text() and state.text().startswith("Two numbers: ")
    assert "".join(state.text_iter("b")) == state["b"]


def test_several_samples_are_a_list_and_one_is_a_string(place: Any) -> None:
    @sgl.function
    def program(s, n):
        s += sgl.user("Tell me a story.") + sgl.assistant(sgl.gen("answer", n=n, max_tokens=6))

    two = finished(program.run(2, backend=place))
    assert isinstance(two["answer"], list) and len(two["answer"]) == 2 and two["answer"][0] in two.text()
    assert isinstance(finished(program.run(n=1, backend=place))["answer"], str)


def test_the_fewest_tokens_and_the_most(place: Any) -> None:
    @sgl.function
    def program(s):
        s += "The capital of France is" + sgl.gen("x", min_tokens=64, max_tokens=70, stop="\n", **GREEDY)

    assert 64 <= finished(program.run(backend=place)).get_meta_info("x")["completion_tokens"] <= 70
    short = sgl.function(lambda s: s.__iadd__("One two" + sgl.gen("x", max_tokens=3, ignore_eos=True)))
    assert finished(short.run(backend=place)).get_meta_info("x")["completion_tokens"] == 3


@pytest.mark.parametrize(
    "stop", [{"stop": "Paris"}, {"stop": ["Rome", "Paris"]}, {"stop_regex": r"P\w+s"}, {"stop_regex": ["x", "Par.s"]}]
)
def test_what_stops_is_trimmed(place: Any, stop: dict[str, Any]) -> None:
    @sgl.function
    def program(s):
        s += "The capital of France is" + sgl.gen("x", max_tokens=8, **stop, **GREEDY)

    assert "Paris" not in finished(program.run(backend=place))["x"]


def test_run_gives_what_a_call_leaves_open(place: Any) -> None:
    program = sgl.function(lambda s: s.__iadd__("The capital of France is" + sgl.gen("x")))
    state = finished(
        program.run(max_new_tokens=1, stop=["."], frequency_penalty=0.1, top_p=0.9, top_k=5, backend=place)
    )
    assert state.get_meta_info("x")["completion_tokens"] == 1


def test_thinking_is_told_from_the_answer(place: Any) -> None:
    @sgl.function
    def program(s):
        s += sgl.user("What is the capital of France?")
        s += sgl.assistant("It is: " + sgl.separate_reasoning(sgl.gen("answer", max_tokens=16), model_type="qwen3"))

    state = finished(program.run(**GREEDY, backend=place))
    assert state["answer_reasoning_content"] == "" and state["answer"]
    assert state.messages()[-1]["content"] == "It is: " + state["answer"]
    same_compiled(program, state, place)


def test_images_are_refused_by_a_model_that_reads_text(places: dict[str, Any]) -> None:
    @sgl.function
    def image_qa(s, image_file, question):
        s += sgl.user(sgl.image(image_file) + question) + sgl.assistant(sgl.gen("answer"))

    with pytest.warns(RuntimeWarning, match="failed"):
        state = image_qa.run(b"any bytes", "What is it?", backend=places["engine"])
        assert isinstance(state.error(), sgl.BackendError) and "answer" not in state


def test_the_cache_is_asked_about_and_flushed(place: Any) -> None:
    sgl.set_default_backend(place)
    assert sgl.get_server_info()
    sgl.flush_cache()
    assert (
        finished(few_shot_qa.run(question="What is the capital of Peru?")).get_meta_info("answer")["cached_tokens"] == 0
    )
    few_shot_qa.cache()
    assert (
        finished(few_shot_qa.run(question="What is the capital of Cuba?")).get_meta_info("answer")["cached_tokens"] > 20
    )
