"""Recordings, traces and their files."""

from __future__ import annotations

import dataclasses
import json
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgbench.constrained import compile_regex
from sgbench.errors import TraceError, UsageError
from sgbench.trace import Trace
from sgbench.trace.events import (
    KINDS,
    Keyframe,
    ProgramStarted,
    RequestConstrained,
    RequestQueued,
    from_dict,
    to_dict,
)
from sgbench.trace.vocab import Vocab, from_bytes, readable
from tests.radix_twin import RadixTwin, chats
from tests.views.runs import constrained


def recorded(requests: int = 6, capacity: int = 400, **options: object) -> tuple[RadixTwin, Trace]:
    twin = RadixTwin(capacity)
    runs = list(chats(requests + 2))
    for prompt, output in runs[:2]:
        twin.request(prompt, output)
    with twin.record(**options) as trace:
        for prompt, output in runs[2:]:
            twin.request(prompt, output)
    return twin, trace


def test_a_recording_begun_on_a_warm_cache_folds_to_the_engines_tree() -> None:
    twin, trace = recorded()
    assert isinstance(trace.events[0], Keyframe)
    assert len(trace.events[0].tree["nodes"]) > 2
    assert trace.snapshot() == twin.snapshot()
    assert trace.snapshot(trace.events[0].seq) == trace.events[0].tree


def test_it_fills_while_the_block_runs_and_stops_after() -> None:
    twin = RadixTwin()
    with twin.record() as trace:
        assert len(trace) == 1
        twin.request((1, 2, 3))
        seen = len(trace)
        assert seen > 1
    twin.request((4, 5))
    assert len(trace) == seen


@pytest.mark.parametrize("name", ["a.sgtrace", "a.sgtrace.gz"])
def test_load_gives_back_what_save_wrote(tmp_path: Path, name: str) -> None:
    twin, trace = recorded()
    path = trace.save(tmp_path / name)
    again = Trace.load(path)
    assert again.events == trace.events
    assert again.header == trace.header
    assert again.snapshot() == twin.snapshot()
    ids = trace.events[1].prompt_ids
    assert again.text(ids) == trace.text(ids) == "".join(map(twin.token_text, ids))
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == name.endswith(".gz")
    before = path.read_bytes()
    assert again.save(path).read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_characters_cut_by_tokens_come_out_whole_from_a_file(tmp_path: Path) -> None:
    raw = "né 你好".encode()
    pieces = dict(enumerate(raw[i : i + 1] for i in range(len(raw))))
    trace = Trace(
        [Keyframe(tree={"nodes": [{"id": 0, "parent": None, "token_ids": list(pieces)}]}, capacity_tokens=1)],
        token_text=lambda i: from_bytes(pieces[i]),
    )
    again = Trace.load(trace.save(tmp_path / "t.sgtrace"))
    assert again.text(pieces) == "né 你好"
    assert again.token_text(1) == "\N{REPLACEMENT CHARACTER}"
    assert again.token_text(99) == "‹99›"


@given(st.binary(max_size=12))
def test_any_bytes_survive_the_vocab(raw: bytes) -> None:
    whole = "".join(from_bytes(raw[i : i + 1]) for i in range(len(raw)))
    assert readable(whole) == raw.decode("utf-8", "replace")


def test_bounded_memory_keeps_a_keyframe_for_what_it_let_go() -> None:
    twin, trace = recorded(requests=30, max_events=40)
    assert len(trace) <= 40
    assert trace.dropped_events > 0
    assert isinstance(trace.events[0], Keyframe)
    assert trace.events[0].capacity_tokens == 400
    assert [e.seq for e in trace] == list(range(trace.events[0].seq, trace.events[-1].seq + 1))
    assert trace.snapshot() == twin.snapshot()


@pytest.mark.parametrize("name", ["spill.sgtrace", "spill.sgtrace.gz"])
def test_a_spill_file_has_every_event(tmp_path: Path, name: str) -> None:
    twin, trace = recorded(requests=30, max_events=40, spill=tmp_path / name)
    whole = Trace.load(tmp_path / name)
    assert [e.seq for e in whole] == list(range(whole.events[0].seq, trace.events[-1].seq + 1))
    assert whole.snapshot() == twin.snapshot()
    prompt = whole.events[1].prompt_ids
    assert whole.text(prompt) == trace.text(prompt) == "".join(map(twin.token_text, prompt))


