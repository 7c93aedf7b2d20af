"""Chemistry and space: elements with symbol and number, formulas, planets. Knows nothing but the tables."""

from __future__ import annotations

from .relation import Relation, column, pairs, rows

_NAMES = """hydrogen H helium He lithium Li beryllium Be boron B carbon C nitrogen N oxygen O fluorine F neon Ne
sodium Na magnesium Mg aluminium Al silicon Si phosphorus P sulfur S chlorine Cl argon Ar potassium K calcium Ca
scandium Sc titanium Ti vanadium V chromium Cr manganese Mn iron Fe cobalt Co nickel Ni copper Cu zinc Zn
gallium Ga germanium Ge arsenic As selenium Se bromine Br krypton Kr rubidium Rb strontium Sr yttrium Y
zirconium Zr niobium Nb molybdenum Mo technetium Tc ruthenium Ru rhodium Rh palladium Pd silver Ag cadmium Cd
indium In tin Sn antimony Sb tellurium Te iodine I xenon Xe caesium Cs barium Ba lanthanum La cerium Ce
praseodymium Pr neodymium Nd promethium Pm samarium Sm europium Eu gadolinium Gd terbium Tb dysprosium Dy
holmium Ho erbium Er thulium Tm ytterbium Yb lutetium Lu hafnium Hf tantalum Ta tungsten W rhenium Re osmium Os
iridium Ir platinum Pt gold Au mercury Hg thallium Tl lead Pb bismuth Bi polonium Po astatine At radon Rn
francium Fr radium Ra actinium Ac thorium Th protactinium Pa uranium U neptunium Np plutonium Pu""".split()
ELEMENTS = tuple(
    (name, symbol, str(number))
    for number, (name, symbol) in enumerate(zip(_NAMES[::2], _NAMES[1::2], strict=True), start=1)
)

FORMULAS = pairs("""
water|H2O; table salt|NaCl; carbon dioxide|CO2; carbon monoxide|CO; methane|CH4; ammonia|NH3; ozone|O3;
hydrogen peroxide|H2O2; sulfuric acid|H2SO4; hydrochloric acid|HCl; nitric acid|HNO3; glucose|C6H12O6;
ethanol|C2H5OH; baking soda|NaHCO3; rust|Fe2O3; quartz|SiO2; chalk|CaCO3; nitrous oxide|N2O; propane|C3H8;
butane|C4H10; benzene|C6H6; bleach|NaClO; caustic soda|NaOH; table sugar|C12H22O11
""")

STATES = pairs("""
hydrogen|gas; helium|gas; nitrogen|gas; oxygen|gas; fluorine|gas; neon|gas; chlorine|gas; argon|gas; iron|solid;
gold|solid; silver|solid; copper|solid; carbon|solid; sulfur|solid; iodine|solid; sodium|solid; lead|solid;
tin|solid; zinc|solid; silicon|solid; mercury|liquid; bromine|liquid; xenon|gas; krypton|gas; radon|gas
""")

PLANETS = rows("""
Mercury|first|small and rocky|0|about 88 days
Venus|second|covered in thick, hot clouds|0|about 225 days
Earth|third|our home|1|about 365 days
Mars|fourth|the red planet|2|about 687 days
Jupiter|fifth|a gas giant and the largest planet|-|about 12 years
Saturn|sixth|a gas giant with bright rings|-|about 29 years
Uranus|seventh|an ice giant that spins on its side|-|about 84 years
Neptune|eighth|an ice giant, dark, cold and windy|-|about 165 years
""")

SPACE = pairs("""
the largest planet in the solar system|Jupiter; the smallest planet in the solar system|Mercury;
the planet closest to the Sun|Mercury; the planet farthest from the Sun|Neptune; the hottest planet|Venus;
the red planet|Mars; the planet with the brightest rings|Saturn; the planet we live on|Earth;
the closest star to Earth|the Sun; our galaxy|the Milky Way; the nearest large galaxy to ours|the Andromeda Galaxy;
the first person in space|Yuri Gagarin; the first person on the Moon|Neil Armstrong;
the largest moon of Saturn|Titan; the second person on the Moon|Buzz Aldrin;
the first woman in space|Valentina Tereshkova; the first artificial satellite|Sputnik 1;
the largest moon of Jupiter|Ganymede; the largest moon of Neptune|Triton;
the brightest star in the night sky|Sirius; the North Star|Polaris; the number of planets in the solar system|eight;
the first animal to orbit the Earth|the dog Laika; the tallest volcano on Mars|Olympus Mons;
the mission that first landed people on the Moon|Apollo 11; the largest dwarf planet by diameter|Pluto
""")

RELATIONS = (
    Relation(
        "symbol",
        "chemistry",
        column(ELEMENTS, 1),
        "the chemical symbol for {s}",
        (
            "What is the symbol of {s}?",
            "What's the symbol for {s}?",
            "Symbol for {s}?",
            "What is the chemical symbol of {s}?",
            "Which symbol stands for {s} in the periodic table?",
        ),
        back=(
            "Which element has the symbol {o}?",
            "What element is {o}?",
            "Which chemical element is {o}?",
            "What does the chemical symbol {o} stand for?",
            "Which element is written {o}?",
        ),
        kind="thing",
    ),
    Relation(
        "atomic number",
        "chemistry",
        column(ELEMENTS, 2),
        "the atomic number of {s}",
        (
            "What number is {s} in the periodic table?",
            "How many protons does {s} have?",
            "How many protons are in an atom of {s}?",
        ),
        back=(
            "Which element has the atomic number {o}?",
            "Which element is number {o}?",
            "What element has {o} protons?",
            "Element number {o} is which one?",
        ),
        kind="thing",
    ),
    Relation(
        "formula",
        "chemistry",
        FORMULAS,
        "the chemical formula of {s}",
        ("What is the formula for {s}?", "How do you write {s} in chemistry?", "Formula of {s}?"),
        back=("What is {o}?", "Which substance is {o}?", "Which substance has the formula {o}?"),
        kind="thing",
    ),
    Relation(
        "state",
        "chemistry",
        STATES,
        "the state of {s} at room temperature",
        ("Is {s} a solid, a liquid or a gas at room temperature?", "Is {s} a gas, a liquid or a solid?"),
        say="At room temperature {s} is a {o}.",
    ),
    Relation(
        "planet order",
        "astronomy",
        column(PLANETS, 1),
        "the place of {s} counted from the Sun",
        ("Which planet from the Sun is {s}?", "Where does {s} come, counted from the Sun?"),
        say="{s} is the {o} planet from the Sun.",
        back=(
            "Which planet is {o} from the Sun?",
            "What is the {o} planet from the Sun?",
            "Which is the {o} planet?",
            "Name the {o} planet from the Sun.",
        ),
    ),
    Relation(
        "planet look",
        "astronomy",
        column(PLANETS, 2),
        "a short description of the planet {s}",
        ("What is the planet {s} like?", "What is special about the planet {s}?", "Describe the planet {s}."),
        say="{s} is {o}.",
    ),
    Relation(
        "moons",
        "astronomy",
        column(PLANETS, 3),
        "the number of moons of {s}",
        ("How many moons does {s} have?", "How many moons are there around {s}?", "How many moons go round {s}?"),
        kind="place",
    ),
    Relation(
        "planet year",
        "astronomy",
        column(PLANETS, 4),
        "the length of a year on {s}",
        (
            "How long is a year on {s}?",
            "How long does {s} take to go round the Sun?",
            "How long does a year on {s} last?",
        ),
        kind="place",
    ),
    Relation("space", "astronomy", SPACE, "{s}"),
)
