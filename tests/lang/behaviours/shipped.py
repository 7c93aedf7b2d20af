"""The programs that SGLang ships as tests and examples (section 11), shortened to what they pin."""

from __future__ import annotations

import json
import re
from typing import Any

import sgbench as sgl
from tests.lang.behaviours.case import GREEDY, behaviour, first, go, told


@behaviour(lambda prompt: " Paris" if "France" in prompt.rsplit("Q:", 1)[1] else " Tokyo")
def few_shot_answers(place: Any) -> Any:
    @sgl.function
    def few_shot_qa(s, question):
        s += "The following are questions with answers.\n\nQ: What is the capital of Italy?\nA: Rome\n\n"
        s += "Q: " + question + "\nA:" + sgl.gen("answer", stop="\n", max_tokens=6)

    state = few_shot_qa.run("What is the capital of France?", backend=place, **GREEDY)
    states = few_shot_qa.run_batch(
        [{"question": f"What is the capital of {land}?"} for land in ("France", "Japan")], backend=place, **GREEDY
    )
    assert (
        "paris" in state["answer"].lower()
        and states[0].text() == state.text()
        and "tokyo" in states[1]["answer"].lower()
    )
    return [one.text() for one in states]


@behaviour(chat=True)
def two_turns(place: Any) -> Any:
    def body(s):
        s += sgl.system("You are a helpful assistant.")
        for i, question in enumerate(("What is the capital of France?", "And of Italy?")):
            s += sgl.user(question) + sgl.assistant(sgl.gen(f"answer_{i}", max_tokens=8))

    state = go(body, place)
    assert [turn["role"] for turn in state.messages()][-4:] == ["user", "assistant"] * 2
    return told(state, "answer_0", "answer_1")


@behaviour(["True"], scores=first(["True", "False", "Unknown"]))
def a_statement_is_true_false_or_unknown(place: Any) -> Any:
    def body(s):
        s += "True, False, or Unknown?\nStatement: Paris is the capital of France.\nAnswer: True\n"
        s += "Statement: Berlin is the capital of Germany.\nAnswer: " + sgl.select(
            "answer", ["True", "False", "Unknown"]
        )

    state = go(body, place)
    assert state["answer"] in ("True", "False", "Unknown")
    return told(state, "answer")


@behaviour(lambda prompt: "Paris" if prompt.endswith('"name": "') else "2102650")
def json_from_pieces(place: Any) -> Any:
    def body(s):
        s += "Paris as JSON.\n"
        with s.var_scope("json_output"):
            s += '{"name": "' + sgl.gen("name", regex=r"[A-Z][a-z]{2,8}", max_tokens=8) + '", '
            s += '"population": ' + sgl.gen("population", regex=r"[1-9][0-9]{1,8}", max_tokens=12) + "}"

    state = go(body, place)
    assert json.loads(state["json_output"]) == {"name": state["name"], "population": int(state["population"])}
    return told(state, "json_output")


@behaviour([" a teacher", " hello"])
def an_expert_is_asked(place: Any) -> Any:
    def body(s):
        s += "A good person to answer this is" + sgl.gen("expert", stop=[".", "\n"], max_tokens=4) + ".\n"
        s += "For instance," + s["expert"] + " says" + sgl.gen("answer", stop=".", max_tokens=4)

    state = go(body, place)
    assert f"For instance,{state['expert']} says{state['answer']}" in state.text()
    return told(state, "expert", "answer")


@behaviour([" 3 + 4"])
def a_tool_is_used(place: Any) -> Any:
    @sgl.function
    def tool_use(s, lhs, rhs):
        s += "Use the calculator.\n" + f"calculate({lhs} + {rhs}" + sgl.gen("expression", stop=")", max_tokens=3) + ")="
        with s.var_scope("answer"):
            s += str(lhs + rhs)
        s += ".\n"

    state = tool_use(lhs=4, rhs=5, backend=place, **GREEDY)
    assert state["answer"] == "9" and state.text().endswith(")=9.\n")
    return told(state, "answer")


@behaviour(lambda prompt: "Finish" if prompt.endswith("Action: ") else " think", scores=first(["Finish", "Search"]))
def a_loop_ends_where_the_model_says(place: Any) -> Any:
    def body(s):
        actions = []
        for i in range(3):
            s += f"Thought {i}:" + sgl.gen("thought", stop="\n", max_tokens=4) + "\nAction: "
            s += sgl.select("action", ["Search", "Finish"]) + "\n"
            actions.append(s["action"])
            if s["action"] == "Finish":
                break
        s["actions"] = actions

    state = go(body, place)
    assert state["actions"].count("Finish") == (state["actions"][-1] == "Finish") and len(state["actions"]) in (1, 2, 3)
    assert state["action"] == state["actions"][-1] and (len(state["actions"]) == 3 or state["action"] == "Finish")
    return told(state, "actions")


