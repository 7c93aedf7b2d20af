"""Words: opposites, plurals, past tenses, comparatives, nouns of people. Knows nothing but the tables."""

from __future__ import annotations

from .relation import Relation, pairs
from .tales import CREATURES, OBJECTS

OPPOSITES = pairs("""
hot|cold; big|small; tall|short; long|short; fast|slow; high|low; happy|sad; old|young; new|old; good|bad;
right|wrong; left|right; up|down; in|out; open|closed; day|night; black|white; light|dark; heavy|light; hard|soft;
wet|dry; full|empty; rich|poor; strong|weak; thick|thin; wide|narrow; deep|shallow; near|far; early|late;
first|last; easy|difficult; clean|dirty; loud|quiet; sweet|sour; sharp|blunt; smooth|rough; true|false; yes|no;
always|never; everything|nothing; before|after; above|below; inside|outside; front|back; top|bottom; begin|end;
start|stop; win|lose; buy|sell; give|take; push|pull; love|hate; laugh|cry; remember|forget; arrive|leave; come|go;
ask|answer; build|destroy; create|destroy; accept|refuse; allow|forbid; attack|defend; borrow|lend; break|repair;
find|lose; float|sink; rise|fall; sleep|wake; work|rest; teach|learn; live|die; friend|enemy; peace|war;
beginning|end; north|south; east|west; summer|winter; morning|evening; sunrise|sunset; hero|villain; heaven|hell;
king|queen; brother|sister; father|mother; son|daughter; uncle|aunt; man|woman; boy|girl; husband|wife;
question|answer; success|failure; truth|lie; strength|weakness; brave|cowardly; kind|cruel; polite|rude;
honest|dishonest; lazy|hard-working; generous|mean; patient|impatient; possible|impossible; visible|invisible;
legal|illegal; regular|irregular; public|private; simple|complicated; cheap|expensive; safe|dangerous; alive|dead;
awake|asleep; ancient|modern; beautiful|ugly; boring|interesting; bright|dim; busy|idle; careful|careless;
clever|stupid; common|rare; cruel|kind; different|same; fresh|stale; guilty|innocent; healthy|sick; huge|tiny;
innocent|guilty; junior|senior; large|small; loose|tight; major|minor; maximum|minimum; natural|artificial;
noisy|quiet; permanent|temporary; positive|negative; present|absent; proud|humble; quick|slow; raw|cooked;
real|fake; ripe|unripe; single|married; solid|liquid; straight|crooked; tame|wild; tidy|messy; transparent|opaque;
useful|useless; vertical|horizontal; warm|cool; wise|foolish; add|subtract; multiply|divide; increase|decrease;
import|export; plus|minus; even|odd; expand|shrink; freeze|melt; include|exclude; lock|unlock; on|off; enter|exit;
agree|disagree; appear|disappear; upstairs|downstairs; forwards|backwards; often|seldom; more|less; many|few;
with|without; over|under; optimist|pessimist; victory|defeat; freedom|slavery; profit|loss; debit|credit;
entrance|exit; giant|dwarf; host|guest; teacher|pupil; predator|prey
""")

PLURALS = pairs("""
child|children; man|men; woman|women; foot|feet; tooth|teeth; goose|geese; mouse|mice; ox|oxen; person|people;
leaf|leaves; knife|knives; wife|wives; life|lives; wolf|wolves; half|halves; shelf|shelves; thief|thieves;
loaf|loaves; calf|calves; elf|elves; potato|potatoes; tomato|tomatoes; hero|heroes; echo|echoes; baby|babies;
city|cities; lady|ladies; country|countries; story|stories; party|parties; berry|berries; cherry|cherries;
fly|flies; box|boxes; fox|foxes; bus|buses; glass|glasses; dish|dishes; watch|watches; church|churches;
brush|brushes; sheep|sheep; deer|deer; species|species; aircraft|aircraft; cactus|cacti; fungus|fungi;
nucleus|nuclei; radius|radii; analysis|analyses; crisis|crises; thesis|theses; phenomenon|phenomena;
criterion|criteria; datum|data; bacterium|bacteria; index|indices; matrix|matrices; vertex|vertices; axis|axes;
louse|lice; die|dice; scarf|scarves; hoof|hooves; key|keys; toy|toys; day|days; monkey|monkeys; piano|pianos;
photo|photos; roof|roofs; dog|dogs; cat|cats; house|houses; tree|trees; book|books; car|cars;
mother-in-law|mothers-in-law
""")

