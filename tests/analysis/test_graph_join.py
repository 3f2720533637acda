"""Which device op of a graph report each row of a capture is: by count, by sequence, or not at all."""

import pytest
from support.captures import op, shape, write_csv

from perfsheet import PerfsheetError, read
from perfsheet.analysis.graph.join import By, join
from perfsheet.graph_report.model import Call, DeviceOp, Execution, Frame, GraphReport, Tensor

LAYER = ("MatmulDeviceOperation", "UnaryDeviceOperation", "LayerNormDeviceOperation", "SoftmaxDeviceOperation")
WIDTHS = (64, 96, 128, 160)


def report(codes, counts=None, lines=None, widths=WIDTHS):
    """A device op for each code, each in a call of its own from its own line (or from those given)."""
    calls, ops, tensors = [], [], []
    for place, code in enumerate(codes):
        line = lines[place] if lines else 10 + place
        frames = (Frame("/w/model.py", line, "forward", ""),)
        width = widths[place % len(widths)]
        tensors += [
            Tensor(2 * place + side, (32, width), "BFLOAT16", "TILE", "DRAM_INTERLEAVED", "", None) for side in (0, 1)
        ]
        executions = () if counts is None else (Execution(counts[place], 0),)
        inputs, outputs = (2 * place,), (2 * place + 1,)
        ops.append(DeviceOp(code, place, executions, inputs, outputs, None, None, None, None))
        calls.append(Call(place, 0, "ttnn.op", frames, inputs, outputs, range(place, place + 1), None, ""))
    return GraphReport("/w/db.sqlite", "1", tuple(calls), tuple(ops), tuple(tensors), (), (), {}, {})


def op_rows(codes, first=1, widths=WIDTHS, memory="DRAM_INTERLEAVED"):
    """A row for each code, as `report` describes them; GLOBAL CALL COUNTs go on from `first` × 1024."""
    made = []
    for place, code in enumerate(codes):
        extents = (1, 1, 32, widths[place % len(widths)])
        row = op(code, 1000, start=1_000_000 * (place + 1)) | {"GLOBAL CALL COUNT": str(1024 * (first + place))}
        tensors = (shape(name, extents, memory=memory) for name in ("INPUT_0", "OUTPUT_0"))
        made.append(row | next(tensors) | next(tensors))
    return made


def joined(tmp_path, captured, graph_report):
    return join(read(write_csv(tmp_path / "run.csv", captured)), graph_report)


def test_by_call_count(tmp_path):
    counts = [1024 * (place + 1) for place in range(8)]
    found = joined(tmp_path, op_rows(LAYER * 2), report(LAYER * 2, counts))
    assert found.by is By.CALL_COUNT
    assert found.partner.tolist() == list(range(8))
    assert (found.rows, found.joined, found.outside, found.unused, found.unlike) == (8, 8, 0, 0, 0)


def test_ops_outside_of_the_capture_are_counted(tmp_path):
    """The capture begins after the second op, and runs on after the last row."""
    counts = [1024 * (place + 1) for place in range(2, 10)]
    found = joined(
        tmp_path, op_rows(LAYER * 2), report(LAYER[2:] + LAYER + LAYER[:2], counts, widths=WIDTHS[2:] + WIDTHS[:2])
    )
    assert found.by is By.CALL_COUNT
    assert found.partner.tolist() == [-1, -1, 0, 1, 2, 3, 4, 5]
    assert (found.joined, found.outside, found.unused) == (6, 2, 2)


def test_trace_replays_are_the_ops_that_were_captured_once(tmp_path):
    captured = [
        row | {"METAL TRACE ID": "7", "METAL TRACE REPLAY SESSION ID": str(session)}
        for session in (1, 2, 3)
        for row in op_rows(LAYER)
    ]
    counts = [1024 * (place + 1) for place in range(4)]
    found = joined(tmp_path, captured, report(LAYER, counts))
    assert found.partner.tolist() == [0, 1, 2, 3] * 3
    assert (found.joined, found.replayed) == (12, 12)


