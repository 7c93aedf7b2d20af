"""Facts out of a text into JSON or into named fields, with keys given in the prompt.

Texts hold made-up names; the keys are drawn from a list and sometimes made up.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from tools.train_bundled import words as w
from tools.train_bundled.example import Example, Family, Split, chat, completion

Value = str | int | float | bool | list[str] | None
Maker = Callable[[Random, Split], Value]


def _date(rng: Random, _: Split) -> str:
    return f"{rng.choice(w.MONTHS)} {rng.randint(1, 28)}, {rng.randint(1900, 2026)}"


def _two(pool: list[str]) -> Maker:
    return lambda rng, _: rng.sample(pool, rng.randint(2, 3))


KEYS: dict[str, tuple[Maker, tuple[str, ...]]] = {
    "age": (
        lambda r, s: r.randint(5, 99),
        ("{S} is {v} years old.", "At the age of {v}, {S} still travels a lot.", "Age: {v}."),
    ),
    "city": (
        w.place,
        ("{S} lives in {v}.", "Home is {v}.", "{S} moved to {v} some years ago.", "The address is in {v}."),
    ),
    "country": (
        lambda r, s: r.choice(w.COUNTRIES),
        ("{S} comes from {v}.", "The country is {v}.", "{S} was born in {v}."),
    ),
    "job": (
        lambda r, s: r.choice(w.JOBS),
        ("{S} works as a {v}.", "By profession {S} is a {v}.", "The job is {v}.", "{S}, a {v}, likes the work."),
    ),
    "occupation": (lambda r, s: r.choice(w.JOBS), ("{S} is a {v}.", "{S} earns money as a {v}.")),
    "email": (
        lambda r, s: f"{w.made(r, s).lower()}@{w.made(r, s).lower()}.{r.choice(('com', 'org', 'net'))}",
        ("Write to {v}.", "The email address is {v}.", "{S} can be reached at {v}."),
    ),
    "phone": (lambda r, s: f"555-{r.randint(1000, 9999)}", ("Call {v}.", "The phone number is {v}.")),
    "color": (lambda r, s: r.choice(w.COLOURS), ("The favourite color of {S} is {v}.", "The color is {v}.")),
    "hobby": (
        lambda r, s: r.choice(w.HOBBIES),
        ("{S} likes {v}.", "In free time {S} enjoys {v}.", "The hobby is {v}."),
    ),
    "hobbies": (_two(w.HOBBIES), ("{S} likes {v}.", "The hobbies of {S} are {v}.")),
    "pet": (lambda r, s: r.choice(w.ANIMALS), ("{S} has a {v}.", "There is a pet {v}.")),
    "food": (lambda r, s: r.choice(w.FOODS), ("{S} loves {v}.", "The favourite food is {v}.")),
    "date": (_date, ("It happened on {v}.", "The date is {v}.", "The meeting is on {v}.")),
    "birthday": (_date, ("{S} was born on {v}.", "The birthday is {v}.")),
    "price": (
        lambda r, s: r.randint(1, 999),
        ("It costs {v} dollars.", "The price is {v} euros.", "{S} paid {v} dollars."),
    ),
    "weight": (lambda r, s: round(r.uniform(1, 99), 1), ("It weighs {v} kilograms.", "The weight is {v} kg.")),
    "height": (lambda r, s: r.randint(20, 210), ("{S} is {v} cm tall.", "The height is {v} centimetres.")),
    "quantity": (lambda r, s: r.randint(2, 500), ("{S} ordered {v} pieces.", "The quantity is {v}.")),
    "product": (
        lambda r, s: r.choice(w.ITEMS),
        ("{S} bought a {v}.", "The product is a {v}.", "The order is for a {v}."),
    ),
    "company": (
        lambda r, s: w.made(r, s) + r.choice((" Ltd", " Inc", "")),
        ("The company is called {v}.", "{S} works for {v}."),
    ),
    "order_id": (lambda r, s: w.code(r), ("The order number is {v}.", "Order {v} is on its way.")),
    "id": (lambda r, s: w.code(r), ("The id is {v}.", "It has the identifier {v}.")),
    "married": (lambda r, s: r.random() < 0.5, ("Married: {v}.",)),
    "team": (
        lambda r, s: w.made(r, s) + " " + r.choice(("Lions", "United", "Stars")),
        ("{S} plays for {v}.", "The team is {v}."),
    ),
    "score": (lambda r, s: r.randint(0, 100), ("{S} scored {v} points.", "The score was {v}.")),
    "language": (
        lambda r, s: r.choice("French German Spanish Hindi Turkish Polish Greek".split()),
        ("{S} speaks {v}.",),
    ),
    "instrument": (
        lambda r, s: r.choice("piano violin flute drums guitar cello harp".split()),
        ("{S} plays the {v}.",),
    ),
    "title": (
        lambda r, s: f"The {r.choice(w.ADJECTIVES).title()} {r.choice(w.COMMON).title()}",
        ('The title is "{v}".', '{S} wrote "{v}".'),
    ),
    "year": (lambda r, s: r.randint(1500, 2026), ("It was in {v}.", "The year was {v}.")),
    "population": (lambda r, s: r.randint(200, 9_000_000), ("The population is {v}.", "{v} people live there.")),
    "river": (w.made, ("The river {v} flows nearby.", "The river is called {v}.")),
    "mayor": (w.person, ("The mayor is {v}.", "{v} is the mayor.")),
    "friend": (w.person, ("The best friend is {v}.", "{v} is a friend of {S}.")),
}


def _said(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return w.listed(value) if isinstance(value, list) else str(value)


def _record(rng: Random, split: Split, keys: list[str]) -> tuple[str, dict[str, Value], list[str]]:
    """A subject, its values, and the sentences that tell them."""
    subject = w.person(rng, split)
    values: dict[str, Value] = {}
    told: list[str] = []
    plain = rng.random() < 0.2
    for key in keys:
        if key not in KEYS:
            values[key] = rng.choice((rng.randint(1, 999), w.made(rng, split), rng.choice(w.WORDS)))
            told.append(
                rng.choice((f"The {key} is {values[key]}.", f"{key}: {values[key]}.", f"Its {key} was {values[key]}."))
            )
            continue
        maker, ways = KEYS[key]
        values[key] = maker(rng, split)
        said = _said(values[key])
        told.append(
            f"{key}: {said}."
            if plain
            else w.put(rng.choice(ways), said, S=rng.choice((subject, subject, subject.split()[0])))
        )
    return subject, values, told


def _keys(rng: Random, count: int) -> list[str]:
    keys = rng.sample(list(KEYS), count)
    for alike in (("job", "occupation"), ("hobby", "hobbies"), ("date", "birthday")):
        if alike[0] in keys:
            keys = [k for k in keys if k != alike[1]]
    if rng.random() < 0.2:
        keys[0] = rng.choice(w.SYLLABLES) + rng.choice(w.SYLLABLES) + rng.choice(("", "_id", "_name"))
    return list(dict.fromkeys(keys))


INTROS = (
    "{S} wrote to us.",
    "This note is about {S}.",
    "{S} is new here.",
    "Meet {S}.",
    "We talked to {S} today.",
    "Name: {S}.",
    "The name is {S}.",
)


def _text(rng: Random, split: Split, long: bool, count: int) -> tuple[str, dict[str, Value], list[str]]:
    """A text, all it says by key (``name`` first), and the keys asked for."""
    keys = _keys(rng, count)
    subject, values, told = _record(rng, split, keys)
    rng.shuffle(told)
    told.insert(0, rng.choice(INTROS).format(S=subject))
    fill = w.filler(rng, w.long_size(rng) if long else rng.choice((0, 0, 0, 60, 150)))
    sentences = w.woven(rng, told, fill) if fill else told
    everything: dict[str, Value] = {"name": subject, **values}
    asked = [k for k in everything if rng.random() < 0.8] or ["name"]
    if rng.random() < 0.3:
        rng.shuffle(asked)
    return " ".join(sentences), everything, asked


def _schema(value: Value) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds = {int: "integer", float: "number", list: "list of strings"}
    return kinds.get(type(value), "string")


ASK_JSON = (
    "Extract {keys} as JSON.",
    "Extract the following fields as JSON: {keys}.",
    "Give me {keys} in JSON.",
    "Return a JSON object with the keys {keys}.",
    "Turn this into JSON with keys {keys}.",
    "Fill in a JSON object with {keys}.",
    "What are the {keys}? Answer in JSON.",
    "Write {keys} down as a JSON object.",
    "As JSON please: {keys}.",
)
STYLES = (
    ("", lambda o: json.dumps(o, ensure_ascii=False)),
    ("", lambda o: json.dumps(o, ensure_ascii=False)),
    (" Use compact JSON.", lambda o: json.dumps(o, ensure_ascii=False, separators=(",", ":"))),
    (" No spaces in the JSON.", lambda o: json.dumps(o, ensure_ascii=False, separators=(",", ":"))),
    (" Indent it.", lambda o: json.dumps(o, ensure_ascii=False, indent=2)),
    (" Pretty-print the JSON.", lambda o: json.dumps(o, ensure_ascii=False, indent=2)),
    (" Use four spaces of indentation.", lambda o: json.dumps(o, ensure_ascii=False, indent=4)),
)


def json_extraction(rng: Random, split: Split, long: bool) -> Example:
    """A JSON object with the keys asked for."""
    text, everything, asked = _text(rng, split, long, rng.randint(2, 6))
    result: dict[str, Value | dict[str, Value]] = {k: everything[k] for k in asked}
    if rng.random() < 0.05:
        missing = rng.choice([k for k in KEYS if k not in everything])
        result[missing] = None
    schema = rng.random() < 0.35
    if schema and rng.random() < 0.45 and len(result) > 2:
        inner = rng.sample(list(result), rng.randint(1, len(result) - 1))
        nest = rng.choice(("person", "details", "contact", "info", "data"))
        result = {
            nest: {k: result[k] for k in result if k in inner},
            **{k: v for k, v in result.items() if k not in inner},
        }  # type: ignore[misc]
    note, write = rng.choice(STYLES)
    if schema:
        shape = {
            k: {i: _schema(x) for i, x in v.items()} if isinstance(v, dict) else _schema(v) for k, v in result.items()
        }
        ask = rng.choice(("Extract JSON of this shape: ", "Answer with JSON like ", "Use this JSON schema: ")) + write(
            shape
        )
    else:
        names = list(result)
        named = rng.choice((w.listed(names), ", ".join(names), ", ".join(f'"{n}"' for n in names), w.listed(names)))
        ask = rng.choice(ASK_JSON).format(keys=named) + note
    answer = write(result)
    layout = rng.randrange(6)
    if layout == 0:
        prompt = f"{ask}\n\nText: {text}\n\nJSON:" if rng.random() < 0.5 else f"Text: {text}\n{ask}\nJSON:"
        if rng.random() < 0.15:
            return completion(prompt + " ", answer, want=answer)
        return completion(prompt, " " + answer, want=answer)
    user = (f"{text}\n\n{ask}", f"{ask}\n\n{text}", f"{ask} {text}", f'{ask}\n"{text}"', f"{text} {ask}")[layout - 1]
    return chat(w.with_system(rng, [("user", user), ("assistant", answer)]), want=answer)


def same_json(example: Example, completion_: str) -> bool:
    """Equal as JSON values."""
    try:
        return bool(json.loads(completion_) == json.loads(example.want or ""))
    except ValueError:
        return False


MAKE = (
    "Give me a JSON object for a person with {k}.",
    "Make up a person as JSON with the keys {k}.",
    "Write JSON with {k}.",
    "Invent a customer record in JSON: {k}.",
    "Create a JSON object with the keys {k}.",
    "JSON with {k} please.",
    "example json with {k}",
)


def json_making(rng: Random, split: Split, long: bool) -> Example:
    """A JSON object made up, with the keys asked for."""
    del long
    keys = list(dict.fromkeys(["name", *rng.sample([k for k in KEYS if k not in ("married",)], rng.randint(1, 5))]))
    if rng.random() < 0.3:
        keys = keys[1:]
    subject = f"{rng.choice(w.FIRST)} {rng.choice(('Smith', 'Brown', 'Lopez', 'Chen', 'Novak', 'Weber', 'Rossi', 'Khan', 'Silva', 'Sato'))}"
    values = {k: subject if k == "name" else KEYS[k][0](rng, split) for k in keys}
    note, write = rng.choice(STYLES)
    ask = rng.choice(MAKE).format(k=w.listed(keys)) + note
    return chat(w.with_system(rng, [("user", w.casual(rng, ask)), ("assistant", write(values))]), want=",".join(keys))


def right_keys(example: Example, completion_: str) -> bool:
    """Valid JSON with exactly the keys asked for."""
    try:
        found = json.loads(completion_)
    except ValueError:
        return False
    return isinstance(found, dict) and ",".join(found) == example.want


def _city(rng: Random, split: Split) -> dict[str, Value]:
    marks = [
        f"{w.made(rng, split)} {rng.choice(('Castle', 'Bridge', 'Museum', 'Tower', 'Park', 'Market', 'Cathedral', 'Square'))}"
        for _ in range(3)
    ]
    return {
        "name": w.place(rng, split),
        "country": rng.choice(w.COUNTRIES) if rng.random() < 0.6 else w.made(rng, split),
        "latitude": round(rng.uniform(-70, 70), 2),
        "population": rng.randint(10_000, 9_000_000),
        "top 3 landmarks": marks,
    }


def _city_text(rng: Random, city: dict[str, Value]) -> list[str]:
    marks = city["top 3 landmarks"]
    assert isinstance(marks, list)
    name, population = city["name"], city["population"]
    shown = f"{population:,}" if rng.random() < 0.3 else str(population)
    told = [
        rng.choice(
            (
                f"{name} is a city in {city['country']}.",
                f"{name}, a town in {city['country']}, lies on a wide plain.",
                f"{name} belongs to {city['country']}.",
            )
        ),
        rng.choice((f"It lies at latitude {city['latitude']}.", f"Its latitude is {city['latitude']} degrees.")),
        rng.choice(
            (
                f"It has a population of {shown}.",
                f"{shown} people live in {name}.",
                f"The population was {shown} at the last count.",
            )
        ),
        rng.choice(
            (
                f"The best known landmarks are {w.listed(marks)}.",
                f"Visitors admire {w.listed(marks)}.",
                f"Sights include {w.listed(marks)}.",
            )
        ),
    ]
    if rng.random() < 0.5:
        rest = told[1:]
        rng.shuffle(rest)
        told = [told[0], *rest]
    return told


CITY_ASK = (
    "Here are the facts about the city in JSON format.",
    "Here is the name, country, latitude, population and top 3 landmarks of the city in JSON format.",
    "Fill in the facts of this city as JSON: name, country, latitude, population, top 3 landmarks.",
    "Give the city's name, country, latitude, population and top 3 landmarks as a JSON object.",
)


def city_sheet(rng: Random, split: Split, long: bool) -> Example:
    """City facts from a page, as the paper's JSON workload asks for them."""
    city = _city(rng, split)
    fill = w.filler(rng, w.long_size(rng) if long else rng.randint(0, 200))
    page = " ".join(w.woven(rng, _city_text(rng, city), fill))
    if rng.random() < 0.35:
        city = {k: city[k] for k in rng.sample(list(city), rng.randint(2, 4))}
        ask = f"Give {w.listed(list(city))} of the city as JSON."
    else:
        ask = rng.choice(CITY_ASK)
    style = 4
    answer = json.dumps(city, ensure_ascii=False, indent=style)
    if "top 3 landmarks" in city:
        flat = json.dumps(city["top 3 landmarks"], ensure_ascii=False)
        tall = json.dumps(city["top 3 landmarks"], ensure_ascii=False, indent=style).replace("\n", "\n" + " " * style)
        answer = answer.replace(tall, flat)
    pick = rng.randrange(4)
    lead = rng.choice(
        (
            "Extract the facts of a city from the page below.\n",
            "Please extract the information of a city from the following page.\n",
            "",
        )
    )
    if pick == 0:
        return chat(w.with_system(rng, [("user", f"{lead}{page}\n\n{ask}"), ("assistant", answer)]), want=answer)
    begin, end = rng.choice((("Page begin.\n", "Page end.\n"), ("Page:\n", ""), ("", ""), ("<page>\n", "</page>\n")))
    return completion(f"{lead}{begin}{page}\n{end}{ask}\n", answer, want=answer)