PAST = pairs("""
go|went; be|was; have|had; do|did; say|said; make|made; take|took; come|came; see|saw; know|knew; get|got;
give|gave; find|found; think|thought; tell|told; become|became; leave|left; feel|felt; put|put; bring|brought;
begin|began; keep|kept; hold|held; write|wrote; stand|stood; hear|heard; let|let; mean|meant; set|set; meet|met;
run|ran; pay|paid; sit|sat; speak|spoke; lie|lay; lead|led; read|read; grow|grew; lose|lost; fall|fell; send|sent;
build|built; understand|understood; draw|drew; break|broke; spend|spent; cut|cut; rise|rose; drive|drove;
buy|bought; wear|wore; choose|chose; eat|ate; drink|drank; sleep|slept; sing|sang; swim|swam; fly|flew;
teach|taught; catch|caught; fight|fought; throw|threw; forget|forgot; ride|rode; win|won; sell|sold; steal|stole;
hide|hid; bite|bit; blow|blew; shake|shook; wake|woke; ring|rang; sink|sank; freeze|froze; tear|tore; swear|swore;
hit|hit; cost|cost; shut|shut; hurt|hurt; dig|dug; stick|stuck; shine|shone; shoot|shot; light|lit; feed|fed;
bleed|bled; seek|sought; bend|bent; lend|lent; deal|dealt; dream|dreamt; learn|learnt; walk|walked; play|played;
study|studied; stop|stopped; plan|planned; carry|carried; try|tried; jump|jumped; cook|cooked; dance|danced;
work|worked; travel|travelled; cry|cried; smile|smiled
""")

PARTICIPLES = pairs("""
go|gone; be|been; see|seen; do|done; take|taken; give|given; write|written; eat|eaten; drink|drunk; break|broken;
speak|spoken; choose|chosen; drive|driven; fly|flown; know|known; grow|grown; sing|sung; swim|swum; begin|begun;
fall|fallen; forget|forgotten; steal|stolen; wear|worn; throw|thrown; come|come; run|run; become|become;
ride|ridden; hide|hidden; bite|bitten; shake|shaken; freeze|frozen; draw|drawn; show|shown; buy|bought;
bring|brought; think|thought; make|made; have|had; find|found
""")

COMPARATIVES = pairs("""
good|better; bad|worse; far|farther; little|less; many|more; big|bigger; hot|hotter; happy|happier; easy|easier;
pretty|prettier; large|larger; tall|taller; fast|faster; thin|thinner; heavy|heavier; busy|busier; nice|nicer;
wet|wetter; beautiful|more beautiful; interesting|more interesting; cold|colder; small|smaller; young|younger;
old|older; cheap|cheaper; early|earlier; funny|funnier; sad|sadder
""")

SUPERLATIVES = pairs("""
good|best; bad|worst; far|farthest; little|least; many|most; big|biggest; hot|hottest; happy|happiest; easy|easiest;
large|largest; tall|tallest; fast|fastest; thin|thinnest; heavy|heaviest; nice|nicest; beautiful|most beautiful;
cold|coldest; small|smallest; young|youngest; old|oldest; cheap|cheapest; early|earliest; funny|funniest;
sad|saddest; long|longest; high|highest; deep|deepest; strong|strongest
""")

