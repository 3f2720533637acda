"""Less of a JSON document: fields, pages, and briefs that keep their bound."""

from __future__ import annotations

import io
import json
import shlex
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import op, write_csv
from support.command import ROOT, here
from support.real import CAPTURES, CASES, each

from perfsheet.errors import PerfsheetError
from perfsheet.text.json_text import Streamed
from perfsheet.text.json_view import BRIEF_BYTES, JsonView, pieces, size, viewed

BEFORE, AFTER = (ROOT / "examples" / "captures" / f"generated_encoder_block_{name}.csv" for name in ("before", "after"))
DOCUMENT = {
    "schema_version": 2,
    "capture": {"paths": ["a.csv"], "devices": [0, 1, 2]},
    "ops": [{"row": {"row": number, "file": "a.csv"}, "op_code": f"Op{number}", "flags": ["a"]} for number in range(7)],
    "findings": {"fixed": [{"id": "H1"}, {"id": "H2"}, {"id": "H3"}], "new": []},
}


def text(document):
    return "".join(pieces(document))


def test_without_a_view_it_is_the_document_itself():
    assert viewed(DOCUMENT, JsonView()) is DOCUMENT


def test_pages_cover_every_entry_once():
    seen, offset = [], 0
    while offset is not None:
        page = viewed(DOCUMENT, JsonView(("ops",), 3, offset))
        seen += [one["op_code"] for one in page["ops"]]
        assert page["pages"]["ops"]["total"] == 7
        assert page["pages"]["ops"]["shown"] == len(page["ops"])
        offset = page["pages"]["ops"].get("next_offset")
    assert seen == [f"Op{number}" for number in range(7)]


def test_tables_inside_objects_are_paged_and_heads_are_not():
    page = viewed(DOCUMENT, JsonView(limit=2, offset=2))
    assert page["findings"]["fixed"] == [{"id": "H3"}]
    assert page["capture"] == DOCUMENT["capture"]
    assert set(page["pages"]) == {"ops", "findings.fixed"}


def test_a_page_behind_the_end_is_empty_and_says_how_many_there_are():
    page = viewed(DOCUMENT, JsonView(limit=2, offset=50))
    assert page["ops"] == []
    assert page["pages"]["ops"] == {"total": 7, "offset": 50, "shown": 0}


def test_fields_are_paths_through_lists():
    found = viewed(DOCUMENT, JsonView(("ops.row.row", "capture.devices")))
    assert found == {
        "schema_version": 2,
        "ops": [{"row": {"row": number}} for number in range(7)],
        "capture": {"devices": [0, 1, 2]},
    }


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("opps", "ops, perhaps"),
        ("ops.rwo", "row, perhaps"),
        ("capture.devices.x", "it has no fields"),
        ("", "names nothing"),
    ],
)
def test_a_field_that_is_not_there_is_an_error_that_names_those_that_are(field, said, capsys):
    if field:
        with pytest.raises(PerfsheetError, match=said):
            viewed(DOCUMENT, JsonView((field,)))
    else:
        ended = here(capsys, "hotspots", BEFORE, "--fields", "")
        assert ended.status == 2
        assert said in ended.err


def test_streamed_tables_are_paged_without_making_the_rest():
    made = []

    def part(first, end):
        made.extend(range(first, end))
        return [{"n": number} for number in range(first, end)]

    page = viewed({"ops": Streamed(1_000_000, part, 10)}, JsonView(limit=3, offset=500))
    assert page["ops"] == [{"n": 500}, {"n": 501}, {"n": 502}]
    assert len(made) <= 10


def test_what_is_cut_inside_an_entry_has_its_length_beside_it():
    document = {"causes": [{"id": "C1", "rows": [{"row": number} for number in range(40)], "subject": "x" * 5000}]}
    (cause,) = viewed(document, JsonView(brief=True))["causes"]
    assert cause["rows_count"] == 40
    assert len(cause["rows"]) < 10
    assert cause["subject"].endswith("…")


_LEAF = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=True) | st.text(max_size=300)
_VALUE = st.recursive(
    _LEAF,
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=12), inner, max_size=8),
    max_leaves=60,
)


