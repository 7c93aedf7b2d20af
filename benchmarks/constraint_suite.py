"""The patterns that are measured, each with a text that matches it, and a vocabulary of 131,072 tokens."""

from __future__ import annotations

import base64
import importlib.util
import itertools
import json
from functools import cache
from pathlib import Path

import regex

from sgbench.engine.constrained.vocabulary import Vocabulary

SHORT = r"[\w\d\s]{1,16}"
CHARACTER = (
    r'\{\n    "name": "' + SHORT + r'",\n    "house": "(Gryffindor|Slytherin|Ravenclaw|Hufflepuff)",\n'
    r'    "blood status": "(Pure-blood|Half-blood|Muggle-born)",\n'
    r'    "occupation": "(student|teacher|auror|ministry of magic|death eater|order of the phoenix)",\n    "wand": \{\n'
    r'        "wood": "'
    + SHORT
    + r'",\n        "core": "'
    + SHORT
    + r'",\n        "length": [0-9]{1,2}\.[0-9]{0,2}\n    \},\n'
    r'    "alive": "(Alive|Deceased)",\n    "patronus": "' + SHORT + r'",\n    "bogart": "' + SHORT + r'"\n\}'
)
"""The character sheet of the paper's JSON decoding benchmark."""
CHARACTER_TEXT = (
    '{\n    "name": "Harry Potter",\n    "house": "Gryffindor",\n    "blood status": "Half-blood",\n'
    '    "occupation": "student",\n    "wand": {\n        "wood": "Holly",\n        "core": "Phoenix feather",\n'
    '        "length": 11.0\n    },\n    "alive": "Alive",\n    "patronus": "Stag",\n    "bogart": "Dementor"\n}'
)
STRING = r'"([^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"'
NESTED = (
    r'\{"id": [0-9]{1,6}, "title": ' + STRING + r', "tags": \[(' + STRING + r"(, " + STRING + r'){0,4})?\], "author": '
    r'\{"name": ' + STRING + r', "active": (true|false)\}, "score": [0-9]\.[0-9]{2}\}'
)
NESTED_TEXT = (
    '{"id": 17, "title": "On \\"trees\\"", "tags": ["radix", "cache"], '
    '"author": {"name": "Ada", "active": true}, "score": 4.75}'
)
WORDS = [f"word{i * 7919 % 100003}" for i in range(1000)]

SUITE: dict[str, tuple[str, str]] = {
    "integer": (r"[-+]?[0-9]+", "-12345"),
    "date": (r"\d{4}-\d{2}-\d{2}", "2024-06-14"),
    "ipv4": (r"((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)", "192.168.10.254"),
    "email": (r"[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}", "ada.lovelace@example.org"),
    "phone": (r"(\+\d{1,3} )?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}", "+1 (415) 555-2671"),
    "url": (r"https?://[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,3}(:[0-9]{1,5})?(/[a-zA-Z0-9_.~?&=-]{0,64})*", "https://example.org/a/b?c=d"),
    "summary": (r'\{"summary": "[\w\d\s]*", "grade": "[ABCD][+-]?"\}', '{"summary": "A good essay", "grade": "B+"}'),
    "character": (CHARACTER, CHARACTER_TEXT),
    "nested": (NESTED, NESTED_TEXT),
    "alt1000": ("|".join(WORDS), WORDS[500]),
    "rep200": (r'"[^"\\\n]{1,200}"', '"a string of some length, with é and 中"'),
    "unicode": (r"[α-ωа-я一-龥]+( [α-ωа-я一-龥]+)*", "αβγ яблоко 苹果"),
    "jsonstr": (STRING, '"a \\"quoted\\" string with \\u00e9 and 中文"'),
}  # fmt: skip


_MOST_WORDS = 10_000


class RankedTokens:
    """A byte-pair tokenizer by ranks, as large vocabularies ship it; plain."""

    def __init__(self, tokens: list[bytes], first: int, split: str) -> None:
        self.tokens = tokens
        self.ranks = {token: i for i, token in enumerate(tokens) if i >= first}
        self.eos_token_ids = (2,)
        self._split = regex.compile(split)
        self._words: dict[str, tuple[int, ...]] = {}

    @property
    def vocab_size(self) -> int:
        """Ids are below this."""
        return len(self.tokens)

    def token_bytes(self, token_id: int, /, skip_special: bool = True) -> bytes:
        """The bytes of a token."""
        return self.tokens[token_id]

    def encode(self, text: str, /) -> list[int]:
        """Ids of a text, without special tokens."""
        return [i for word in self._split.findall(text) for i in self._word(word)]

    def _word(self, word: str) -> tuple[int, ...]:
        """Ids of one piece; pieces come again and again, so they are kept, as byte-pair tokenizers do."""
        known = self._words.get(word)
        if known is None:
            parts = [bytes([b]) for b in word.encode()]
            while len(parts) > 1:
                joined = [self.ranks.get(a + b, 1 << 30) for a, b in itertools.pairwise(parts)]
                best = min(range(len(joined)), key=joined.__getitem__)
                if joined[best] == 1 << 30:
                    break
                parts[best : best + 2] = [parts[best] + parts[best + 1]]
            if len(self._words) >= _MOST_WORDS:
                self._words.clear()
            known = self._words[word] = tuple(self.ranks[part] for part in parts)
        return known


@cache
def large_tokenizer() -> RankedTokens | None:
    """The 131,072 tokens that the package ``mistral-common`` ships; None if it is not installed (extra ``bench``)."""
    spec = importlib.util.find_spec("mistral_common")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "data" / "tekken_240911.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    size, special = data["config"]["default_vocab_size"], data["config"]["default_num_special_tokens"]
    ranked = [base64.b64decode(entry["token_bytes"]) for entry in data["vocab"][: size - special]]
    return RankedTokens([b""] * special + ranked, special, data["config"]["pattern"])


@cache
def large_vocabulary() -> Vocabulary | None:
    """Its bytes."""
    tokenizer = large_tokenizer()
    return None if tokenizer is None else Vocabulary(tokenizer.tokens)
