"""Computing: abbreviations, file endings, what programs are for. Knows nothing but the tables."""

from __future__ import annotations

from .relation import Relation, pairs

ACRONYMS = pairs("""
CPU|central processing unit; GPU|graphics processing unit; RAM|random-access memory; ROM|read-only memory;
HTML|HyperText Markup Language; CSS|Cascading Style Sheets; HTTP|HyperText Transfer Protocol;
URL|uniform resource locator; SQL|Structured Query Language; JSON|JavaScript Object Notation;
XML|Extensible Markup Language; CSV|comma-separated values; PDF|Portable Document Format; USB|Universal Serial Bus;
API|application programming interface; AI|artificial intelligence; ML|machine learning; LLM|large language model;
NLP|natural language processing; OCR|optical character recognition; IP|Internet Protocol;
TCP|Transmission Control Protocol; DNS|Domain Name System; VPN|virtual private network; LAN|local area network;
SSD|solid-state drive; HDD|hard disk drive; OS|operating system; IDE|integrated development environment;
LED|light-emitting diode; LCD|liquid crystal display; ASCII|American Standard Code for Information Interchange;
FIFO|first in, first out; LIFO|last in, first out; LRU|least recently used; FCFS|first come, first served;
KV|key-value; FSM|finite state machine; BPE|byte-pair encoding; RAG|retrieval-augmented generation;
RLHF|reinforcement learning from human feedback; CNN|convolutional neural network; RNN|recurrent neural network;
GPT|generative pre-trained transformer; TTFT|time to first token; QPS|queries per second;
MMLU|Massive Multitask Language Understanding; CUDA|Compute Unified Device Architecture; HBM|high-bandwidth memory;
DFS|depth-first search; BFS|breadth-first search; REPL|read-eval-print loop; GUI|graphical user interface;
CLI|command-line interface; SSH|Secure Shell; WWW|World Wide Web; FAQ|frequently asked questions;
PIN|personal identification number; GPS|Global Positioning System; SMS|Short Message Service;
NASA|National Aeronautics and Space Administration; EU|European Union; UN|United Nations;
USA|United States of America; UK|United Kingdom; WHO|World Health Organization; DNA|deoxyribonucleic acid;
UFO|unidentified flying object; ASAP|as soon as possible; DIY|do it yourself; BC|before Christ; PS|postscript;
NATO|North Atlantic Treaty Organization; UNESCO|United Nations Educational, Scientific and Cultural Organization;
ATM|automated teller machine; RSVP|please reply; VIP|very important person; KPI|key performance indicator;
CEO|chief executive officer; FBI|Federal Bureau of Investigation; BBC|British Broadcasting Corporation;
IQ|intelligence quotient; TV|television; CD|compact disc; DVD|digital versatile disc;
UTF|Unicode Transformation Format; GDP|gross domestic product; PhD|Doctor of Philosophy
""")

ENDINGS = pairs("""
.py|Python code; .js|JavaScript code; .html|web pages; .css|style sheets; .ipynb|Jupyter notebooks; .txt|plain text;
.csv|tables as comma-separated values; .json|JSON data; .md|Markdown text;
.pdf|documents in Portable Document Format; .jpg|photos; .png|pictures; .mp3|music; .mp4|videos;
.zip|compressed archives; .exe|Windows programs; .java|Java code; .c|C code; .cpp|C++ code; .rs|Rust code;
.go|Go code; .rb|Ruby code; .sh|shell scripts; .docx|Word documents; .xlsx|Excel tables; .safetensors|model weights;
.svg|vector graphics; .wav|sound; .tar|archives; .yaml|configuration data; .toml|configuration data;
.tex|LaTeX documents; .sql|database commands
""")

STATUS = pairs("""
200|OK; 201|Created; 301|Moved Permanently; 304|Not Modified; 400|Bad Request; 401|Unauthorized; 403|Forbidden;
404|Not Found; 418|I'm a teapot; 429|Too Many Requests; 500|Internal Server Error; 502|Bad Gateway;
503|Service Unavailable
""")

PYTHON = pairs("""
len|gives the length of a sequence; print|writes text to the screen; range|counts through whole numbers;
sorted|gives a sorted list; sum|adds numbers; max|gives the largest item; min|gives the smallest item;
abs|gives the absolute value; round|rounds a number; input|reads a line from the user; open|opens a file;
zip|walks through several sequences together; enumerate|counts the items while walking through them;
map|applies a function to every item; filter|keeps the items that pass a test; reversed|walks backwards;
int|turns text into a whole number; str|turns a value into text; float|turns text into a decimal number;
list|makes a list; dict|makes a dictionary; set|makes a set without duplicates; type|tells the type of a value;
isinstance|tests the type of a value; any|tells whether one item is true; all|tells whether every item is true;
chr|turns a code into a character; ord|gives the code of a character; help|shows documentation;
id|gives the identity of an object
""")

RELATIONS = (
    Relation(
        "acronym",
        "computing",
        ACRONYMS,
        "the meaning of {s}",
        (
            "What does {s} stand for?",
            "What does {s} mean?",
            "What is {s} short for?",
            "{s} stands for what?",
            "What is the long form of {s}?",
            "What do the letters {s} stand for?",
        ),
        say="{s} stands for {o}.",
        kind="acronym",
        back=(
            "What is the abbreviation of {o}?",
            "How do you abbreviate {o}?",
            "What is {o} for short?",
            "Which letters stand for {o}?",
        ),
    ),
    Relation(
        "file ending",
        "computing",
        ENDINGS,
        "the use of files that end in {s}",
        ("What is a {s} file?", "What are {s} files?", "What is in a {s} file?", "What are files with {s} for?"),
        say="Files that end in {s} hold {o}.",
        kind="extension",
    ),
    Relation(
        "http",
        "computing",
        STATUS,
        "the meaning of the HTTP status {s}",
        ("What does HTTP {s} mean?", "What is a {s} error?", "What does status code {s} mean?", "HTTP {s}?"),
        say="The HTTP status {s} means {o}.",
    ),
    Relation(
        "builtin",
        "computing",
        PYTHON,
        "the use of {s} in Python",
        (
            "What does {s} do in Python?",
            "What is {s}() in Python?",
            "What does Python's {s} do?",
            "Explain {s} in Python.",
            "In Python, what does {s}() do?",
        ),
        say="In Python, {s} {o}.",
        kind="function",
    ),
)
