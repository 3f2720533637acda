"""The table itself: row kinds and the DataFrame for notebooks."""

import numpy as np
import pandas as pd
import pytest
from support.captures import fallback, host_op, op, shape, signpost
from support.real import CAPTURES, each

from perfsheet import analyze, read
from perfsheet.capture import RowKind


def kinds(table):
    return [RowKind(kind).name for kind in table.kind]


def test_row_kinds(capture_of):
    table = read(capture_of(op(), host_op(), fallback(), signpost()))
    assert kinds(table) == ["DEVICE", "HOST", "PYTHON_FALLBACK", "SIGNPOST"]
    summary = analyze(table).summary
    assert (summary.device_rows, summary.host_rows, summary.signpost_rows) == (1, 2, 1)


@pytest.mark.parametrize("op_type", ["", "tt_dnn_new"])
def test_rows_of_unknown_type_are_device_ops_when_they_have_device_times(capture_of, op_type):
    rows = (op("Add", 7, **{"OP TYPE": op_type}), op("Late", None, start=5, **{"OP TYPE": op_type}))
    table = read(capture_of(*rows, op("None", None, **{"OP TYPE": op_type}), op()))
    assert kinds(table) == ["DEVICE", "DEVICE", "HOST", "DEVICE"]
    assert [(note.id, note.count) for note in table.notes] == [("unknown-op-type", 3)]


def test_files_without_op_type_are_read_with_a_warning(capture_of):
    table = read(capture_of(op("Add", 7), host_op(), without=["OP TYPE"]))
    assert kinds(table) == ["DEVICE", "HOST"]
    assert [note.id for note in table.notes] == ["no-op-type"]


def test_spelling_of_op_type_does_not_matter(capture_of):
    assert kinds(read(capture_of(op(**{"OP TYPE": " TT_DNN_Device "})))) == ["DEVICE"]


def test_device_rows_without_a_device_id_are_device_0_with_a_warning(capture_of):
    table = read(capture_of(op(device=None), op(device=2), signpost()))
    assert table.device.tolist() == [0, 2, -1]
    assert [(note.id, note.count) for note in table.notes] == [("blank-device-id", 1)]


@pytest.mark.parametrize("generation", ["S1", "S6", "S10"])
def test_to_pandas_has_the_same_names_for_every_generation(capture_of, generation):
    rows = (signpost("go"), op("Add", 12.5, 8, pm="-") | shape("INPUT_0", (1, 1, "32[19]", 64)) | {"LOC": "m.py"})
    frame = read(capture_of(*rows, extra=["LOC"], generation=generation)).to_pandas()
    assert frame["op_code"].tolist() == ["go", "Add"]
    assert (frame["row"].tolist(), frame["kind"].tolist()) == ([2, 3], ["signpost", "device"])
    assert frame["device"].tolist() == [-1, 0]
    assert frame["file"].nunique() == 1
    assert frame["input_0_y"].tolist()[1] == 32
    assert frame["input_0_y_logical"].tolist()[1] == (19 if generation == "S10" else 32)
    assert frame["input_0_memory"].tolist() == ["", "L1_INTERLEAVED"]
    assert frame["LOC"].tolist() == ["", "m.py"]
    assert frame["kernel_duration_ns"].dtype == np.float64
    assert frame["kernel_duration_ns"].isna().tolist() == [True, False]
    assert frame["pm_ideal_ns"].isna().all()


def test_columns_that_the_file_lacks_are_all_unknown(capture_of):
    table = read(capture_of(op(), generation="S2"))
    assert not table.has("program_hash")
    assert table.text("program_hash") == [""]
    assert np.isnan(table.number("op_to_op_latency_ns")).all()


@each(CAPTURES)
def test_real_captures_keep_every_row_and_cell(path):
    table = read(path)
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert len(table) == len(raw)
    assert not table.notes
    assert sorted(table.headers.values()) == sorted(raw.columns)
    for name, header in table.headers.items():
        if name in table.numbers:
            numbers = pd.to_numeric(raw[header].str.strip().replace({"": None, "-": None}))
            np.testing.assert_array_equal(table.number(name), numbers.to_numpy(dtype=float))
        else:
            assert table.text(name) == raw[header].tolist()
    assert len(table.to_pandas()) == len(raw)
