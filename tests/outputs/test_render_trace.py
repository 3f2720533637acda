"""The trace: every op once on its device's timeline, gaps between them, and a format that Perfetto reads."""

import json

import pytest
from support.captures import op, signpost, write_csv
from support.graphs import BLOCK, ENCODER, graph_report, line_of, with_graph
from support.real import CAPTURES, each

from perfsheet import analyze, read
from perfsheet.outputs import trace

GAP = "OP TO OP LATENCY [ns]"


def made(analysis):
    result = json.loads(trace.trace(analysis))
    assert set(result) == {"displayTimeUnit", "otherData", "traceEvents"}
    return result


def of_phase(result, phase):
    return [event for event in result["traceEvents"] if event["ph"] == phase]


def spans(result, category):
    """(device, begin, end) in µs of begin and end events of a category."""
    opened, found = {}, []
    for event in result["traceEvents"]:
        if event.get("cat") != category:
            continue
        key = (event["pid"], event["tid"])
        if event["ph"] == "B":
            assert key not in opened
            opened[key] = event["ts"]
        elif event["ph"] == "E":
            found.append((event["pid"], opened.pop(key), event["ts"]))
    assert opened == {}
    return found


def test_ops_and_gaps_follow_each_other(analysis_of):
    rows = [
        op("Matmul", 1000, call=1, **{GAP: 5_000}),
        op("Add", 250.5, call=2, **{GAP: 700}),
        op("Softmax", 10, call=3, **{GAP: 0}),
    ]
    result = made(analysis_of(*rows))
    told = [
        (event["name"], event["ts"], event["dur"], event["args"]["global_call_count"])
        for event in of_phase(result, "X")
    ]
    assert told == [("Matmul", 0, 1, 1), ("Add", 1.7, 0.2505, 2), ("Softmax", pytest.approx(1.9505), 0.01, 3)]
    assert spans(result, "gap") == [(0, 1.0, 1.7)]
    assert result["otherData"]["unknown_gaps"] == 0


def test_devices_have_timelines_of_their_own(analysis_of):
    rows = [
        op("Matmul", 100, device=0, **{GAP: 1}),
        op("Matmul", 300, device=1, **{GAP: 1}),
        op("Add", 5, device=0, **{GAP: 9}),
    ]
    result = made(analysis_of(*rows))
    assert [(event["pid"], event["ts"]) for event in of_phase(result, "X")] == [(0, 0), (1, 0), (0, 0.109)]
    names = {event["pid"]: event["args"]["name"] for event in of_phase(result, "M") if event["name"] == "process_name"}
    assert names == {0: "device 0 (wormhole_b0)", 1: "device 1 (wormhole_b0)"}


def test_what_is_unknown_is_counted(analysis_of):
    result = made(
        analysis_of(op("A", 10), op("B", None, **{GAP: 3}), op("C", 10, **{GAP: ""}), op("D", 10, **{GAP: -4_000}))
    )
    assert [event["name"] for event in of_phase(result, "X")] == ["A", "C", "D"]
    assert (result["otherData"]["ops_without_duration"], result["otherData"]["unknown_gaps"]) == (1, 2)


def test_ops_beside_others_have_tracks_of_their_own(analysis_of):
    """B starts 60 ns before A ends, and C starts with B's end: two tracks are enough."""
    rows = [op("A", 100, **{GAP: 0}), op("B", 90, **{GAP: -60}), op("C", 10, **{GAP: 0})]
    result = made(analysis_of(*rows))
    assert [(event["name"], event["tid"], event["ts"]) for event in of_phase(result, "X")] == [
        ("A", 1, 0),
        ("B", 4, 0.04),
        ("C", 1, 0.13),
    ]
    names = {event["tid"]: event["args"]["name"] for event in of_phase(result, "M") if event["name"] == "thread_name"}
    assert names == {1: "ops", 2: "gaps", 3: "passes", 4: "ops beside others, 1"}


def test_passes_and_signposts(analysis_of):
    ops = [op("Matmul", 100, call=1, **{GAP: 0}), op("Add", 50, call=2, **{GAP: 10})]
    result = made(analysis_of(signpost("warm <b>"), *ops * 3))
    assert [round(end - begin, 9) for _, begin, end in spans(result, "pass")] == [0.16] * 3
    assert [(event["name"], event["ts"]) for event in of_phase(result, "i")] == [("warm <b>", 0)]


def test_a_capture_cannot_break_the_text(analysis_of):
    hostile = '"}],"x":[{"\x1b[31m\u2028</script>'
    result = made(analysis_of(op(hostile, 10), signpost(hostile)))
    assert of_phase(result, "X")[0]["name"] == '"}],"x":[{"�[31m�</script>'