@given(st.dictionaries(st.text(min_size=1, max_size=20), _VALUE, max_size=20), st.booleans(), st.integers(1, 100))
def test_every_bounded_answer_keeps_its_bound(document, brief, limit):
    view = JsonView(limit=limit, brief=brief, most_bytes=None if brief else 4096)
    found = viewed({**document, "large": [{"text": "é" * 900, "rows": list(range(300))}] * 50}, view)
    assert size(found) <= view.bound
    assert json.loads(text(found)) is not None


COMMANDS = ("hotspots", "top-ops", "top-ops --group", "top-ops --signposts", "table ops", "table layers", "summary")


@pytest.mark.parametrize("command", [*COMMANDS, "explain C1"])
@each([*CAPTURES, *CASES])
def test_a_brief_of_a_real_capture_fits(path, command, capsys):
    ended = here(capsys, *command.split(), path, "--brief")
    if ended.status:
        assert len(ended.err.splitlines()[-1]) > 10  # one that cannot be read, or has no cause
        return
    assert len(ended.out.encode()) <= BRIEF_BYTES
    assert json.loads(ended.out)["schema_version"] == 2


def brief(capsys, *arguments):
    ended = here(capsys, *arguments, "--brief")
    assert ended.status in (0, 1), ended.err
    assert len(ended.out.encode()) <= BRIEF_BYTES
    return json.loads(ended.out)


def test_a_brief_has_what_matters_with_the_values_of_the_full_document(capsys):
    found = brief(capsys, "hotspots", BEFORE)
    full = json.loads(here(capsys, "hotspots", BEFORE, "--json").out)
    assert found["verdict"] == full["verdict"]
    assert [cause["id"] for cause in found["causes"]] == ["C1", "C2", "C3", "C4", "C5"]
    for short, whole in zip(found["causes"], full["causes"], strict=False):
        assert short["expected_saving_ns"] == pytest.approx(whole["expected_saving_ns"], abs=0.006)
        assert short["ground"] == whole["ground"]
        assert short["cure"][0]["advice"] == whole["cure"][0]["advice"]
        assert [row["row"] for row in short["rows"]] == [row["row"] for row in whole["rows"]][: len(short["rows"])]
    split = found["capture"]["time_split"]
    assert sum(part["ns"] for part in split) == full["capture"]["elapsed_ns"]
    assert found["pages"]["causes"]["total"] == len(full["causes"])


REST = {
    "hotspots": (["hotspots", BEFORE, "--pass", "2"], "causes"),
    "groups": (["hotspots", BEFORE, "--limit", "2"], "groups"),
    "top-ops": (["top-ops", BEFORE, "-n", "3"], "ops"),
    "report": (["report", BEFORE, "--pass=1", "-o", "out.xlsx", "--force"], "groups"),
    "explain": (["explain", "C1", BEFORE], "rows"),
    "table": (["table", "ops", BEFORE], "table"),
    "compare": (["compare", BEFORE, AFTER, "--html", "out.html"], "changes"),
}


@pytest.mark.parametrize(("words", "table"), REST.values(), ids=REST)
def test_the_command_for_the_rest_gives_the_rest(words, table, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = brief(capsys, *words)
    entries, page = list(found[table]), found["pages"][table]
    assert page["shown"] == len(entries) < page["total"]
    before = set(tmp_path.iterdir())
    while "next_offset" in page:
        command = found["rest"].replace("TABLE", table).replace("NEXT_OFFSET", str(page["next_offset"]))
        given = here(capsys, *shlex.split(command)[1:])
        assert len(given.out.encode()) <= BRIEF_BYTES
        told = json.loads(given.out)
        page = told.get("pages", {}).get(table, {})
        entries += told[table]
    assert len(entries) == found["pages"][table]["total"]
    assert set(tmp_path.iterdir()) == before  # what was written is not written again


def test_the_command_for_the_rest_names_captures_of_any_name(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(BEFORE, "CAPTURE 1.csv")
    for words in (["hotspots", "CAPTURE 1.csv"], ["report", "CAPTURE 1.csv", "-o", "out.xlsx", "--pass", "2"]):
        rest = shlex.split(brief(capsys, *words)["rest"])
        assert rest[:2] == ["perfsheet", "hotspots"]
        assert rest.count("CAPTURE 1.csv") == 1
        assert ("--pass" in rest) == ("--pass" in words)


def test_a_result_without_a_capture_has_no_command_for_the_rest():
    view = JsonView(brief=True, rest="perfsheet hotspots", of_result=True)
    assert "rest" not in viewed({"cases": [{"a": 1}] * 9}, view)
    found = viewed({"capture": {"paths": ["a b.csv"]}, "cases": [{"a": 1}] * 9}, view)
    assert found["rest"].startswith("perfsheet hotspots 'a b.csv' --brief")


def test_no_command_for_the_rest_where_none_can_be_given_again(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BEFORE.read_bytes())))
    assert "rest" not in brief(capsys, "hotspots", "-")


