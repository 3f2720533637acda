"""The server, driven over standard input and output by the client of the protocol's SDK."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time

import pytest
from support.captures import op, write_csv
from support.command import ROOT, here
from support.mcp_client import MOST_BYTES, Served, mcp
from support.real import CAPTURES, CASES, WHY_NOT

import perfsheet
from perfsheet import pages
from perfsheet.mcp.tools import TOOLS

pytestmark = pytest.mark.process

EXAMPLES = ROOT / "examples" / "captures"
BEFORE, AFTER = (f"generated_encoder_block_{name}.csv" for name in ("before", "after"))
REPORT = "mock_board_encoder_block_before.json"
RUNNING = {tool.name for tool in TOOLS if tool.runs}
BRIEF = 8_192


@pytest.fixture(scope="module")
def served():
    return Served()


def test_every_tool_has_schemas_and_is_on_the_page(served):
    async def listed(client):
        return (await client.list_tools()).tools

    tools, allowed = served.run(listed), Served("--allow-run").run(listed)
    assert {tool.name for tool in tools} == {tool.name for tool in TOOLS} - RUNNING
    assert {tool.name for tool in allowed} == {tool.name for tool in TOOLS}
    guide = (ROOT / "docs" / "agents" / "guide.md").read_text(encoding="utf-8")
    for tool in allowed:
        assert f"`{tool.name}`" in guide
        assert tool.input_schema["type"] == tool.output_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
        assert all("description" in field for field in tool.input_schema["properties"].values())
        assert tool.annotations.read_only_hint == (tool.name not in {*RUNNING, "try"})
    listing = [tool.model_dump(mode="json", exclude_none=True, by_alias=True) for tool in tools]
    assert len(json.dumps(listing, ensure_ascii=False).encode()) < 44_000


def test_an_overview_says_what_the_command_says(served, capsys):
    found = served.answer("overview", capture=BEFORE)
    told = json.loads(here(capsys, "hotspots", EXAMPLES / BEFORE, "--brief").out)
    assert found["verdict"] == told["verdict"]
    assert [(one["id"], one["expected_saving_ns"]) for one in found["causes"]] == [
        (one["id"], one["expected_saving_ns"]) for one in told["causes"]
    ]


def test_causes_page_by_page(served):
    pages_of = [("causes", {"capture": BEFORE, "limit": 4, "offset": offset}) for offset in (0, 4)]
    first, second = served.answers(*pages_of)
    ids = [one["id"] for page in (first, second) for one in page["causes"]]
    assert ids == [f"C{number}" for number in range(1, 7)]
    assert first["pages"]["causes"]["next_offset"] == 4
    assert "next_offset" not in second["pages"]["causes"]


def test_ops_filtered_sorted_and_paged(served):
    found, flagged, order, longest = served.answers(
        ("ops", {"capture": BEFORE, "op_code": "matmul", "sort": "cores", "limit": 3}),
        ("ops", {"capture": BEFORE, "flag": "low-core-count", "fields": ["op_code", "row"], "limit": 100}),
        ("ops", {"capture": BEFORE, "sort": "order", "from_row": 100, "to_row": 102, "fields": ["row"]}),
        ("ops", {"capture": BEFORE, "kernel_at_least_ns": 70_000, "cores_at_most": 48, "category": "matmul"}),
    )
    assert found["pages"]["ops"]["total"] == 16
    assert found["kernel_duration_ns"] == 898_570
    assert [one["op_code"] for one in found["ops"]] == ["MatmulDeviceOperation"] * 3
    assert {tuple(one) for one in flagged["ops"]} == {("op_code", "row")}
    analysis = perfsheet.analyze(perfsheet.read(EXAMPLES / BEFORE))
    assert len(flagged["ops"]) == analysis.flag_masks["low-core-count"].sum() > 0
    assert [one["row"]["row"] for one in order["ops"]] == [100, 101, 102]
    assert all(one["kernel_duration_ns"] >= 70_000 for one in longest["ops"])
    assert longest["ops"]


def test_explain_a_cause_an_op_a_rule(served):
    cause, one_op, rule = served.answers(
        ("explain", {"capture": BEFORE, "subject": "C2"}),
        ("explain", {"capture": BEFORE, "subject": "108"}),
        ("explain", {"subject": "reshard"}),
    )
    assert cause["formulas"][0]["numbers"] == "34,858 ns × (1 − 12 / 64)"
    assert "LayerNormShardedMultiCoreProgramConfig" in cause["cures"][0]["code"]
    assert one_op["op"]["row"]["row"] == 108
    assert rule["explained"] == "rule"


def test_compare_and_check(served):
    found, kept, slower = served.answers(
        ("compare", {"base": BEFORE, "capture": AFTER}),
        ("check", {"capture": AFTER, "against": BEFORE}),
        ("check", {"capture": BEFORE, "against": AFTER}),
    )
    assert found["delta_ns"] == -1_361_206
    assert found["headline"].startswith("−1.361 ms")
    assert kept["passed"] is True
    assert slower["passed"] is False
    assert slower["breaches"][0]["rows_count"] > len(slower["breaches"][0]["rows"])


def test_a_budget_is_read_below_the_folders(tmp_path):
    shutil.copy(EXAMPLES / BEFORE, tmp_path)
    (tmp_path / "budget.toml").write_text('[limits]\nkernel-time = "1 ms"\n', encoding="utf-8")
    asked = Served(folder=tmp_path)
    assert asked.answer("check", capture=BEFORE, budget="budget.toml")["passed"] is False
    assert "outside of the folders" in asked.refusals(("check", {"capture": BEFORE, "budget": "/etc/hosts"}))[0]


def test_tables_and_one_inference(served):
    layers, summary = served.answers(
        ("table", {"capture": BEFORE, "kind": "layers"}),
        ("summary", {"capture": BEFORE, "phase": "decode", "batch": 32, "end_to_end_ms": 2.5}),
    )
    assert layers["table"][0]["count"] == 4
    assert [one["time"] for one in summary["times"]] == ["kernel", "elapsed", "end to end"]


def test_source_comes_from_the_graph_report(served):
    found = served.answer("source", capture=BEFORE, graph=REPORT, excerpts=True, limit=2)
    assert found["sources"][0]["source"]["line"] == 151
    assert found["sources"][0]["excerpt"] is None  # this report carries no sources, and no file is read for them


def test_captures_are_listed_newest_first(tmp_path):
    for age, name in ((100, "old.csv"), (1, "deep/new.csv")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        write_csv(path, [op()])
        os.utime(path, (time.time() - age, time.time() - age))
    (tmp_path / "elsewhere").symlink_to("/etc")
    found = Served(folder=tmp_path).answer("captures")
    assert [one["capture"] for one in found["captures"]] == ["deep/new.csv", "old.csv"]


REFUSED = (
    ("ops", {"capture": BEFORE, "limit": 101}, "<= 100"),
    ("ops", {"capture": BEFORE, "limit": 0}, ">= 1"),
    ("ops", {"capture": BEFORE, "order": "x"}, "ops takes capture"),
    ("ops", {"capture": BEFORE, "flag": "nothing"}, "known: low-core-count"),
    ("ops", {"capture": BEFORE, "category": "nothing"}, "known: reshard"),
    ("ops", {"capture": BEFORE, "fields": ["nothing"]}, "known: bound"),
    ("ops", {"capture": BEFORE, "cores_at_most": 10**400}, "ops takes capture"),
    ("captures", {"folder": BEFORE}, "is no folder"),
    ("overview", {"capture": "x" * 5000}, "is no path"),
    ("explain", {"subject": "C1"}, "name that with `capture`"),
    ("explain", {"capture": BEFORE, "subject": "9" * 5000}, "give C1"),
    ("ops", {}, "missing required field `capture`"),
    ("check", {"capture": BEFORE}, "nothing to check against"),
    ("explain", {"capture": BEFORE, "subject": "C99"}, "the last is C6"),
    ("table", {"capture": BEFORE, "kind": "x"}, "table takes capture"),
    ("summary", {"capture": BEFORE, "phase": "prefill"}, "needs its number of tokens"),
    ("source", {"capture": BEFORE}, "name it with `graph`"),
    ("history", {"store": "."}, "no history here"),
    ("try", {"capture": BEFORE, "subject": "--help"}, "try takes capture"),
    ("plan", {"target": "pytest"}, "--allow-run"),
    ("nothing", {}, "known: captures, overview"),
)


def test_errors_say_what_to_do(served):
    for (name, given, said), text in zip(
        REFUSED, served.refusals(*((name, given) for name, given, _ in REFUSED)), strict=True
    ):
        assert said in text, (name, given, text)
        assert "a bug in perfsheet" not in text


def test_a_history_is_asked(tmp_path):
    pytest.importorskip("duckdb", reason="the extra `history` is not installed")
    from support.histories import added

    for number in range(8):
        capture = write_csv(tmp_path / f"{number}.csv", [op(duration=(1000 if number < 4 else 2000) + number)])
        added(tmp_path / "store", capture, model="m", commit=f"c{number}")
    trend, runs = Served(folder=tmp_path).answers(
        ("history", {"store": "store", "ask": "trend"}), ("history", {"store": "store", "ask": "list", "limit": 3})
    )
    assert trend["trends"]
    assert len(runs["runs"]) == 3


def test_a_target_is_run_with_leave_only(tmp_path):
    shutil.copy(EXAMPLES / BEFORE, tmp_path)  # the workbook of a replay is written beside the capture
    replay = f'[tool.perfsheet.replay]\n"test_x" = "{BEFORE}"\n'
    (tmp_path / "pyproject.toml").write_text(replay, encoding="utf-8")
    (tmp_path / "test_x.py").write_text("def test_x():\n    pass\n", encoding="utf-8")
    given = {"command": f"{sys.executable} -m pytest -q test_x.py::test_x"}
    assert "--allow-run" in Served(folder=tmp_path).refusals(("run", given))[0]
    found = Served("--allow-run", folder=tmp_path).answer("run", **given)
    assert found["capture"]["replayed"] is True
    assert found["causes"][0]["id"] == "C1"
    (tmp_path / "pyproject.toml").unlink()
    named = Served("--allow-run", folder=tmp_path).answer("run", **given, replay=BEFORE, folder="report")
    assert named["verdict"] == found["verdict"]
    assert (tmp_path / "report" / "run.json").is_file()


def test_pages_and_prompts(served):
    async def ask(client):
        listed = await client.list_resources()
        page = await client.read_resource("perfsheet://docs/rules.md")
        prompts = await client.list_prompts()
        prompt = await client.get_prompt("did_my_change_help", {"before": BEFORE, "after": AFTER})
        for uri in ("perfsheet://docs/../README.md", "perfsheet://docs/nothing.md"):
            with pytest.raises(mcp.MCPError, match="there is no page"):
                await client.read_resource(uri)
        with pytest.raises(mcp.MCPError, match="needs after"):
            await client.get_prompt("did_my_change_help", {"before": BEFORE})
        return listed.resources, page.contents[0].text, prompts.prompts, prompt.messages[0].content.text

    resources, page, prompts, prompt = served.run(ask)
    assert {str(one.uri).removeprefix("perfsheet://docs/") for one in resources} == set(pages.names())
    assert page == (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert {one.name for one in prompts} == {"what_to_fix_first", "did_my_change_help"}
    assert f"base {BEFORE} and capture {AFTER}" in prompt


@pytest.mark.skipif(not CAPTURES, reason=WHY_NOT)
def test_every_answer_on_every_capture_is_within_its_bound():
    calls = []
    for path in (*CAPTURES, *CASES):
        given = {"capture": str(path)}
        calls += [(name, given) for name in ("overview", "causes", "summary")]
        calls += [("ops", {**given, "limit": 100}), ("explain", {**given, "subject": "C1", "limit": 100})]
        calls += [("compare", {**given, "base": str(path)})]
        calls += [("table", {**given, "kind": kind, "limit": 100}) for kind in ("layers", "matmul-geometry", "ops")]
    for (name, given), result in zip(calls, Served(CAPTURES[0].parent.parent)(*calls), strict=True):
        text = result.content[0].text
        assert "a bug in perfsheet" not in text, (name, given, text)
        most = BRIEF if name in ("overview", "compare", "summary") else MOST_BYTES
        assert len(text.encode()) <= most, (name, given)
