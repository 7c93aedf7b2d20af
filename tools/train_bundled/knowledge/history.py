"""Years of events. Knows nothing but the table."""

from __future__ import annotations

from .relation import Relation, pairs

YEARS = pairs("""
the start of the First World War|1914; the end of the First World War|1918; the start of the Second World War|1939;
the end of the Second World War|1945; the first Moon landing|1969; the fall of the Berlin Wall|1989;
the French Revolution|1789; the American Declaration of Independence|1776; the arrival of Columbus in America|1492;
the Battle of Hastings|1066; the Russian Revolution|1917; the sinking of the Titanic|1912;
the first powered flight of the Wright brothers|1903; the launch of Sputnik|1957;
the first flight of a human into space|1961; the Great Fire of London|1666; the signing of Magna Carta|1215;
the fall of Constantinople|1453; the Battle of Waterloo|1815; the end of the American Civil War|1865;
the start of the American Civil War|1861; the opening of the Suez Canal|1869; the opening of the Panama Canal|1914;
the independence of India|1947; the founding of the United Nations|1945; the Chernobyl disaster|1986;
the Wall Street Crash|1929; the first modern Olympic Games|1896; the discovery of penicillin|1928;
the opening of the Eiffel Tower|1889; the unification of Germany under Bismarck|1871;
the reunification of Germany|1990; the founding of the European Economic Community|1957;
the introduction of euro notes and coins|2002; the first World Cup in football|1930;
the release of the first iPhone|2007; the start of Wikipedia|2001; the founding of Google|1998;
the start of Facebook|2004; the founding of Microsoft|1975; the founding of Apple|1976;
the first release of Linux|1991; the first release of Python|1991; the release of ChatGPT|2022;
the transformer paper|2017; the election of Nelson Mandela as president|1994; the death of Mozart|1791;
the birth of Mozart|1756; the birth of Albert Einstein|1879; the death of Albert Einstein|1955;
the birth of Beethoven|1770; the birth of Bach|1685; the birth of Shakespeare|1564; the death of Shakespeare|1616;
the birth of Charles Darwin|1809; the birth of Alan Turing|1912; the birth of Picasso|1881;
the birth of Isaac Newton in our calendar|1643; the birth of Gandhi|1869; the death of Gandhi|1948;
the publication of The Origin of Species|1859; the eruption of Vesuvius over Pompeii|79;
the crowning of Charlemagne as emperor|800; the first climb of Mount Everest|1953;
the race to the South Pole won by Amundsen|1911; the moon walk of Neil Armstrong|1969;
the assassination of John F. Kennedy|1963; the assassination of Abraham Lincoln|1865;
the assassination of Archduke Franz Ferdinand|1914; the bombing of Hiroshima|1945;
the Battle of Stalingrad's end|1943; D-Day|1944; the attack on Pearl Harbor|1941; the Cuban missile crisis|1962;
the end of the Soviet Union|1991; the Brexit referendum|2016; the beginning of the COVID-19 pandemic|2020;
the first cloned sheep Dolly|1996; the completion of the Human Genome Project|2003;
the invention of the telephone|1876; the invention of the World Wide Web|1989; the first email|1971;
the first website|1991; the SGLang paper's first version|2023; the first Nobel Prizes|1901;
the San Francisco earthquake|1906; the Lisbon earthquake|1755; the arrival of the Mayflower|1620;
the abolition of slavery in the British Empire|1833; the Louisiana Purchase|1803;
the crowning of Napoleon as emperor|1804; the storming of the Bastille|1789; the posting of Luther's theses|1517;
the first voyage round the world's start|1519
""")

CENTURIES = pairs("""
Leonardo da Vinci|the fifteenth and sixteenth centuries; Shakespeare|the sixteenth and seventeenth centuries;
Mozart|the eighteenth century; Napoleon|the eighteenth and nineteenth centuries;
Charles Darwin|the nineteenth century; Einstein|the nineteenth and twentieth centuries;
Julius Caesar|the first century BC; Plato|the fifth and fourth centuries BC;
Marco Polo|the thirteenth and fourteenth centuries; Galileo|the sixteenth and seventeenth centuries
""")

RELATIONS = (
    Relation(
        "year",
        "history",
        YEARS,
        "the year of {s}",
        (
            "When was {s}?",
            "In which year was {s}?",
            "In what year was {s}?",
            "What year was {s}?",
            "Which year was {s}?",
            "What is the date of {s}, by year?",
        ),
        say="{s} was in {o}.",
        kind="event",
    ),
    Relation(
        "century",
        "history",
        CENTURIES,
        "the time of {s}",
        ("When did {s} live?", "In which century did {s} live?", "At what time did {s} live?"),
        say="{s} lived in {o}.",
        kind="person",
    ),
)
