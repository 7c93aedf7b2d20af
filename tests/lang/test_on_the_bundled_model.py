"""Programs on the bundled model: sense in, sense out, and scores equal to those of `transformers`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

import pytest

import sgbench as sgl
from sgbench.engine.hub import bundled_folder

pytestmark = [
    pytest.mark.bundled,
    pytest.mark.skipif(not (bundled_folder() / "model.safetensors").is_file(), reason="no bundled weights"),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[sgl.Engine]:
    with sgl.Engine(device="cpu", kv_tokens=8192) as engine:
        yield engine


@sgl.function
def capital(s, country):
    s += sgl.system("You are helpful.") + sgl.user(f"What is the capital of {country}?")
    s += sgl.assistant(sgl.gen("answer", max_tokens=32))


def test_a_chat_program_and_its_batch(engine: sgl.Engine) -> None:
    assert sgl.get_default_backend() is None
    sgl.set_default_backend(engine)
    assert sgl.get_default_backend() is engine
    state = capital.run(country="France", temperature=0)
    assert "Paris" in state["answer"]
    assert [m["role"] for m in state.messages()] == ["system", "user", "assistant"]
    countries = ["France", "Italy", "Japan", "Spain"]
    states = capital.run_batch([{"country": c} for c in countries], temperature=0)
    for state, city in zip(states, ["Paris", "Rome", "Tokyo", "Madrid"], strict=True):
        assert city in state["answer"]
    assert states[0].usage().cached_tokens > 0
    engine.check_integrity()


def test_a_seed_draws_the_same_tokens_again(engine: sgl.Engine) -> None:
    @sgl.function
    def story(s):
        s += sgl.user("Tell me a story.") + sgl.assistant_begin()
        forks = s.fork(3)
        forks += sgl.gen("line", max_tokens=12, temperature=1.0)
        forks.join()

    first, again, other = (story.run(backend=engine, sampling_seed=seed)["line"] for seed in (7, 7, 8))
    assert first == again and first != other


def test_streaming_gives_the_same_text(engine: sgl.Engine) -> None:
    whole = capital.run(country="Peru", temperature=0, backend=engine)["answer"]
    state = capital.run(country="Peru", temperature=0, backend=engine, stream=True)
    assert "".join(state.text_iter("answer")) == whole
    assert state.text().count(whole) == 1


def test_streamed_logprobs_add_up(engine: sgl.Engine) -> None:
    @sgl.function
    def program(s):
        s += "The capital of France is" + sgl.gen(
            "x", max_tokens=6, temperature=0, return_logprob=True, top_logprobs_num=2
        )

    whole = program.run(backend=engine).get_meta_info("x")
    state = program.run(backend=engine, stream=True)
    meta = state.get_meta_info("x")
    assert [t[1] for t in meta["output_token_logprobs"]] == [t[1] for t in whole["output_token_logprobs"]]
    assert len(meta["output_token_logprobs"]) == meta["completion_tokens"] == len(meta["output_top_logprobs"])


CHOICES = [
    ("The capital of France is", [" Paris", " London", " a big old city"]),
    ("Is the sky blue? Answer: ", ["Yes", "No", "I do not know"]),
    ("<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n", ["Hello!", "42", "Goodbye"]),
]


@pytest.mark.parametrize(("text", "choices"), CHOICES)
@pytest.mark.parametrize(
    "method", [sgl.token_length_normalized, sgl.greedy_token_selection, sgl.unconditional_likelihood_normalized]
)
def test_scores_equal_those_of_transformers(engine: sgl.Engine, text: str, choices: list[str], method) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    folder = str(bundled_folder())
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)

    def logprobs(ids: list[int]) -> list[float | None]:
        with torch.inference_mode():
            rows = torch.log_softmax(model(torch.tensor([ids])).logits[0].float(), -1)
        return [None, *(rows[i, ids[i + 1]].item() for i in range(len(ids) - 1))]

    state = sgl.function(lambda s: s.__iadd__(text + sgl.select("c", choices, choices_method=method))).run(
        backend=engine
    )
    meta = state.get_meta_info("c")
    prompt = tokenizer(text)["input_ids"]
    scores = []
    for choice, mean, tokens in zip(
        choices, meta["normalized_prompt_logprobs"], meta["input_token_logprobs"], strict=True
    ):
        ids = tokenizer(text + choice)["input_ids"]
        start = next(i for i, (a, b) in enumerate(zip([*prompt, -1], ids, strict=False)) if a != b)
        own = [value or 0.0 for value in logprobs(ids)[start:]]
        bare = [value or 0.0 for value in logprobs(ids[start:])]
        assert [t[1] for t in tokens] == ids[start:]
        assert mean == pytest.approx(sum(own) / len(own), abs=1e-4)
        scores.append(
            math.fsum(own) / len(own)
            if method is sgl.token_length_normalized
            else math.fsum(a - b for a, b in zip(own, bare, strict=True)) / len(own)
        )
    if method is not sgl.greedy_token_selection:
        assert state["c"] == choices[scores.index(max(scores))]
    if method is sgl.unconditional_likelihood_normalized:
        assert meta["normalized_unconditional_prompt_logprobs"] == pytest.approx(scores, abs=1e-4)
    engine.check_integrity()


def test_values_of_a_dtype_or_a_clear_error(engine: sgl.Engine) -> None:
    state = sgl.function(lambda s: s.__iadd__("2 + 2 = " + sgl.gen_int("x", max_tokens=4, temperature=0))).run(
        backend=engine
    )
    if state.error() is None:
        assert json.loads(state["x"].strip()) is not None
    else:
        assert isinstance(state.error(), sgl.ConstraintError)


def test_a_program_needs_text() -> None:
    with sgl.Engine(device="cpu", kv_tokens=512, skip_tokenizer_init=True) as bare, pytest.raises(sgl.UsageError):
        capital.run(country="France", backend=bare)


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(sgl.UnknownOptionError, match="kv_tokens"):
        sgl.Engine(kv_token=5)


def test_constraints_of_one_program_in_forks_and_samples(engine: sgl.Engine) -> None:
    @sgl.function
    def program(s):
        s += "A date: " + sgl.gen("date", regex=r"\d{4}-\d{2}-\d{2}", canonical=True) + "\n"
        forks = s.fork(2)
        for fork, pattern in zip(forks, ["[ab]{2}", "[cd]{3}"], strict=True):
            fork += sgl.gen("letters", regex=pattern, n=2)
        forks.join("gather_variable")
        s += sgl.gen("end", regex="[a-z]*!", max_tokens=6, close_within_budget=True)
        s += sgl.gen("city", choices=[" Paris", " 1900", " 2000"], regex=r" \d+")

    state = program.run(backend=engine, temperature=1.0, sampling_seed=3)
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", state["date"])
    for samples, pattern in zip(state["letters"], ["[ab]{2}", "[cd]{3}"], strict=True):
        assert len(samples) == 2 and all(re.fullmatch(pattern, sample) for sample in samples)
    assert re.fullmatch("[a-z]*!", state["end"])
    assert state["city"] in {" 1900", " 2000"}