@settings(max_examples=20, deadline=None)
@given(cut=st.integers(1, 10_000))
def test_a_file_cut_anywhere_is_a_trace_error_with_a_line_or_a_shorter_trace(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    _, trace = recorded(requests=2)
    whole = trace.save(folder / "t.sgtrace").read_bytes()
    (folder / "cut.sgtrace").write_bytes(whole[: cut % len(whole)])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            again = Trace.load(folder / "cut.sgtrace")
        except TraceError as error:
            assert "line " in str(error)
            return
    assert again.events == trace.events[: len(again)]
    assert bool(again.missing) == bool(said)
    if again.missing:
        assert "line " in again.missing and again.notes == [again.missing]


def test_a_gzip_cut_short_opens_up_to_the_line_it_names(tmp_path: Path) -> None:
    _, trace = recorded()
    path = trace.save(tmp_path / "t.sgtrace.gz")
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) * 9 // 10])
    with pytest.warns(UserWarning, match=r"line \d+.*cut short.*events before it are here"):
        again = Trace.load(path)
    assert 0 < len(again) < len(trace) and again.events == trace.events[: len(again)]
    assert again.snapshot() == trace.snapshot(again.events[-1].seq)
    assert "cut short" in repr(again)
    with pytest.raises(TraceError, match=r"line \d+.*cut short"):
        Trace.load(path, whole=True)


def test_a_corrupt_line_ends_the_good_part(tmp_path: Path) -> None:
    _, trace = recorded()
    path = trace.save(tmp_path / "t.sgtrace")
    lines = path.read_text().splitlines(keepends=True)
    lines[20] = lines[20].replace('"kind"', '"king"')
    path.write_text("".join(lines))
    with pytest.warns(UserWarning, match="line 21: the field 'kind' is missing; the 18 events before it are here"):
        assert Trace.load(path).events == trace.events[:18]


def test_the_machines_of_constraints_go_along_and_are_made_anew(tmp_path: Path) -> None:
    run, _, _ = constrained("ab[cd]")
    path = run.save(tmp_path / "m.sgtrace")
    (machine,) = [line for line in map(json.loads, path.read_text().splitlines()) if line.get("kind") == "machine"]
    compiled_here = compile_regex("ab[cd]")
    for text in ("", "ab", "abd", "abcd", "é"):
        state = machine["start"]
        for byte in text.encode():
            state = machine["next"][state][machine["classes"][byte]] if state >= 0 else -1
        expected = compiled_here.step(compiled_here.start, text.encode())
        assert state == (-1 if expected == compiled_here.dead else expected)
    again = Trace.load(path)
    assert (again.events, again.notes) == (run.events, [])
    assert again.save(tmp_path / "again.sgtrace").read_text() == path.read_text()
    assert '"machine"' not in run.save(tmp_path / "hashed.sgtrace", hash_prompts=True).read_text()


@pytest.mark.parametrize(
    ("form", "source", "states"),
    [("regex", "a", 3), ("regex", "(", 2), ("ebnf", "root ::= 'a'", 0), ("regex", "b", 10**6)],
)
def test_a_machine_that_cannot_be_made_again_is_left_out(tmp_path: Path, form: str, source: str, states: int) -> None:
    events = [RequestConstrained(seq=0, rid=0, form=form, source=source, states=states)]
    assert '"kind":"machine"' not in Trace(events).save(tmp_path / "m.sgtrace").read_text()


def test_a_newer_version_shows_what_is_known(tmp_path: Path) -> None:
    _, trace = recorded(requests=1)
    path = trace.save(tmp_path / "t.sgtrace")
    path.write_text(path.read_text().replace('{"sgtrace":1', '{"sgtrace":7', 1))
    with pytest.warns(UserWarning, match="version 7.*upgrade sgbench"):
        assert Trace.load(path).events == trace.events


def test_a_file_that_is_too_long_is_opened_as_far_as_asked(tmp_path: Path) -> None:
    _, trace = recorded()
    path = trace.save(tmp_path / "t.sgtrace")
    with pytest.warns(UserWarning, match="only the first 9 events are here, the file goes on at line 12"):
        again = Trace.load(path, max_events=9)
    assert again.events == trace.events[:9]
    assert Trace.load(path, max_events=None).missing == ""


