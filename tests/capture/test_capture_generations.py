"""Every generation of the writer becomes the same table. Rows are made up; S0, S1 and S10 layouts are synthetic."""

import math

import pytest
from support.captures import GENERATIONS, csv_text, host_op, op, shape, signpost

from perfsheet import analyze, read

ROWS = (
    signpost("first run"),
    op("MatmulDeviceOperation", 4000, 8, pm=1000, compute=900, bandwidth=1000, call=1024)
    | shape("INPUT_0", (1, 1, "32[19]", 64), "BFLOAT8_B", "L1_HEIGHT_SHARDED"),
    host_op(),
    op("ReshardDeviceOperation", 600, 64, pm=1, call=2048),
    op("UntimedDeviceOperation", None, 64, call=3072),
)


@pytest.fixture(scope="module", params=[*GENERATIONS, "S4-early"])
def generation(request):
    return request.param


@pytest.fixture(scope="module")
def table(generation, tmp_path_factory):
    path = tmp_path_factory.mktemp(generation) / "run.csv"
    path.write_text(csv_text(ROWS, generation), newline="")
    return read(path)


def test_the_generation_is_told_by_its_headers(table, generation):
    assert table.schema == generation.removesuffix("-early")


def test_row_kinds_codes_and_durations_are_read(table):
    assert [kind.name for kind in map(type_of_row, table.kind)] == ["SIGNPOST", "DEVICE", "HOST", "DEVICE", "DEVICE"]
    assert table.text("op_code")[1] == "MatmulDeviceOperation"
    durations = table.number("kernel_duration_ns")
    assert durations[[1, 3]].tolist() == [4000, 600]
    assert math.isnan(durations[4])


def type_of_row(kind):
    from perfsheet.capture import RowKind

    return RowKind(kind)


def test_a_missing_duration_is_unknown_and_not_unreadable(table):
    assert "unreadable-numbers" not in {note.id for note in table.notes}


def test_the_model_is_read_from_s1_on(table, generation):
    model = [table.number(name)[1] for name in ("pm_ideal_ns", "pm_compute_ns", "pm_bandwidth_ns")]
    if generation == "S0":
        assert all(math.isnan(value) for value in model)
    else:
        assert model == [1000, 900, 1000]


def test_tensors_are_found_under_every_spelling(table):
    assert table.text("input_0_datatype")[1] == "BFLOAT8_B"
    assert table.text("input_0_y")[1].startswith("32")
    assert table.text("input_0_memory")[1] == "DEV_0_L1_HEIGHT_SHARDED"


def test_files_without_device_id_have_one_device(table, generation):
    assert table.has("device_id") == (generation not in ("S0", "S1"))
    assert table.device.tolist() == [-1, 0, -1, 0, 0]


def test_kernel_paths_and_sources_are_one_column(table):
    assert table.has("compute_kernels")


def test_the_analysis_is_the_same_whatever_the_generation(table, generation):
    analysis = analyze(table)
    assert [op.row.row for op in analysis.top()] == [3, 5]
    assert analysis.top()[0].share == pytest.approx(4000 / 4600)
    assert analysis.top()[0].worker_cores == 64
    totals = {total.rule.id: total.rows for total in analysis.rule_totals}
    assert (totals["low-core-count"], totals["reshard"]) == (1, 1)
    expected = None if generation == "S0" else pytest.approx(1000 / 4000 * 108 / 8)
    assert analysis.top()[0].utilization == expected
    assert analysis.top()[1].utilization is None


@pytest.mark.parametrize("generation_with_ids", ["S4", "S4-early", "S10"])
def test_trace_replay_ids_have_two_spellings(capture_of, generation_with_ids):
    path = capture_of(op(session=7, **{"METAL TRACE ID": 3}), generation=generation_with_ids)
    table = read(path)
    assert (table.number("trace_id")[0], table.number("replay_session")[0]) == (3, 7)


def test_a_canonical_header_beats_its_alias_and_the_alias_is_kept(capture_of):
    path = capture_of(op(pm=50, **{"PM IDEAL NS": "777"}), extra=["PM IDEAL NS"])
    table = read(path)
    assert table.number("pm_ideal_ns")[0] == 50
    assert table.text("PM IDEAL NS") == ["777"]


def test_headers_match_in_any_case_and_spacing(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("op code, Op  Type ,device kernel duration [NS]\nAdd,tt_dnn_device,12\n")
    table = read(path)
    assert (table.text("op_code"), table.number("kernel_duration_ns").tolist()) == (["Add"], [12])


def test_sub_devices_are_read(capture_of):
    assert read(capture_of(op(**{"SUB DEVICE ID": 1}), generation="S10")).number("sub_device_id")[0] == 1
