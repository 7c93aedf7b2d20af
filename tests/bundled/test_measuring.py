"""What judges the bundled model while and after it is trained, against slow twins: forward passes, sheets, factors, prompts as read."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from tools.train_bundled import card, corpus, exact, measure, net
from tools.train_bundled.corpus import Plan, ShardMaker, encode
from tools.train_bundled.example import Example, Family
from tools.train_bundled.families import all_families

FOLDER = Path(__file__).parents[2] / "sgbench" / "bundled"
FAMILIES = {family.name: family for family in all_families()}
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(FOLDER / "tokenizer.json"))


@pytest.fixture(scope="module")
def trained() -> net.Network:
    network = net.Network(net.Shape())
    state = load_file(FOLDER / "model.safetensors")
    network.load_state_dict({name.removeprefix("model."): t.float() for name, t in state.items()})
    return network


def drawn(family: Family, count: int, long: bool = False) -> list[Example]:
    rng = Random(6)
    return [family.sample(rng, "heldout", long) for _ in range(count)]


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda f: f.name)
def test_training_reads_a_prompt_as_the_model_will(family: Family, tokenizer: Tokenizer) -> None:
    examples = [*drawn(family, 10), *drawn(family, 2, long=True)]
    for (ids, _), row in zip(encode(examples, tokenizer), exact.forced(examples, tokenizer), strict=True):
        assert ids[: len(row)] == [*row.prompt, *row.answer]


@torch.no_grad()
def continued(network: net.Network, prompt: list[int], tokens: int) -> list[int]:
    ids = list(prompt)
    for _ in range(tokens):
        places = torch.arange(len(ids))
        starts = torch.tensor([0, len(ids)], dtype=torch.int32)
        region = net.Region(0, len(ids), starts, len(ids))
        hidden = network(torch.tensor(ids), places, (region,), torch.float32)
        ids.append(int(exact.logits(network, hidden[-1:]).argmax()))
    return ids[len(prompt) :]


@pytest.mark.parametrize("name", ["facts", "letters of options", "plain_sums", "few_shot", "reading"])
def test_a_forward_pass_says_what_greedy_decoding_gives(name: str, trained: net.Network, tokenizer: Tokenizer) -> None:
    rows = exact.forced(drawn(FAMILIES[name], 5), tokenizer)
    rows += [exact.Forced(row.prompt, [*row.answer[:-1], 7]) for row in rows[:2]]
    hits = exact.hit(trained, rows, torch.float32, 400)
    assert hits == [continued(trained, row.prompt, len(row.answer)) == row.answer for row in rows]
    assert not any(hits[5:])


def test_sheets_of_training_shape_judge_like_plain_streams(tokenizer: Tokenizer) -> None:
    torch.manual_seed(2)
    network = net.Network(net.Shape(hidden=32, layers=1, heads=2, kv_heads=1, intermediate=48))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    plan = Plan(seed=1, tokens=8_192)
    asked = [measure.Job("facts", False, 30, 5), measure.Job("reading", True, 3, 5)]
    rows = {job.key: exact.forced(measure.draw(job), tokenizer) for job in asked}
    for row in rows["facts"][::2]:
        row.answer[:] = continued(network, row.prompt, 2)
    sheets = measure.Development.__new__(measure.Development)
    sheets.device = CPU
    sheets.sheets = []
    for job in asked:
        for row in rows[job.key]:
            sheet = measure.Sheet(plan)
            if sheet.take(row, job.key, int(job.long)):
                sheets.sheets.append((sheet.laid_out(CPU), sheet.answers()))
    errors = sheets.errors(network, torch.float32)
    assert errors["facts"] == pytest.approx(1 - sum(exact.hit(network, rows["facts"], torch.float32, 500)) / 30)
    assert 0 < errors["facts"] < 1


def test_factors_grow_with_errors_within_bounds() -> None:
    assert measure.factor(0) == measure.LEAST < measure.factor(0.1) < measure.factor(1) == measure.MOST
    factors = measure.Factors()
    first, second = factors.after({"a": 1.0, "b": 0.0}), factors.after({"a": 0.0, "b": 0.0})
    assert first["a"] == measure.MOST
    assert second["a"] == measure.factor(0.5)
    assert second["b"] == measure.LEAST


def test_a_family_of_factor_zero_is_not_drawn(tokenizer: Tokenizer) -> None:
    mixture = ShardMaker(Plan(seed=4, tokens=16_384), tokenizer).mixture
    mixture.turn({name: 0.0 for name in FAMILIES if name != "sequences"})
    marks = {mixture.draw(Random(i), long=False).answer for i in range(40)}
    assert all(len(mark) < 30 for mark in marks)
    mixture.turn({})
    assert any(len(mixture.draw(Random(i), long=False).answer) > 60 for i in range(40))


def test_a_shard_waits_for_no_measurement_that_may_be_missing(tmp_path: Path) -> None:
    plan = Plan(seed=1, lead=10, every=4)
    for index in range(100):
        taken_when_made = max(0, index - plan.lead)
        assert plan.measured_before(index) * plan.every < max(1, taken_when_made)
    corpus.tell(tmp_path, 3, {"facts": 2.0})
    assert json.loads(corpus.factors_path(tmp_path, 3).read_text()) == {"facts": 2.0}


def test_the_card_says_every_family_and_level() -> None:
    def score(family: str, length: str, right: int) -> dict[str, object]:
        return {"family": family, "length": length, "count": 50, "right": right, "mean_tokens": 30.0, "longest": 40}

    text = card.markdown(
        {
            "scores": [score("facts", "short", 50), score("facts", "long", 40), score("arithmetic_8", "short", 30)],
            "votes": {"arithmetic_8": (61.0, 75.0, 90)},
            "open": [("hi", "Hello!")],
        }
    )
    assert "1 of 2 measurements at 98 % or more" in text
    assert "| facts | 100.0 % (50 of 50) | 80.0 % (40 of 50) | 30 to 40 |" in text
    assert "| arithmetic 8 | 60.0 % (30 of 50) | 61.0 % | 75.0 % | 90 |" in text