def test_a_file_that_would_fill_the_memory_is_opened_as_far_as_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, trace = recorded()
    path = trace.save(tmp_path / "t.sgtrace")
    monkeypatch.setattr("sgbench.trace.trace.MAX_MEMORY_BYTES", path.stat().st_size // 2)
    with pytest.warns(
        UserWarning, match="events are here, which fill about 0.0 GB of memory, the file goes on at line"
    ):
        again = Trace.load(path)
    assert 0 < len(again) < len(trace) and again.events == trace.events[: len(again)]
    assert "max_events=None" in again.notes[0]
    assert Trace.load(path, max_events=None).events == trace.events


def test_a_line_of_an_unknown_kind_counts_against_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.sgtrace"
    path.write_text('{"sgtrace": 1}\n' + '{"kind": "NodeDreamt", "of": [1, 2, 3]}\n' * 100)
    monkeypatch.setattr("sgbench.trace.trace.MAX_MEMORY_BYTES", 10_000)
    with pytest.warns(UserWarning, match="only the first 0 events are here"):
        kept = int(Trace.load(path).notes[1].split()[0])
    assert 0 < kept < 100


def test_a_line_without_end_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sgbench.trace.file.LONGEST_LINE", 1_000)
    path = tmp_path / "t.sgtrace"
    path.write_text('{"sgtrace": 1}\n' + json.dumps(to_dict(ProgramStarted(program=1, name="qa"))) + "\n" + "[" * 5_000)
    with pytest.warns(UserWarning, match="line 3: the line has more than 1,000 characters.*1 events before it"):
        assert len(Trace.load(path)) == 1


def test_each_token_id_of_a_large_file_is_there_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sgbench.trace.file._FRUGAL_BYTES", 1_000)
    _, trace = recorded()
    ids = tuple(range(5_000, 5_030))
    trace.append(RequestQueued(seq=10**6, rid=900, prompt_ids=ids, max_new_tokens=1))
    trace.append(RequestQueued(seq=10**6 + 1, rid=901, prompt_ids=ids, max_new_tokens=1))
    one, other = Trace.load(trace.save(tmp_path / "t.sgtrace")).events[-2:]
    assert all(a is b for a, b in zip(one.prompt_ids, other.prompt_ids, strict=True))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['{"sgtrace": 1}', "[" * 100_000], "line 2"),
        ([], "line 1.*cut short"),
        (['{"hello": 1}'], "line 1.*no sgbench trace"),
        (['{"sgtrace": 99}'], "line 1.*version 99.*upgrade"),
        (['{"sgtrace": "x"}'], "line 1.*version 'x'"),
        (['{"sgtrace": 0}'], "line 1.*version 0"),
        (['{"sgtrace": 1}', '{"kind": "NodeSplit"'], "line 2"),
        (['{"sgtrace": 1}', '{"kind": "NodeSplit", "node": 1}'], "line 2.*'upper' is missing"),
        (['{"sgtrace": 1}', "[1]"], "line 2.*object"),
        (['{"sgtrace": 1}', "{}"], "line 2.*'kind' is missing"),
        (['{"sgtrace": 1}', '{"kind": "vocab", "tokens": {"x": "y"}}'], "line 2"),
    ],
)
def test_what_is_no_trace_is_one_clear_error(tmp_path: Path, lines: list[str], message: str) -> None:
    path = tmp_path / "bad.sgtrace"
    path.write_text("".join(line + "\n" for line in lines))
    with pytest.raises(TraceError, match=message):
        Trace.load(path)


def test_binary_rubbish_is_a_trace_error(tmp_path: Path) -> None:
    (tmp_path / "x.sgtrace").write_bytes(b"\xff\xfe\x00rubbish\n")
    with pytest.raises(TraceError, match="line 1"):
        Trace.load(tmp_path / "x.sgtrace")
    (tmp_path / "x.sgtrace.gz").write_bytes(b"no gzip at all")
    with pytest.raises(TraceError, match="line 1"):
        Trace.load(tmp_path / "x.sgtrace.gz")


def test_kinds_and_fields_of_a_newer_version_are_kept_or_ignored(tmp_path: Path) -> None:
    _, trace = recorded(requests=1)
    path = trace.save(tmp_path / "t.sgtrace")
    lines = path.read_text().splitlines()
    event = json.loads(lines[3]) | {"colour": "blue"}
    lines[3] = json.dumps(event)
    lines.insert(4, '{"kind":"NodeDreamt","seq":5,"of":"sheep"}')
    path.write_text("\n".join(lines) + "\n")
    again = Trace.load(path)
    assert again.events == trace.events
    assert again.notes == ["1 line of kinds that this sgbench does not know (NodeDreamt) are kept and not shown"]
    kept = again.save(tmp_path / "u.sgtrace").read_text().splitlines()
    assert kept[4] == '{"kind":"NodeDreamt","seq":5,"of":"sheep"}'


def test_snapshot_before_the_beginning_is_refused() -> None:
    _, trace = recorded()
    with pytest.raises(UsageError, match="begins at seq"):
        trace.snapshot(0)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_survives_json(kind: str) -> None:
    values = {}
    for field in dataclasses.fields(KINDS[kind]):
        if field.default is dataclasses.MISSING:
            text = str(field.type)
            empty: object = () if text.startswith("tuple") else "x" if text == "str" else 1
            values[field.name] = {"nodes": []} if text == "TreeSnapshot" else empty
    event = KINDS[kind](**values)
    assert from_dict(json.loads(json.dumps(to_dict(event)))) == event


def test_loading_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.sgtrace"
    path.write_text('{"sgtrace": 1, "engine": {"__reduce__": "os.system"}}\n{"kind": "__import__", "x": 1}\n')
    assert len(Trace.load(path)) == 0


def test_a_vocab_asks_once_and_knows_what_a_file_brought() -> None:
    asked = []
    vocab = Vocab(lookup=lambda i: asked.append(i) or str(i))
    assert vocab.text((1, 1, 2)) == "112"
    assert asked == [1, 2]
    assert Vocab({5: "five"}).of((4, 5)) == {5: "five"}


def test_programs_events_do_not_disturb_the_tree() -> None:
    _, trace = recorded(requests=1)
    trace.append(ProgramStarted(seq=10**6, program=1, name="qa"))
    assert trace.snapshot(10**6) == trace.snapshot()
