"""What a graph report adds to page, Markdown and trace: the figures of JSON, and nothing that could run."""

import html
import json
import re

import pytest
from support.graphs import BANK, BLOCK, ENCODER, FILE, KIB, SOURCE, graph_report, line_of, with_graph
from support.page import Page, markdown_tables

from perfsheet import analyze
from perfsheet.analysis.graph.charts import flame
from perfsheet.analysis.graph.excerpts import Excerpts
from perfsheet.analysis.graph.groups import GroupBy
from perfsheet.outputs import json_output, trace
from perfsheet.outputs.html import page
from perfsheet.outputs.markdown import report as markdown
from perfsheet.text import formats
from perfsheet.text import graph as text

GRAPH_TABLES = {"lines-table", "modules-table", "memory-table", "held-table"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return with_graph(tmp_path_factory.mktemp("graph"))


@pytest.fixture(scope="module")
def told(sample):
    return json.loads(json_output.dumps(json_output.report(sample, None)))


@pytest.fixture(scope="module")
def written(sample):
    return page(sample)


@pytest.fixture(scope="module")
def web(written):
    return Page(written)


def texts_of(written):
    """The texts of a page, without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "\n", written))


def test_without_a_graph_report_there_is_nothing_of_it(sample):
    plain = analyze(sample.ops.table)
    written, short = page(plain), markdown(plain)
    assert not GRAPH_TABLES & set(Page(written).tables)
    for mark in ('id="source"', 'id="memory"', 'class="flame"', 'class="code"', "<dt>Source</dt>"):
        assert mark not in written.split("<main>")[1]
    assert "### Source" not in short
    events = json.loads(trace.trace(plain))["traceEvents"]
    assert {event["ph"] for event in events} <= {"M", "X", "B", "E", "i"}
    assert "modules" not in {event["args"].get("name") for event in events if event["ph"] == "M"}


def test_modules(told, web, written):
    shown = web.tables["modules-table"].records()
    assert len(shown) == len(told["modules"]) == 5
    for line, module in zip(shown, told["modules"], strict=True):
        assert (line["Module"], line["Ops"]) == (module["path"][-1], f"{module['count']:,}")
        assert (line["Total [ns]"], line["Self [ns]"]) == (
            formats.whole(module["total_ns"]),
            formats.whole(module["self_ns"]),
        )
        assert line["Share %"] == formats.in_percent(module["share_pct"] / 100)
    boxes = re.findall(r'<button type="button" data-depth="(\d+)"[^>]*title="([^"]*)"><span>([^<]*)</span>', written)
    assert len(boxes) == len(told["modules"])
    for (depth, tip, name), module in zip(boxes, told["modules"], strict=True):
        assert (int(depth), name) == (len(module["path"]) - 1, module["path"][-1])
        assert tip.startswith(f"{'.'.join(module['path'])}: {formats.whole(module['total_ns'])} ns, ")
        assert f"its own ops {formats.whole(module['self_ns'])} ns; {module['count']} op" in tip


def test_lines(sample, web):
    groups = json.loads(json_output.dumps(json_output.source_groups(sample, GroupBy.LINE, None)))["source_groups"]
    short = next(table for table in markdown_tables(markdown(sample)) if "Function" in table.headers).records()
    shown = web.tables["lines-table"].records()
    assert len(shown) == len(short) == len(groups) == 4
    for lines in (shown, short):
        for line, group in zip(lines, groups, strict=True):
            assert (line["Name"], line["Ops"]) == (group["name"], f"{group['count']:,}")
            assert line["Function"] == group["source"]["function"]
            assert line["Call"] == group["source"]["call"]
            assert line["Σ kernel duration [ns]"] == formats.whole(group["kernel_duration_ns"])
            assert line["Share %"] == formats.in_percent(group["share_pct"] / 100)


def test_memory(sample, told, web, written):
    memory = told["memory"]
    shown = web.tables["memory-table"].records()
    assert len(shown) == len(memory["ops"]) == len(ENCODER)
    for line, one in zip(shown, memory["ops"], strict=True):
        assert (line["Op code"], line["Source"]) == (one["op_code"], f"encoder.py:{one['source']['line']}")
        for title, key in (
            ("L1 tensors", "l1_tensors_bytes"),
            ("L1 circular", "l1_circular_bytes"),
            ("L1 used", "l1_used_bytes"),
            ("L1 headroom", "l1_headroom_bytes"),
            ("DRAM", "dram_total_bytes"),
        ):
            assert line[title] == formats.size(one[key])
    (held,) = web.tables["held-table"].records()
    assert (held["Per bank"], held["Calls after"]) == (formats.size(12 * KIB), str(memory["held"][0]["idle_calls"]))
    assert f">L1 bank: {formats.size(BANK)}</text>" in written
    assert f">{formats.size(memory['l1_peak_bytes'])}: Matmul at encoder.py:{line_of('linear(x')}</text>" in written
    assert text.memory(sample) in texts_of(written)
    assert text.memory(sample) in html.unescape(markdown(sample))


def test_tips_of_the_chart_are_those_of_the_ops(told, written):
    tips = re.findall(r'<rect class="hover"[^>]*><title>(op [^<]*: \w+ at [^<]*)</title>', written)
    assert len(tips) == len(told["memory"]["ops"])
    for tip, one in zip(tips, told["memory"]["ops"], strict=True):
        circular = formats.size(one["l1_circular_bytes"]) if one["l1_circular_bytes"] is not None else "unknown"
        assert tip.startswith(f"op {one['order']}: {one['op_code'].removesuffix('DeviceOperation')} at encoder.py:")
        assert tip.endswith(f", tensors {formats.size(one['l1_tensors_bytes'])}, circular buffers {circular}")


def test_a_low_peak_says_how_far_it_is_from_the_bank(tmp_path):
    written = texts_of(page(with_graph(tmp_path, [BLOCK[0]._replace(l1=8 * KIB, circular=None)])))
    assert "L1 bank:" not in written
    assert "The peak is 0.6 % of a bank (1.33 MiB), so its line is far above." in written
    assert "L1 in use per bank, op by op (circular buffers unknown)" in written


def test_accuracy_and_join_are_said(sample, written):
    for sentence in (text.accuracy(sample), text.joined(sample.graph)):
        assert sentence
        assert sentence in texts_of(written)
        assert sentence in html.unescape(markdown(sample))


def test_causes_and_findings_name_their_lines(sample, told, web, written):
    causes = {cause["id"]: cause for cause in told["causes"]}
    assert causes
    for cause in sample.causes:
        part = written[written.index(f'id="{cause.id}"') :]
        part = texts_of(part[: part.index('class="advice"')])
        assert text.lines(sample, cause.positions) in " ".join(part.split())
        source = causes[cause.id]["source"][0]
        assert f"\n{source['line']}\n" in part
        assert SOURCE.splitlines()[source["line"] - 1] in part
    for finding in sample.findings:
        assert text.lines(sample, finding.positions) in web.findings[finding.id]


def test_the_line_of_a_cause_is_marked(sample, written):
    part = written[written.index('class="code"') : written.index('class="advice"')]
    line = sample.graph.places(sample.causes[0].positions)[0][0].line
    marked = re.findall(r"<div class=at><i>(\d+)</i>", part)
    assert marked == [str(line)]
    numbers = [int(number) for number in re.findall(r"<div(?: class=at)?><i>(\d+)</i>", part)]
    assert numbers == list(range(line - 6, min(line + 6, len(SOURCE.splitlines())) + 1))


def test_without_the_file_the_line_is_named_alone(tmp_path):
    written = page(with_graph(tmp_path, report=graph_report(carried=False)))
    assert 'class="place">encoder.py:' in written
    assert 'class="code"' not in written


def test_without_stacks_there_is_memory_alone(tmp_path):
    report = graph_report([made._replace(lines=()) for made in ENCODER])
    analysis = with_graph(tmp_path, report=report)
    written = page(analysis)
    assert GRAPH_TABLES & set(Page(written).tables) == {"memory-table", "held-table"}
    assert "no source lines: capture with enable_graph_python_stack_traces" in written
    assert 'class="flame"' not in written
    assert "| Name | Function |" not in markdown(analysis)


HOSTILE = (
    "<script>window.ran=1</script>",
    "\"><img src=x onerror='window.ran=2'>",
    "a | b `c` [d](http://x.test) @all",
    "</code></pre></details><script>window.ran=3</script>",
    "\u202ereversed \x1b[31m",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_texts_of_a_report_stay_texts(tmp_path, hostile):
    file = f"/src/{hostile.replace('/', '_')}.py"
    source = SOURCE.replace("model = Encoder(device)", f"model = Encoder(device)  # {hostile}")
    report = graph_report(
        [made._replace(call=hostile, lines=((hostile, "model(x)"), *made.lines[1:])) for made in ENCODER], file, source
    )
    analysis = with_graph(tmp_path, report=report)
    written = page(analysis)
    read = Page(written)
    assert sum(tag == "script" for tag, _ in read.tags) == 1
    assert not {"img", "link", "iframe"} & {tag for tag, _ in read.tags}
    assert not any(name.startswith("on") for _, attributes in read.tags for name in attributes)
    assert "\u202e" not in written
    assert "\x1b" not in written
    short = markdown(analysis)
    outside = re.sub(r"`[^`\n]*`", "", short)
    assert not re.search(r"<(?!/?details>|/?summary>)[a-z!/]|\]\(|https?://|(?<![\w/])@\w", outside)
    for table in markdown_tables(short):
        assert {len(row) for row in table.rows} <= {len(table.headers)}
    events = json.loads(trace.trace(analysis))["traceEvents"]
    assert all("\u202e" not in str(event) and "\x1b" not in str(event) for event in events)
    assert json.loads(json_output.dumps(json_output.report(analysis, None)))["graph"]["joined"] == len(ENCODER)


def test_a_page_of_many_modules_and_lines_says_what_it_leaves_out(tmp_path):
    """1,200 functions, each on a line of its own."""
    names = [f"f{number:04}" for number in range(1200)]
    source = "\n".join(f"def {name}(x):\n    return ttnn.linear(x, {name}_w)" for name in names)
    made = [
        BLOCK[1]._replace(kernel_ns=1000 + number, lines=((name, f"{name}_w"),)) for number, name in enumerate(names)
    ]
    analysis = with_graph(tmp_path, made, graph_report(made, FILE, source))
    written = page(analysis)
    assert "1,000 lines with less kernel time are not listed" in written
    assert "200 modules are not listed" in written
    assert written.count('<button type="button" data-depth=') == 1200
    assert "8 of 1,200 lines, most kernel time first." in markdown(analysis)


def test_ops_below_the_limit_of_ttnn_are_counted(tmp_path):
    """Each block's second op has 0.9971, TTNN's limit is 0.99: none is below; one with 0.98 is."""
    assert "TTNN's limit" not in text.accuracy(with_graph(tmp_path))
    worse = (ENCODER[0]._replace(pcc=(0.98, 0.98)), *ENCODER[1:])
    said = text.accuracy(with_graph(tmp_path, worse))
    assert said.startswith("PCC: lowest 0.98 of Softmax at encoder.py:15; 1 of 6 compared ops below TTNN's limit; ")
    assert "accumulated PCC first drops at Softmax at encoder.py:15 (0.98)" in said


def test_a_file_that_has_changed_since_is_not_shown_as_it_ran(tmp_path):
    report = graph_report()
    changed = SOURCE.replace("ttnn.softmax(x)", "ttnn.softmax(x, dim=-1)")
    report.sources[FILE] = changed
    analysis = with_graph(tmp_path, report=report)
    excerpts = Excerpts(analysis.graph)
    assert [listing.changed for listing in excerpts.listings(5)] == [1]
    assert "1 line changed since the ops ran" in page(analysis)
    by_name = {group.name: group.source for group in analysis.graph.by(GroupBy.LINE)}
    assert excerpts.around(by_name["encoder.py:15"]) is None
    assert excerpts.around(by_name["encoder.py:16"]) is not None


def test_modules_as_deep_as_python_goes(tmp_path):
    names = [f"f{number}" for number in range(900)]
    source = "\n".join(f"def {name}(x):\n    return {name}_inner(x)" for name in [*names, "other"])
    deep = BLOCK[0]._replace(lines=tuple((name, f"{name}_inner") for name in names))
    made = [deep, BLOCK[1]._replace(lines=(("other", "other_inner"),))]
    analysis = with_graph(tmp_path, made, report=graph_report(made, source=source))
    assert len(list(analysis.graph.modules.walk())) == 902
    assert len(flame(analysis.graph, analysis.ops)) == 21
    assert json.loads(json_output.dumps(json_output.report(analysis, None)))["modules"][-1]["self_ns"] == 9000
    assert page(analysis)
