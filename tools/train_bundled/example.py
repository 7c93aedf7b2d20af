"""What a generator of training text yields.

Knows the chat format of the bundled model (ChatML, no BOS). Does not know tokenizers, tensors or how rows are packed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

Split = Literal["train", "heldout"]

TURN_END = "<|im_end|>"
DOCUMENT_END = "<|endoftext|>"


@dataclass(frozen=True, slots=True)
class Example:
    """One document for training, or one question for evaluation.

    Attributes
    ----------
    segments
        ``(text, answered)`` pairs in order; their concatenation is the document. ``answered`` text carries the full
        loss, the rest a small weight. Special tokens stand literally in the text.
    want
        What a right completion of the *last answered segment* is judged against; None for open text.
    """

    segments: tuple[tuple[str, bool], ...]
    want: str | None = None

    @property
    def prompt(self) -> str:
        """The document up to its last answered segment: what an evaluation feeds the model."""
        last = max(i for i, (_, answered) in enumerate(self.segments) if answered)
        return "".join(text for text, _ in self.segments[:last])

    @property
    def answer(self) -> str:
        """The last answered segment without its end marker."""
        last = max(i for i, (_, answered) in enumerate(self.segments) if answered)
        return self.segments[last][0].removesuffix(TURN_END).removesuffix(DOCUMENT_END)


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of prompt the bundled model has learnt.

    Attributes
    ----------
    name
        Key in the model card.
    weight
        Share of the training examples, relative to the other families.
    sample
        ``sample(rng, split, long)``: an `Example`. ``heldout`` examples never occur in ``train`` (by phrasing, by key or
        by content, as ``held_out`` says); ``long`` asks for the prompt length of the paper's workloads (up to about 3,500
        tokens, 12,000 characters) where the family has one.
    closed
        True where an answer is right or wrong, so that the model card states an accuracy.
    right
        ``right(example, completion)``: is this completion right? None: equal to ``want`` after stripping white space.
    certain
        Whether a prompt has one right answer, so that a forward pass over it judges a model as generation would; a refusal in
        one of several wordings has more. Such families' weights follow their errors while training.
    held_out
        One line for the model card: what "held out" means for this family.
    max_new_tokens
        Room an evaluation gives the answer.
    """

    name: str
    weight: float
    sample: Callable[[Random, Split, bool], Example]
    closed: bool = True
    certain: bool = True
    right: Callable[[Example, str], bool] | None = None
    held_out: str = ""
    max_new_tokens: int = 64


def chat(turns: list[tuple[str, str]], *, want: str | None = None, train_last_only: bool = False) -> Example:
    """A ChatML document from ``(role, content)`` turns; the assistant's turns are answered."""
    segments: list[tuple[str, bool]] = []
    last = len(turns) - 1
    for i, (role, content) in enumerate(turns):
        if role == "assistant":
            segments.append(("<|im_start|>assistant\n", False))
            segments.append((content + TURN_END, i == last or not train_last_only))
            segments.append(("\n", False))
        else:
            segments.append((f"<|im_start|>{role}\n{content}{TURN_END}\n", False))
    return Example(tuple(segments), want)


def completion(prompt: str, answer: str, *, want: str | None = None, end: str = DOCUMENT_END) -> Example:
    """A plain document: a prompt to be continued by ``answer``."""
    return Example(((prompt, False), (answer + end, True)), want)


def few_shot(
    shots: list[tuple[str, str]], prompt: str, answer: str, *, want: str | None = None, end: str = DOCUMENT_END
) -> Example:
    """Worked ``(prompt, answer)`` pairs and one more; every answer is learnt: a block teaches as often as it asks."""
    segments = [part for shown, replied in shots for part in ((shown, False), (replied, True))]
    return Example((*segments, (prompt, False), (answer + end, True)), want)