@behaviour()
def tips_are_written_side_by_side(place: Any) -> Any:
    def body(s):
        s += "Two tips for health. 1. Balance. 2. Rest.\n"
        forks = s.fork(2)
        for i in range(2):
            forks[i] += f"Now expand tip {i + 1}:" + sgl.gen("detailed_tip", 6, stop="\n")
        forks.join()
        s += (
            "Tip 1:"
            + s["detailed_tip"][0]
            + "\nTip 2:"
            + s["detailed_tip"][1]
            + "\nIn summary"
            + sgl.gen("sum", max_tokens=4)
        )

    state = go(body, place)
    assert f"Tip 2:{state['detailed_tip'][1]}\n" in state.text()
    return told(state, "sum")


@behaviour()
def contexts_are_read_side_by_side(place: Any) -> Any:
    @sgl.function
    def parallel_encoding(s, question, contexts):
        s += "I will ask a question based on some statements.\n"
        forks = s.fork(len(contexts))
        forks += lambda i: f"Statement {i}: " + contexts[i] + "\n"
        forks.join(mode="concate_and_append")
        s += question + sgl.gen("answer", max_tokens=4)

    state = parallel_encoding.run("Q?", ["The sky is blue.", "Snow is white."], backend=place, **GREEDY)
    assert "Statement 0: The sky is blue.\nStatement 1: Snow is white.\nQ?" in state.text()
    return told(state, "answer")


@behaviour(["192.168.0.1"])
def an_address_by_regex(place: Any) -> Any:
    pattern = r"((25[0-5]|2[0-4]\d|[01]?\d\d?).){3}(25[0-5]|2[0-4]\d|[01]?\d\d?)"

    def body(s):
        s += "The IP address of a Google DNS server is " + sgl.gen("ip", max_tokens=20, regex=pattern)

    state = go(body, place)
    assert re.fullmatch(pattern, state["ip"])
    return told(state, "ip")


@behaviour(["再见, 世界"])
def text_of_several_bytes_by_regex(place: Any) -> Any:
    state = go(lambda s: s.__iadd__("In Chinese: " + sgl.gen("zh", regex=r"(你好|再见), 世界", max_tokens=24)), place)
    assert state["zh"] in ("你好, 世界", "再见, 世界")
    return told(state, "zh")


SHEET = "Ann\nJob: nurse\nCity: Rome\n"


@behaviour([SHEET])
def one_call_answers_several_fields(place: Any) -> Any:
    @sgl.function(num_api_spec_tokens=24)
    def fields(s):
        s += "Name: Bob\nJob: cook\nCity: Oslo\n\nName: Eve\nJob: judge\nCity: Bern\n\nName: "
        s += sgl.gen("name", stop="\n", max_tokens=12) + "\nJob: " + sgl.gen("job", stop="\n", max_tokens=12)
        s += "\nCity: " + sgl.gen("city", stop="\n", max_tokens=12) + "\n"

    quick = fields.run(backend=place, **GREEDY)
    slow = sgl.function(fields.func).run(
        backend=sgl.ScriptedBackend(["Ann", "nurse", "Rome"]) if isinstance(place, sgl.ScriptedBackend) else place,
        **GREEDY,
    )
    assert quick.error() is None and quick.text() == slow.text()
    assert quick.usage().calls + quick.usage().calls_saved >= 3
    return told(quick, "name", "job", "city")


@behaviour([" goes to bed."], scores=first([" goes to bed.", " eats a stone."]))
def endings_are_chosen_in_a_list_and_in_a_generator(place: Any) -> Any:
    @sgl.function
    def hellaswag(s, question, choices):
        s += question + sgl.select("answer", choices=choices)

    choices = [" goes to bed.", " eats a stone."]
    items = [{"question": f"{name} is tired. She", "choices": choices} for name in ("Anna", "Cleo", "Dora")]
    listed = hellaswag.run_batch(items, backend=place, num_threads=3)
    streamed = hellaswag.run_batch(items, backend=place, num_threads=3, generator_style=True)
    answers = [state["answer"] for state in listed]
    assert answers == [state["answer"] for state in streamed]
    return answers


@behaviour()
def stages_of_forks(place: Any) -> Any:
    def body(s):
        s += "Let us count.\n"
        for stage in range(2):
            forks = s.fork(2)
            forks += [f"{stage}-{i}:" + sgl.gen(f"x{stage}", max_tokens=2) for i in range(2)]
            inner = forks[0].fork(2)
            inner += sgl.gen(f"y{stage}", max_tokens=2)
            inner.join()
            forks.join()
            s += f"stage {stage} " + s[f"x{stage}"][1] + s[f"y{stage}"][0][1] + "\n"

    return told(go(body, place), "x0", "y0", "x1", "y1")


@behaviour(["Ann", "nurse"])
def a_chat_and_a_completion_in_one_quick_start(place: Any) -> Any:
    @sgl.function
    def nested(s, question):
        s += sgl.system("Be brief.") + sgl.user(question) + sgl.assistant(sgl.gen("answer", max_tokens=4))
        with s.copy() as c:
            c += sgl.user("In one word?") + sgl.assistant(sgl.gen("word", max_tokens=2))

    state = nested.run("Who are you?", backend=place, **GREEDY)
    assert len(state["word"]) == 1 and len(state.messages()) == 3
    return told(state, "answer", "word")