@each(CAPTURES)
def test_real_captures(path):
    analysis = analyze(read(path))
    result = made(analysis)
    complete = of_phase(result, "X")
    assert len(complete) == analysis.every.summary.timed_rows
    ends = {}
    for event in complete:
        assert event["ts"] >= ends.get(event["pid"], 0.0) - 1e-3
        ends[event["pid"]] = event["ts"] + event["dur"]
    spans(result, "gap")
    spans(result, "pass")


BYTES, CIRCULAR = "L1 tensors per bank", "L1 circular buffers per core"


def test_modules_are_nested_slices(tmp_path):
    """Two blocks of 10 µs gaps: ops of one module that follow each other share a slice."""
    result = made(with_graph(tmp_path))
    slices = [event for event in result["traceEvents"] if event.get("cat") == "module"]
    track = {event["tid"] for event in slices}
    names = {event["args"]["name"]: event["tid"] for event in of_phase(result, "M") if event["name"] == "thread_name"}
    assert track == {names["modules"]}
    assert nested(slices) == ["Encoder", "Encoder.block", *BLOCKS, "Encoder.norm"]
    ops = of_phase(result, "X")
    first, last = ops[0]["ts"], ops[-1]["ts"] + ops[-1]["dur"]
    assert (slices[0]["ts"], slices[-1]["ts"]) == (first, last)
    attention = [event["ts"] for event in slices if event["name"] == "attention"][:2]
    assert attention == [ops[0]["ts"], ops[1]["ts"] + ops[1]["dur"]]


BLOCKS = ["Encoder.block.attention", "Encoder.block.mlp"] * 2


def nested(slices):
    """The paths of the slices in order; each is closed within that around it, and no time runs backwards."""
    opened, paths, before = [], [], 0.0
    for event in slices:
        assert event["ts"] >= before
        before = event["ts"]
        if event["ph"] == "B":
            opened.append(event["name"])
            assert event["args"]["path"] == ".".join(opened)
            paths.append(".".join(opened))
        else:
            assert opened.pop() == event["name"]
    assert opened == []
    return paths


def test_each_pass_has_modules_of_its_own(tmp_path):
    ops = [op(code, 100, call=at, **{GAP: 10}) for at, code in enumerate("ABABAB", 1)]
    report = graph_report([BLOCK[1]._replace(op_code=code) for code in "ABABAB"])
    result = made(analyze(read(write_csv(tmp_path / "passes.csv", ops)), graph=report))
    assert len(spans(result, "pass")) == 3
    slices = [event for event in result["traceEvents"] if event.get("cat") == "module"]
    assert nested(slices) == ["Encoder", "Encoder.block", "Encoder.block.attention"] * 3


def test_overlapping_ops_keep_modules_nested(tmp_path):
    """The second op starts before the first one ends."""
    both = [BLOCK[0]._replace(op_code="A"), BLOCK[2]._replace(op_code="B")]
    rows = [op("A", 100, call=1, **{GAP: 0}), op("B", 90, call=2, **{GAP: -60})]
    result = made(analyze(read(write_csv(tmp_path / "run.csv", rows)), graph=graph_report(both)))
    slices = [event for event in result["traceEvents"] if event.get("cat") == "module"]
    assert nested(slices) == ["Encoder", "Encoder.block", "Encoder.block.attention", "Encoder.block.mlp"]
    names = {event["args"]["name"]: event["tid"] for event in of_phase(result, "M") if event["name"] == "thread_name"}
    assert len(set(names.values())) == len(names) == 5


def test_memory_counts_from_the_start_of_each_op(tmp_path):
    result = made(with_graph(tmp_path))
    starts = [event["ts"] for event in of_phase(result, "X")]
    told = [(event["ts"], event["args"]["bytes"]) for event in of_phase(result, "C") if event["name"] == BYTES]
    assert told == [(at, one.l1) for at, one in zip(starts, ENCODER, strict=True)]
    circular = [event["args"]["bytes"] for event in of_phase(result, "C") if event["name"] == CIRCULAR]
    assert circular == [one.circular for one in ENCODER if one.circular is not None]
    dram = [event["args"]["bytes"] for event in of_phase(result, "C") if event["name"] == "DRAM in use over all banks"]
    assert dram == [12 * size << 20 for size in (2, 3, 2, 3, 2)]  # only where it changes


def test_ops_name_their_source(tmp_path):
    args = of_phase(made(with_graph(tmp_path)), "X")[0]["args"]
    assert (args["source"], args["call"]) == (f"encoder.py:{line_of('ttnn.softmax(x)')}", "ttnn.softmax")
    assert args["module"] == "Encoder.block.attention"
