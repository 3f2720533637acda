"""Calibration: gains op by op, hit rates, and the advice held against real pairs."""

import io
import json

import pytest
from support.captures import op, shape, write_csv
from support.command import here
from support.real import capture

from perfsheet import analyze, read
from perfsheet.comparison import compare
from perfsheet.comparison.calibration import Calibration
from perfsheet.outputs.terminal.calibration import print_calibration

PAIRS = (
    ("blackhole20-oftnet-2025-09", "blackhole20-oftnet"),
    ("blackhole-p150-cohere-decode-trace-replays", "blackhole-p150-cohere-decode-optimised-trace-replays"),
)


def tensor(row, rows=64):
    return row | shape("INPUT_0", (1, 1, rows, 64)) | shape("OUTPUT_0", (1, 1, rows, 64))


@pytest.fixture
def calibrated(tmp_path):
    def calibrate(before, after):
        sides = [analyze(read(write_csv(tmp_path / f"{n}.csv", rows))) for n, rows in enumerate((before, after))]
        return Calibration(compare(*sides))

    return calibrate


BEFORE = (
    tensor(op("TilizeWithValPadding", 8000, 1)),
    tensor(op("Add", 1000), 32),
    tensor(op("LayerNorm", 5000, 1), 128),
    tensor(op("Softmax", 3000), 256),
)
AFTER = (tensor(op("Add", 1000), 32), tensor(op("LayerNorm", 1000, 64), 128), tensor(op("Softmax", 3000), 256))


def test_what_went_and_what_got_faster_is_gained(calibrated):
    found = calibrated(BEFORE, AFTER)
    assert found.gain_ns.tolist() == [8000, 0, 4000, 0]
    assert found.changed.tolist() == [True, False, True, False]
    assert found.realised_ns == 12_000
    first = found.causes[0]
    assert (first.subject.id, first.kernel_ns, first.realised_ns, first.acted_on) == ("C1", 8000, 8000, 1)
    assert found.hit_rate == 1
    assert found.naive_hit_rate == 1


def test_one_op_that_became_several_gains_what_is_left(calibrated):
    before = (tensor(op("GridSample", 9000)), tensor(op("Add", 1000), 32))
    after = (*(tensor(op("GridSample", 500), 8) for _ in range(6)), tensor(op("Add", 1000), 32))
    found = calibrated(before, after)
    assert found.gain_ns.tolist() == [6000, 0]


def test_nothing_gained_is_said(calibrated):
    found = calibrated(AFTER, AFTER)
    assert (found.hit_rate, found.naive_hit_rate, found.ratio, found.rules) == (None, None, None, ())
    out = io.StringIO()
    print_calibration(found, None, out)
    assert "Nothing got faster." in out.getvalue()
    assert "No finding was acted on." in out.getvalue()


def test_an_op_of_which_only_the_time_differs_was_not_acted_on(calibrated):
    found = calibrated(BEFORE, (tensor(op("TilizeWithValPadding", 2000, 1)), *BEFORE[1:]))
    assert found.changed.tolist() == [False] * 4
    assert found.gain_ns[0] == 6000
    assert found.ratio is None


def test_records_of_the_rules(calibrated):
    records = {record.rule: record for record in calibrated(BEFORE, AFTER).rules}
    assert records["low-core-count"].cases == 2
    assert records["layout-conversion/tilize"].factor == 1
    assert records["layout-conversion/tilize"].realised_ns == 8000


def test_the_command(tmp_path, capsys):
    paths = [write_csv(tmp_path / f"{n}.csv", rows) for n, rows in enumerate((BEFORE, AFTER))]
    shown = here(capsys, "calibrate", *paths).out
    assert "The first 5 causes name 100.0 % of the realised 12.000 µs" in shown
    result = json.loads(here(capsys, "calibrate", *paths, "--json").out)
    assert (result["hit_rate_pct"], result["realised_ns"]) == (100, 12_000)
    assert result["causes"][0]["realised_ns"] == 8000


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_the_advice_about_real_pairs_does_not_get_worse(before, after):
    found = Calibration(compare(*(analyze(read(capture(name))) for name in (before, after))))
    assert found.hit_rate >= max(0.9, found.naive_hit_rate)
    assert 0.5 <= found.ratio <= 2


def test_an_op_in_pieces_is_one_change(calibrated):
    def sample(rows, duration):
        return op("GridSample", duration) | shape("INPUT_0", (1, 48, 160, 256)) | shape("OUTPUT_0", (1, 1, rows, 64))

    add = tensor(op("Add", 1000), 32)
    pieces = [sample(32, 500) for _ in range(6)]
    found = calibrated((sample(96, 4000), sample(96, 4000), add), (*pieces, add)).comparison
    (change,) = found.groups
    assert (change.status, change.count, change.times.delta_ns) == ("split", 6, 3000 - 8000)
    assert change.base.startswith("2 × 48×160×256 → 96×64")
    assert change.new.startswith("6 × 48×160×256 → 32×64")
    (back,) = calibrated((*pieces, add), (sample(96, 4000), sample(96, 4000), add)).comparison.groups
    assert (back.status, back.count) == ("fused", 6)
    # More of the same work is no split.
    more = calibrated((sample(96, 4000), add), (sample(64, 4000), sample(64, 4000), sample(64, 900), add)).comparison
    assert {group.status for group in more.groups} == {"changed", "added"}
