"""The tables that the bundled model learns, and the families that ask them: sound, honest about what is held out, endless.

Every family must accept its own answers, and repeat them for the same seed.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.train_bundled import knowledge
from tools.train_bundled.example import Example, Family, Split
from tools.train_bundled.families import (
    agents,
    around,
    banter,
    chat,
    choice,
    endings,
    essays,
    everyday,
    facts,
    favours,
    languages,
    lists,
    odd,
    plain,
    programs,
    species,
    stories,
    sums,
    texts,
    tips,
    wordplay,
)
from tools.train_bundled.families.everyday import imperative
from tools.train_bundled.families.wording import typed
from tools.train_bundled.knowledge.animals import article
from tools.train_bundled.knowledge.phrases import LANGUAGES, PHRASES
from tools.train_bundled.knowledge.relation import Relation
from tools.train_bundled.knowledge.sayings import CODE, CODE_ASKED
from tools.train_bundled.knowledge.unknown import invented
from tools.train_bundled.knowledge.words import plural

MODULES = (
    agents,
    around,
    banter,
    chat,
    choice,
    endings,
    essays,
    everyday,
    facts,
    favours,
    languages,
    lists,
    odd,
    plain,
    programs,
    species,
    stories,
    sums,
    texts,
    tips,
    wordplay,
)
FAMILIES: list[Family] = [family for module in MODULES for family in module.FAMILIES]
SPLITS: tuple[Split, Split] = ("train", "heldout")


def text(example: Example) -> str:
    return "".join(part for part, _ in example.segments)


@pytest.mark.parametrize("relation", knowledge.RELATIONS, ids=lambda r: r.name)
def test_a_relation_says_one_thing_of_each_subject(relation: Relation) -> None:
    subjects = [s.lower() for s, _ in relation.pairs]
    assert len(subjects) == len(set(subjects))
    assert all(s and o and "|" not in s + o and "\n" not in s + o for s, o in relation.pairs)
    assert "{s}" in relation.noun
    assert all("{s}" in q for q in relation.questions)
    assert all("{o}" in q for q in relation.back)


@pytest.mark.parametrize("relation", knowledge.RELATIONS, ids=lambda r: r.name)
def test_a_sentence_names_subject_and_object(relation: Relation) -> None:
    for s, o in relation.pairs:
        said = relation.sentence(s, o).lower()
        assert o.lower() in said and s.lower() in said


def test_there_are_more_facts_than_the_card_promises() -> None:
    assert knowledge.fact_count() >= 1_500
    assert len({r.name for r in knowledge.RELATIONS}) == len(knowledge.RELATIONS)


def test_explanations_have_a_question_and_a_text() -> None:
    assert all(len(row) == 2 and all(row) for row in knowledge.EXPLANATIONS)
    asked = [row[0].lower() for row in knowledge.EXPLANATIONS]
    assert len(asked) == len(set(asked))


def test_every_phrase_has_a_column_for_each_language() -> None:
    assert all(len(row) == len(LANGUAGES) + 1 for row in PHRASES)


def test_every_small_program_compiles_and_has_its_words() -> None:
    assert len(CODE) == len(CODE_ASKED)
    for code in CODE:
        compile(code, "<small program>", "exec")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_a_closed_family_accepts_its_own_answer(family: Family) -> None:
    rng = Random(5)
    for split in SPLITS:
        for _ in range(40):
            example = family.sample(rng, split, False)
            assert example.answer
            if family.closed:
                right = family.right or (lambda e, t: t.strip() == (e.want or "").strip())
                assert right(example, example.answer), text(example)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_the_same_seed_gives_the_same_examples(family: Family) -> None:
    drawn = [[family.sample(rng, "train", False) for _ in range(10)] for rng in (Random(3), Random(3))]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_long_prompts_keep_within_the_context(family: Family) -> None:
    rng = Random(9)
    assert all(len(text(family.sample(rng, "train", True))) < 14_000 for _ in range(4))


def test_held_out_phrasings_of_facts_never_occur_in_training() -> None:
    rng = Random(11)
    for relation in knowledge.RELATIONS:
        s = relation.pairs[0][0]
        trained = {facts.question(rng, relation, s, "train") for _ in range(300)}
        assert not trained & {facts.question(rng, relation, s, "heldout") for _ in range(30)}


@given(st.integers(0, 2**32), st.sampled_from([1, 2]))
@settings(max_examples=60, deadline=None)
def test_made_up_words_of_training_and_evaluation_differ(seed: int, syllables: int) -> None:
    rng = Random(seed)
    assert invented(rng, "train", syllables) != invented(rng, "heldout", syllables)


@given(st.integers(0, 2**32), st.sampled_from([r.questions[0] for r in knowledge.RELATIONS if r.questions]))
@settings(max_examples=100, deadline=None)
def test_what_is_asked_about_survives_typing(seed: int, question: str) -> None:
    assert "zorblax" in typed(Random(seed), question.format(s="Zorblax"), "Zorblax").lower()


@pytest.mark.parametrize(
    ("word", "shown"), [("apple", "an apple"), ("unicorn", "a unicorn"), ("dog", "a dog"), ("owl", "an owl")]
)
def test_articles_fit(word: str, shown: str) -> None:
    assert article(word) == shown


@pytest.mark.parametrize(
    ("one", "many"),
    [("mouse", "mice"), ("fairy", "fairies"), ("box", "boxes"), ("key", "keys"), ("old woman", "old women")],
)
def test_plurals_fit(one: str, many: str) -> None:
    assert plural(one) == many


def test_steps_become_instructions() -> None:
    assert imperative("fills the kettle with water") == "Fill the kettle with water"
    assert imperative("rinses off the foam") == "Rinse off the foam"


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (" 64, 67, 70", True),
        (" 64, 67", True),
        ("64", True),
        (" 64, 67, 70, 73", True),
        (" 64, 68", False),
        ("", False),
        ("6", False),
    ],
)
def test_a_sequence_may_be_continued_by_any_number_of_right_items(text: str, right: bool) -> None:
    family = next(f for f in FAMILIES if f.name == "sequences")
    assert family.right is not None
    assert family.right(Example((("58, 61,", False), (" 64, 67, 70", True)), "64, 67, 70"), text) is right