def test_by_sequence_when_the_counts_differ(tmp_path):
    """The other process had issued an op more before: count n is of another op there."""
    counts = [1024 * (place + 2) for place in range(8)]
    found = joined(tmp_path, op_rows(LAYER * 2), report(LAYER * 2, counts))
    assert found.by is By.SEQUENCE
    assert found.partner.tolist() == list(range(8))


def test_by_sequence_without_counts_and_with_ops_of_its_own_on_either_side(tmp_path):
    of_capture = ("CopyDeviceOperation", *LAYER, *LAYER)
    of_report = (*LAYER, "EmbeddingsDeviceOperation", *LAYER)
    widths = (32, *WIDTHS, *WIDTHS)
    captured = op_rows(of_capture, widths=widths)
    found = joined(tmp_path, captured, report(of_report, widths=(*WIDTHS, 32, *WIDTHS)))
    assert found.partner.tolist() == [-1, 0, 1, 2, 3, 5, 6, 7, 8]
    assert (found.outside, found.unused) == (1, 1)


def test_further_passes_take_the_lines_of_the_one_that_was_captured(tmp_path):
    found = joined(tmp_path, op_rows(LAYER * 3 * 4), report(LAYER * 3, widths=WIDTHS))
    assert found.by is By.SEQUENCE
    places = [index % 4 for index in found.partner.tolist()]
    assert -1 not in found.partner
    assert places == [0, 1, 2, 3] * 12


def test_several_devices_each_by_itself(tmp_path):
    one = op_rows(LAYER)
    both = [row | {"DEVICE ID": str(device)} for row in one for device in (0, 1)]
    found = joined(tmp_path, both, report(LAYER))
    assert sorted(found.partner.tolist()) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_another_model_is_refused_with_its_reason(tmp_path):
    codes = ("ReduceDeviceOperation", "PoolDeviceOperation", "TilizeDeviceOperation", "UnaryDeviceOperation")
    with pytest.raises(PerfsheetError, match=r"db.sqlite is not of this capture: .* only 1 of 4 ops agree") as refused:
        joined(tmp_path, op_rows(LAYER), report(codes))
    assert refused.value.status == 3


def test_other_shapes_are_refused(tmp_path):
    counts = [1024 * (place + 1) for place in range(4)]
    with pytest.raises(PerfsheetError, match=r"100.0 % have other shapes"):
        joined(tmp_path, op_rows(LAYER), report(LAYER, counts, widths=(2048,)))


def test_other_memory_is_refused(tmp_path):
    """A variant of the model with its tensors in L1: the same ops with the same counts, on other lines."""
    counts = [1024 * (place + 1) for place in range(4)]
    with pytest.raises(PerfsheetError, match=r"100.0 % have other data types or memory"):
        joined(tmp_path, op_rows(LAYER, memory="L1_INTERLEAVED"), report(LAYER, counts))


def test_memory_without_a_layout_is_unknown(tmp_path):
    """As the captures of 2023 have it."""
    counts = [1024 * (place + 1) for place in range(4)]
    assert joined(tmp_path, op_rows(LAYER, memory="DRAM"), report(LAYER, counts)).joined == 4


@pytest.mark.parametrize("first", [1, 5, 9, 3, 100])
def test_passes_that_no_count_is_of(tmp_path, first):
    """The report has one pass, the capture three: its counts are those of the first one, of another, or of none."""
    counts = [1024 * (place + first) for place in range(4)]
    captured = [row for number in range(3) for row in op_rows(LAYER, first=1 + 4 * number)]
    found = joined(tmp_path, captured, report(LAYER, counts))
    assert found.partner.tolist() == [0, 1, 2, 3] * 3
    assert found.outside == 0


def test_repetitions_end_where_the_ops_differ(tmp_path):
    codes = [*LAYER * 2, "ConcatDeviceOperation", "ConcatDeviceOperation", *LAYER]
    counts = [1024 * (place + 1) for place in range(4)]
    captured = op_rows(codes, widths=(64,))
    found = joined(tmp_path, captured, report(LAYER, counts, widths=(64,)))
    assert found.partner.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, -1, -1, -1, -1, -1, -1]