SYNONYMS = pairs("""
big|large; small|little; happy|glad; sad|unhappy; fast|quick; begin|start; end|finish; smart|clever;
beautiful|lovely; angry|furious; rich|wealthy; ill|sick; brave|courageous; quiet|silent; difficult|hard;
easy|simple; buy|purchase; help|assist; answer|reply; ask|inquire; choose|select; close|shut; correct|right;
dangerous|risky; famous|well-known; funny|amusing; gift|present; huge|enormous; idea|thought; important|significant;
job|occupation; jump|leap; kind|friendly; look|glance; mistake|error; need|require; old|ancient; odd|strange;
rest|relax; road|street; sea|ocean; shout|yell; speak|talk; stop|halt; story|tale; tired|weary; true|genuine;
wrong|incorrect; yell|shout; mend|repair; lucky|fortunate; doctor|physician; movie|film; car|automobile;
autumn|fall; lift|elevator; enemy|foe; journey|trip; forest|wood; stone|rock; child|kid; scared|afraid; wet|damp;
cold|chilly
""")

_PLURALS = {
    "mouse": "mice",
    "wolf": "wolves",
    "goose": "geese",
    "sheep": "sheep",
    "deer": "deer",
    "fish": "fish",
    "knife": "knives",
    "moose": "moose",
    "child": "children",
    "old man": "old men",
    "old woman": "old women",
    "thief": "thieves",
    "dwarf": "dwarves",
    "elf": "elves",
    "witch": "witches",
    "fox": "foxes",
    "box": "boxes",
    "beach": "beaches",
    "ostrich": "ostriches",
}


def plural(noun: str) -> str:
    """The plural of a noun of the tales."""
    if noun in _PLURALS:
        return _PLURALS[noun]
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def _plurals() -> tuple[tuple[str, str], ...]:
    known = {s for s, _ in PLURALS}
    nouns = dict.fromkeys(n for n in (*CREATURES, *OBJECTS) if " " not in n and n not in known)
    return (*PLURALS, *((noun, plural(noun)) for noun in nouns))


RELATIONS = (
    Relation(
        "opposite",
        "vocabulary",
        OPPOSITES,
        "the opposite of {s}",
        (
            "Which word is the opposite of {s}?",
            "What is the antonym of {s}?",
            "Give me the opposite of {s}.",
            "Opposite of {s}?",
            "What's the contrary of {s}?",
            "Which word means the contrary of {s}?",
        ),
        kind="word",
    ),
    Relation(
        "plural",
        "grammar",
        _plurals(),
        "the plural of {s}",
        (
            "What is the plural form of {s}?",
            "Plural of {s}?",
            "How do you write more than one {s}?",
            "Give me the plural of {s}.",
        ),
        kind="word",
    ),
    Relation(
        "past",
        "grammar",
        PAST,
        "the past tense of {s}",
        (
            "What is the simple past of {s}?",
            "Past tense of {s}?",
            "What is the past tense of the verb {s}?",
            "Give me the past tense of {s}.",
            "What is the past of {s}?",
        ),
        kind="word",
    ),
    Relation(
        "participle",
        "grammar",
        PARTICIPLES,
        "the past participle of {s}",
        (
            "What is the past participle of the verb {s}?",
            "Past participle of {s}?",
            "Give me the past participle of {s}.",
        ),
        kind="word",
    ),
    Relation(
        "comparative",
        "grammar",
        COMPARATIVES,
        "the comparative of {s}",
        ("What is the comparative form of {s}?", "Comparative of {s}?", "How do you compare with {s}?"),
        kind="word",
    ),
    Relation(
        "superlative",
        "grammar",
        SUPERLATIVES,
        "the superlative of {s}",
        ("What is the superlative form of {s}?", "Superlative of {s}?", "Give me the superlative of {s}."),
        kind="word",
    ),
    Relation(
        "synonym",
        "vocabulary",
        SYNONYMS,
        "a synonym of {s}",
        (
            "What is another word for {s}?",
            "Which word means the same as {s}?",
            "Give me a synonym for {s}.",
            "Another word for {s}?",
            "What else can I say for {s}?",
            "What word is like {s}?",
        ),
        say="Another word for {s} is {o}.",
        kind="word",
    ),
)