FIELDS = (
    "city",
    "country",
    "job",
    "email",
    "phone",
    "company",
    "team",
    "hobby",
    "birthday",
    "age",
    "pet",
    "instrument",
)


def fields(rng: Random, split: Split, long: bool) -> Example:
    """Lines ``Name: ...`` after a text, zero to three texts having been shown before."""
    chosen = rng.sample(FIELDS, rng.randint(1, 4))
    labels = ["Name", *(k.capitalize() for k in chosen)]
    rng.shuffle(labels)
    blocks: list[tuple[str, dict[str, Value]]] = []
    for _ in range(rng.randint(3, 6) if long else rng.randint(1, 3)):
        subject, values, told = _record(rng, split, chosen)
        rng.shuffle(told)
        told.insert(0, rng.choice(INTROS[:5]).format(S=subject))
        fill = w.filler(rng, rng.randint(600, 1600) if long else rng.choice((0, 0, 80)))
        blocks.append((" ".join(w.woven(rng, told, fill) if fill else told), {"name": subject, **values}))
    lead = rng.choice(
        (
            "",
            "Extract the fields from each text.\n\n",
            f"Read the text and give {w.listed([x.lower() for x in labels])}.\n\n",
            "Extract information.\n\n",
        )
    )
    if len(blocks) == 1:
        lead = f"{rng.choice(('Read the text and give', 'Extract', 'From the text, fill in'))} {rng.choice((w.listed, ', '.join))([x.lower() for x in labels])}.\n\n"
    tag = rng.choice(("Text: ", "", "Bio: ", "Page: "))
    segments: list[tuple[str, bool]] = [(lead, False)]
    for i, (text, values) in enumerate(blocks):
        segments.append((f"{tag}{text}\n{labels[0]}:", False))
        lines = [f" {_said(values[labels[0].lower()])}\n", *(f"{x}: {_said(values[x.lower()])}\n" for x in labels[1:])]
        if i < len(blocks) - 1:
            segments.append(("".join(lines), True))
            segments.append(("\n", False))
            continue
        whole = "".join(lines)
        segments.append((whole + "<|endoftext|>", True))
        return Example(tuple(segments), whole.strip())
    raise AssertionError("at least one block")


FAMILIES = (
    Family(
        "json_extraction",
        5.0,
        json_extraction,
        right=same_json,
        held_out="texts with names never seen",
        max_new_tokens=160,
    ),
    Family(
        "json_making",
        0.7,
        json_making,
        certain=False,
        right=right_keys,
        held_out="names and key sets drawn anew",
        max_new_tokens=160,
    ),
    Family("city_sheet", 0.9, city_sheet, right=same_json, held_out="cities never seen", max_new_tokens=160),
    Family("fields", 1.2, fields, held_out="names never seen", max_new_tokens=90),
)
