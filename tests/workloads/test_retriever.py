"""Retrieval over the shipped documents finds what a question names."""

from __future__ import annotations

import math
import re
from collections import Counter

from sgbench.workloads.rag import PASSAGES, atlas, normalised
from sgbench.workloads.retriever import Retriever


def scores(documents: list[str], question: str) -> list[float]:
    """BM25 as Lucene computes it, k1 = 1.5 and b = 0.75, from its formula: the slow twin."""
    words = [Counter(re.findall(r"\w\w+", text.lower())) for text in documents]
    mean = sum(sum(each.values()) for each in words) / len(words)
    found = []
    for each in words:
        total = 0.0
        for word in re.findall(r"\w\w+", question.lower()):
            known = sum(word in other for other in words)
            weight = math.log(1 + (len(words) - known + 0.5) / (known + 0.5))
            long = 0.25 + 0.75 * sum(each.values()) / mean
            total += weight * each[word] / (each[word] + 1.5 * long)
        found.append(total)
    return found


def test_the_order_is_that_of_the_formula() -> None:
    documents = ["red apples grow tall trees", "red cars", "tall red trees grow slowly near red houses", "blue sea"]
    expected = scores(documents, "tall red trees")
    found = Retriever(documents).search("tall red trees", 4)
    assert [expected[at] for at in found] == sorted(expected, reverse=True)


def test_more_than_there_is_gives_all_there_is() -> None:
    assert sorted(Retriever(["one thing", "another"]).search("thing", 5)) == [0, 1]


def test_a_countrys_passage_is_found_for_each_question() -> None:
    documents = atlas().documents
    for name in ("France", "Japan", "the Gambia", "Papua New Guinea"):
        assert documents[name] in atlas().find(f"What is the capital of {name}?").passages
    assert all(
        len(atlas().find(f"What is the currency of {name}?").passages) == PASSAGES for name in list(documents)[:5]
    )


def test_documents_are_whole() -> None:
    assert len(atlas().documents) > 190
    assert all(text.endswith(".") and " -" not in text for text in atlas().documents.values())


def test_answers_compare_as_hotpotqas_do() -> None:
    assert normalised(" The Euro.") == normalised("euro") != normalised("a dollar")
