"""The training code against its slow twins: families, shards, attention over documents, the exported network."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch
from tokenizers import Tokenizer

from tools.train_bundled import net
from tools.train_bundled.corpus import ANSWERED, STARTS, Plan, ShardMaker, encode
from tools.train_bundled.example import Family
from tools.train_bundled.families import all_families

FOLDER = Path(__file__).parents[2] / "sgbench" / "bundled"
FAMILIES = all_families()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_a_familys_own_answer_is_right(family: Family) -> None:
    rng = Random(3)
    for long in (False, True):
        for _ in range(12):
            example = family.sample(rng, "heldout", long)
            if not family.closed or family.name.endswith("by likelihood"):
                continue
            answer = example.answer
            right = family.right(example, answer) if family.right else answer.strip() == (example.want or "").strip()
            assert right, (example.prompt[-200:], answer, example.want)


def test_a_shard_is_a_function_of_seed_and_index() -> None:
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    plan = Plan(seed=4, tokens=16_384)
    one, two = ShardMaker(plan, tokenizer).make(5), ShardMaker(plan, tokenizer).make(5)
    other = ShardMaker(plan, tokenizer).make(6)
    assert (one[0] == two[0]).all()
    assert (one[1] == two[1]).all()
    assert (one[0] != other[0]).any()


def test_documents_of_a_shard_stay_inside_their_region() -> None:
    plan = Plan(seed=4, tokens=32_768)
    _, flags = ShardMaker(plan, Tokenizer.from_file(str(FOLDER / "tokenizer.json"))).make(0)
    starts = [i for i, flag in enumerate(flags) if flag & STARTS]
    for begin, end, longest, room in plan.regions:
        inside = [s for s in starts if begin <= s < end]
        assert inside[0] == begin
        assert len(inside) <= room
        assert all(b - a <= longest for a, b in zip(inside, [*inside[1:], end], strict=True))


def test_flags_mark_the_answers_of_an_example() -> None:
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    example = FAMILIES[0].sample(Random(1), "train", False)
    ((ids, flags),) = encode([example], tokenizer)
    answered = "".join(text for text, learnt in example.segments if learnt)
    assert (
        tokenizer.decode([i for i, f in zip(ids, flags, strict=True) if f & ANSWERED], skip_special_tokens=False)
        == answered
    )


def test_the_trained_network_is_hugging_faces_llama() -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    shape = net.Shape(vocab=64, hidden=32, layers=2, heads=4, kv_heads=2, intermediate=48, positions=64)
    network = net.Network(shape)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    twin = LlamaForCausalLM(LlamaConfig(**shape.hugging_face([1], 0) | {"dtype": "float32"})).eval()
    state = {f"model.{name}": p.detach() for name, p in network.named_parameters()}
    missing = twin.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys
    assert set(missing.missing_keys) <= {"lm_head.weight"}
    twin.tie_weights()
    ids = torch.randint(0, 64, (23,))
    starts = torch.tensor([0, 9, 23, 23], dtype=torch.int32)
    places = torch.cat((torch.arange(9), torch.arange(14)))
    with torch.no_grad():
        hidden = network(ids, places, (net.Region(0, 23, starts, 16),), torch.float32)
        ours = net.rms_norm(hidden, network.norm.weight, shape.eps) @ network.embed_tokens.weight.T
        theirs = torch.cat((twin(ids[None, :9]).logits[0], twin(ids[None, 9:]).logits[0]))
    torch.testing.assert_close(ours, theirs, atol=2e-4, rtol=1e-4)
