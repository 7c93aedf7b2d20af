"""The paper's Figure 3: nine snapshots of a radix tree with a small pool; the same splits, the same evictions.

Two chats with one system prompt, then few-shot queries with common examples, then several sampled answers to one question. A request's
last token has no KV yet, so it opens the next turn's node.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.request import Chunk, SamplingParams
from sgbench.engine.runner.scripted import ScriptedRunner
from sgbench.trace.events import Event, NodeEvicted, NodeSplit

_next = iter(range(1, 1000))


def run_of(n: int) -> tuple[int, ...]:
    """``n`` tokens that occur nowhere else."""
    return tuple(next(_next) for _ in range(n))


POOL_TOKENS = 40
SYSTEM = run_of(4)
HELLO, HI = run_of(2), run_of(2)
SECOND_TURN, SECOND_REPLY = run_of(8), run_of(7)
THIRD_TURN, THIRD_REPLY = run_of(2), run_of(2)
OTHER_HELLO, OTHER_HI = run_of(2), run_of(2)
OTHER_TURN, OTHER_REPLY = run_of(8), run_of(8)
EXAMPLES = run_of(4)
QUESTIONS = [run_of(2) for _ in range(4)]
ANSWER = run_of(2)

FIRST_CHAT = SYSTEM + HELLO
SECOND_CHAT = SYSTEM + OTHER_HELLO
FIRST_AGAIN = FIRST_CHAT + HI + SECOND_TURN
SECOND_AGAIN = SECOND_CHAT + OTHER_HI + OTHER_TURN
FIRST_THIRD = FIRST_AGAIN + SECOND_REPLY + THIRD_TURN
ASKED = [EXAMPLES + question for question in QUESTIONS]


class SamplingRunner(ScriptedRunner):
    """With a temperature, the first sampled token depends on the request."""

    def _choose(self, chunk: Chunk, tokens: tuple[int, ...]) -> int:
        if chunk.sampling.temperature > 0:
            return 500 + 10 * chunk.rid + chunk.sample_index
        return super()._choose(chunk, tokens)


class Figure:
    """An engine and what happened to its tree since the last snapshot."""

    def __init__(self) -> None:
        replies = {
            FIRST_CHAT: HI,
            FIRST_AGAIN: SECOND_REPLY,
            FIRST_THIRD: THIRD_REPLY,
            SECOND_CHAT: OTHER_HI,
            SECOND_AGAIN: OTHER_REPLY,
            ASKED[0]: ANSWER,
        }
        runner = SamplingRunner(POOL_TOKENS, 1000, 100, replies, end_id=999)
        self.core = EngineCore(EngineConfig(), runner, None, start=False)
        self.names: dict[int, tuple[int, ...]] = {}
        self.evicted: list[tuple[int, ...]] = []
        self.splits = 0
        self.core.subscribe(self._note)

    def _note(self, event: Event) -> None:
        if isinstance(event, NodeEvicted):
            self.evicted.append(self.paths()[event.node] if event.node in self.paths() else self.names[event.node])
        if isinstance(event, NodeSplit):
            self.splits += 1
        self.names |= self.paths()

    def paths(self) -> dict[int, tuple[int, ...]]:
        """The tokens from the root to the end of each node."""
        found: dict[int, tuple[int, ...]] = {}
        pending = {node["id"]: node for node in self.core.snapshot()["nodes"]}
        while pending:
            for node in list(pending.values()):
                if node["parent"] is None or node["parent"] in found:
                    found[node["id"]] = found.get(node["parent"], ()) + tuple(node["token_ids"])
                    del pending[node["id"]]
        return found

    def run(self, prompts: list[tuple[int, ...]], params: SamplingParams) -> None:
        """Serve ``prompts`` together."""
        self.evicted, self.splits = [], 0
        handles = [handle for prompt in prompts for handle in self.core.submit_samples(prompt, params)]
        for handle in handles:
            handle.result()
        self.core.check_integrity()

    def tree(self) -> set[tuple[int, ...]]:
        """Where the nodes end."""
        return set(self.paths().values())


@pytest.fixture(scope="module")
def snapshots() -> list[tuple[set[tuple[int, ...]], list[tuple[int, ...]], int]]:
    """``(nodes, evicted, splits)`` of the nine snapshots, from index 1."""
    return [(set(), [], 0), *play()]


def play() -> Iterator[tuple[set[tuple[int, ...]], list[tuple[int, ...]], int]]:
    figure = Figure()
    yield figure.tree(), [], 0
    scenes: list[tuple[list[tuple[int, ...]], SamplingParams]] = [
        ([FIRST_CHAT], greedy(len(HI))),
        ([FIRST_AGAIN], greedy(len(SECOND_REPLY))),
        ([SECOND_CHAT], greedy(len(OTHER_HI))),
        ([SECOND_AGAIN], greedy(len(OTHER_REPLY))),
        ([ASKED[0]], greedy(len(ANSWER))),
        (ASKED[1:], greedy(1)),
        ([FIRST_THIRD], greedy(len(THIRD_REPLY))),
        ([ASKED[1]], SamplingParams(temperature=1.0, max_new_tokens=3, n=4)),
    ]
    for prompts, params in scenes:
        figure.run(prompts, params)
        yield figure.tree(), figure.evicted, figure.splits


def greedy(n: int) -> SamplingParams:
    return SamplingParams(temperature=0.0, max_new_tokens=n)


FIRST_END = (FIRST_CHAT + HI)[:-1]
FIRST_AGAIN_END = (FIRST_AGAIN + SECOND_REPLY)[:-1]
SECOND_END = (SECOND_CHAT + OTHER_HI)[:-1]
SECOND_AGAIN_END = (SECOND_AGAIN + OTHER_REPLY)[:-1]
QUERY_END = (ASKED[0] + ANSWER)[:-1]
FIRST_THIRD_END = (FIRST_THIRD + THIRD_REPLY)[:-1]


def test_1_the_tree_is_empty(snapshots):
    assert snapshots[1] == ({()}, [], 0)


def test_2_the_first_chat_is_one_edge(snapshots):
    assert snapshots[2] == ({(), FIRST_END}, [], 0)


def test_3_its_next_turn_is_appended(snapshots):
    assert snapshots[3] == ({(), FIRST_END, FIRST_AGAIN_END}, [], 0)


def test_4_a_second_chat_splits_off_the_system_prompt(snapshots):
    assert snapshots[4] == ({(), SYSTEM, FIRST_END, FIRST_AGAIN_END, SECOND_END}, [], 1)


def test_5_the_second_chat_goes_on_and_the_first_ones_turn_is_evicted(snapshots):
    assert snapshots[5] == ({(), SYSTEM, FIRST_END, SECOND_END, SECOND_AGAIN_END}, [FIRST_AGAIN_END], 0)


def test_6_a_few_shot_query_gets_its_own_subtree(snapshots):
    nodes, evicted, splits = snapshots[6]
    assert nodes == snapshots[5][0] | {QUERY_END}
    assert (evicted, splits) == ([], 0)


def test_7_more_queries_split_off_the_examples(snapshots):
    nodes, evicted, splits = snapshots[7]
    assert nodes == snapshots[6][0] | {EXAMPLES, *ASKED[1:]}
    assert (evicted, splits) == ([], 1)


def test_8_the_first_chat_is_back_and_the_second_is_evicted(snapshots):
    nodes, evicted, splits = snapshots[8]
    assert evicted == [SECOND_AGAIN_END, SECOND_END], "leaf first, then its parent"
    assert nodes == snapshots[7][0] - set(evicted) | {FIRST_THIRD_END}
    assert splits == 0


def test_9_sampled_answers_hang_under_the_question_and_the_others_are_evicted(snapshots):
    nodes, evicted, splits = snapshots[9]
    assert evicted == [QUERY_END, ASKED[2], ASKED[3]]
    answers = (
        nodes - snapshots[8][0] - {ASKED[1][:-1]}
    )  # its last token is computed again, for its logits: one more node
    assert len(answers) == 4 and splits == 1
    assert all(answer[: len(ASKED[1])] == ASKED[1] and len(answer) == len(ASKED[1]) + 2 for answer in answers)
    assert {(), SYSTEM, FIRST_END, FIRST_THIRD_END, EXAMPLES, ASKED[1]} <= nodes