def test_what_may_be_of_several_lines_is_refused(tmp_path):
    """The report has two blocks of the same ops on other lines, the capture only one: which, nobody knows."""
    lines = [10, 11, 12, 13, 50, 51, 52, 53]
    with pytest.raises(PerfsheetError, match="4 of 4 ops may be one of several lines"):
        joined(tmp_path, op_rows(LAYER), report(LAYER * 2, lines=lines))


def test_the_same_ops_on_the_same_lines_are_not_doubtful(tmp_path):
    """A loop: whichever pass of it a row is, its line is the same."""
    found = joined(tmp_path, op_rows(LAYER), report(LAYER * 2, lines=[10, 11, 12, 13] * 2))
    assert [index % 4 for index in found.partner.tolist()] == [0, 1, 2, 3]
    assert found.doubtful == 0


def test_a_single_op_under_the_count_of_another_is_left_out(tmp_path):
    counts = [1024 * (place + 1) for place in range(12)]
    codes = [*LAYER * 3]
    codes[5] = "ConcatDeviceOperation"
    found = joined(tmp_path, op_rows(LAYER * 3), report(codes, counts))
    assert found.by is By.CALL_COUNT
    assert (found.unlike, found.partner[5]) == (1, -1)


def test_a_report_without_device_ops_says_how_to_get_them(tmp_path):
    empty = GraphReport("/w/db.sqlite", "1", (), (), (), (), (), {}, {})
    with pytest.raises(PerfsheetError, match=r"names no device op.*enable_fast_runtime_mode"):
        joined(tmp_path, op_rows(LAYER), empty)


def test_equal_count_and_name_but_other_shapes_is_another_op(tmp_path):
    counts = [1024 * (place + 1) for place in range(40)]
    captured = op_rows(["MatmulDeviceOperation"] * 40, widths=(64,) * 37 + (96,) * 3)
    found = joined(tmp_path, captured, report(["MatmulDeviceOperation"] * 40, counts, widths=(64,)))
    assert (found.by, found.unlike, found.outside) == (By.CALL_COUNT, 3, 3)
    assert found.partner[37:].tolist() == [-1, -1, -1]


def two_ranks(second_line=500, devices=(0, 0)):
    """Each rank runs the layer with the same counts; the second one from other lines."""
    counts = [1024 * (place + 1) for place in range(4)]
    one = report(LAYER, counts)
    other = report(LAYER, counts, lines=[second_line + place for place in range(4)])
    calls = [call._replace(rank=1, device_ops=range(4 + place, 5 + place)) for place, call in enumerate(other.calls)]
    ops = [
        op._replace(call=4 + place, executions=(Execution(counts[place], devices[1]),))
        for place, op in enumerate(other.device_ops)
    ]
    return GraphReport("/w/ranks", "1", (*one.calls, *calls), (*one.device_ops, *ops), one.tensors, (), (), {}, {})


def test_ranks_are_told_apart_by_their_devices(tmp_path):
    captured = [row | {"DEVICE ID": str(device)} for row in op_rows(LAYER) for device in (0, 1)]
    found = joined(tmp_path, captured, two_ranks(devices=(0, 1)))
    assert sorted(found.partner.tolist()) == list(range(8))


def test_ranks_are_told_apart_by_their_hosts(tmp_path):
    slower = [row | {"DEVICE KERNEL DURATION [ns]": "2000"} for row in op_rows(LAYER)]
    paths = [write_csv(tmp_path / f"host{number}.csv", some) for number, some in enumerate((op_rows(LAYER), slower))]
    found = join(read(paths), two_ranks())
    assert sorted(found.partner.tolist()) == list(range(8))


def test_ranks_that_nothing_tells_apart_are_refused(tmp_path):
    with pytest.raises(PerfsheetError, match="it has 2 ranks, and the capture 1 of their hosts"):
        joined(tmp_path, op_rows(LAYER), two_ranks())


def test_ranks_with_the_same_lines_are_one(tmp_path):
    found = joined(tmp_path, op_rows(LAYER), two_ranks(second_line=10))
    assert (found.by, found.joined) == (By.CALL_COUNT, 4)