def test_names_at_the_top_are_counted_where_they_are_cut():
    found = viewed({"related": [f"C{number}" for number in range(300)]}, JsonView(brief=True))
    assert (len(found["related"]), found["related_count"]) == (100, 300)


def test_rows_keep_their_cells():
    found = viewed({"columns": [*"abcdefghijkl"], "rows": [list(range(12))] * 9}, JsonView(brief=True))
    assert (len(found["columns"]), len(found["rows"]), len(found["rows"][0])) == (12, 5, 12)


def test_what_does_not_fit_is_left_out_whole_and_counted():
    document = {"schema_version": 2, "small": [{"a": 1}] * 3, "large": [{"a": "x" * 300}] * 40, "note": "n"}
    document["wide"] = [{f"key {number}": "y" * 50 for number in range(300)} for _ in range(7)]
    found = viewed(document, JsonView(brief=True, rest="perfsheet x"))
    assert size(found) <= BRIEF_BYTES
    assert "wide" not in found
    assert found["pages"]["wide"] == {"total": 7, "offset": 0, "shown": 0}
    assert len(found["small"]) == 3
    assert len(found["large"]) == 5
    assert found["rest"].startswith("perfsheet x --brief")


@pytest.mark.parametrize("document", [{f"key {n}": "x" * 40 for n in range(2000)},
                                      {f"key {n}": [{"a": 1}] * 9 for n in range(500)}, {}, {"a": []}])  # fmt: skip
def test_any_document_is_bounded_and_valid(document):
    found = viewed(document, JsonView(brief=True))
    text = "".join(pieces(found))
    assert len(text.encode()) <= BRIEF_BYTES
    assert json.loads(text) == found


def test_code_is_cut_between_its_lines():
    code = "\n".join(f"line_{number} = {number}" for number in range(3000))
    (entry,) = viewed({"cures": [{"code": code}]}, JsonView(brief=True))["cures"]
    *lines, last = entry["code"].splitlines()
    assert last == "# … cut here"
    assert lines == code.splitlines()[: len(lines)]


def test_too_few_cores_come_out_of_one_brief_call(tmp_path, capsys):
    ops = [op("Unary", 900_000, cores=2), *(op("MatmulDeviceOperation", 1000) for _ in range(3))]
    found = brief(capsys, "hotspots", write_csv(tmp_path / "few.csv", ops))
    first = found["groups"][0]
    assert (first["op_code"], first["cores"], first["worker_cores"]) == ("Unary", [2], 64)
    assert first["says"].startswith("too few cores: 2 of 64")
    assert "low-core-count" in first["flags"]


def test_a_comparison_and_a_check_in_brief(capsys):
    found = brief(capsys, "compare", BEFORE, AFTER)
    assert found["delta_ns"] == -1361206
    assert found["changes"][0]["status"] == "fused"
    assert found["changes"][0]["changes"]["math_fidelity"] == ["HiFi4", "LoFi"]
    assert brief(capsys, "check", BEFORE, "--against", AFTER)["passed"] is False


@pytest.mark.parametrize("option", ["--limit 0", "--limit -1", "--offset -1", "--limit x"])
def test_options_that_cannot_be(option, capsys):
    ended = here(capsys, "top-ops", BEFORE, *option.split())
    assert ended.status == 2
    assert "Traceback" not in ended.err


def test_top_ops_pages_all_ops_unless_a_count_is_given(capsys):
    found = json.loads(here(capsys, "top-ops", BEFORE, "--limit", "5").out)
    assert found["pages"]["ops"]["total"] == 80
    assert len(json.loads(here(capsys, "top-ops", BEFORE, "--json").out)["ops"]) == 20
