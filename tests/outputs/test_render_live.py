"""The input cells are live: an office suite, given other inputs, comes to what perfsheet says with those options."""

import shutil
import subprocess

import pytest
from openpyxl import load_workbook
from support.agreement import analysed
from support.captures import op, write_csv
from support.command import PATIENCE_S
from support.real import capture

from perfsheet import Options, Selection, analyze, read
from perfsheet.outputs.workbook import book

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(OFFICE is None, reason="LibreOffice, which recalculates the workbook, is not installed"),
    pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning"),
]
INPUTS = {"ref_cores": 40, "low_cores_pct": 60, "batch": 8}


def recalculated(path, folder, inputs):
    """The workbook with other inputs and no cached value, as LibreOffice calculates it."""
    workbook = load_workbook(path)
    for name, value in inputs.items():
        sheet, cell = workbook.defined_names[name].attr_text.split("!")
        workbook[sheet.strip("'")][cell.replace("$", "")].value = value
    changed, out = folder / "changed.xlsx", folder / "out"
    workbook.save(changed)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [OFFICE, "--headless", "--norestore", profile, "--convert-to", "xlsx", "--outdir", str(out), str(changed)]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)
    return load_workbook(out / "changed.xlsx", data_only=True)


def cells(sheet, header):
    at = next(cell.column for cell in sheet[1] if cell.value == header)
    return [sheet.cell(row, at).value for row in range(2, sheet.max_row + 1)]


def metric(workbook, label):
    summary = workbook["Summary"]
    at = next(cell for row in summary.iter_rows(max_row=8) for cell in row if cell.value == label)
    return summary.cell(at.row + 1, at.column).value


def fractions(values):
    return [None if value is None else pytest.approx(value, rel=1e-9) for value in values]


SAMPLES = ("made", "blackhole64-clip-encoder", "blackhole64-clip-encoder, all passes", "blackhole-8xp150-deepseek-v3")


@pytest.fixture(scope="module", params=SAMPLES)
def both(request, tmp_path_factory):
    """A report with the default inputs, recalculated with others; and the analysis with those others."""
    folder = tmp_path_factory.mktemp("live")
    if request.param == "made":
        rows = [
            op("MatmulDeviceOperation", 40_000, 32, pm=30_000, compute=30_000, call=1),
            op("LayerNormDeviceOperation", 9_000.5, 40, call=2),
            op("ReshardDeviceOperation", 1_234, 16, pm=1_300, call=3),
            op("NoGrid", 800, 4, pm=90, call=4, grid=None),
            op("NoCores", 700, None, pm=90, call=5),
        ]
        path = write_csv(folder / "run.csv", rows)
    else:
        path = capture(request.param.partition(",")[0])
    scope = {"selection": Selection(which_pass="all"), "per_device": True} if "all passes" in request.param else {}
    book.write(analysed(path, **scope), folder / "report.xlsx")
    other = analyze(read(path), Options(ref_cores=40, low_cores_pct=60, batch=8, **scope))
    return recalculated(folder / "report.xlsx", folder, INPUTS), other


def test_utilization_follows_the_reference_cores(both):
    workbook, other = both
    expected = {op.row.row: op.utilization for op in other.top()}
    sheet = workbook["All Ops"]
    got = dict(zip(cells(sheet, "FILE ROW"), cells(sheet, "UTILIZATION"), strict=True))
    assert [got[row] for row in expected] == fractions(expected.values())


@pytest.mark.parametrize("title", ["All Ops", "Top Ops"])
def test_flags_follow_both_thresholds(both, title):
    workbook, other = both
    expected = {op.row.row: ", ".join(op.flags) for op in other.top()}
    sheet = workbook[title]
    rows = [row for row in cells(sheet, "FILE ROW") if row is not None]
    got = dict(zip(rows, cells(sheet, "FLAGS"), strict=False))
    # Which other findings there are can depend on the options as well: these flags are the live ones.
    live = ("low-core-count", "not-physical")
    if title == "All Ops":
        assert len(got) == other.every.summary.device_rows
        # Rows of other passes and devices have no rank and no flags, whatever the thresholds.
        assert not any(flags for row, flags in got.items() if row not in expected)
        got = {row: flags for row, flags in got.items() if row in expected}
    assert len(got) == min(len(expected), 200 if title == "Top Ops" else len(expected))
    for row, flags in got.items():
        told = (flags or "").split(", ")
        assert [flag in told for flag in live] == [flag in expected[row].split(", ") for flag in live], row


def test_frames_a_second_follow_the_batch(both):
    workbook, other = both
    summary = other.summary
    assert metric(workbook, "FPS") == pytest.approx(summary.fps.all, rel=1e-9)
    if summary.passes.count > 1 and summary.passes.chosen is None:
        assert metric(workbook, "FPS") == pytest.approx(summary.passes.fps_per_pass, rel=1e-9)
    if summary.passes.count > 1:
        rates = [workbook["Passes"].cell(row, 5).value for row in range(3, 3 + summary.passes.count)]
        assert rates == [pytest.approx(one.fps, rel=1e-9) for one in summary.passes.all]


def test_time_on_few_cores_follows_its_threshold(both):
    workbook, other = both
    share = next(total.share for total in other.rule_totals if total.rule.id == "low-core-count")
    assert metric(workbook, "time on few cores") == pytest.approx(share, rel=1e-9)


OVERLAPPING = [
    op("MatmulDeviceOperation", 40_000, 6, pm=30_000, call=1, **{"OP TO OP LATENCY [ns]": 0}),
    op("ReshardDeviceOperation", 9_000, 4, pm=8_000, call=2, **{"OP TO OP LATENCY [ns]": -30_000}),
    op("LayerNormDeviceOperation", 5_000, 4, call=3, **{"OP TO OP LATENCY [ns]": 25_000}),
    op("MatmulDeviceOperation", 9e9, 4, call=4, **{"OP TO OP LATENCY [ns]": -8e9}),
]
"""The reshard is hidden; the last duration contradicts its gap."""


@pytest.mark.parametrize("name", ["overlap", "blackhole-8xp150-deepseek-v3", "blackhole64-clip-encoder"])
def test_recalculated_values_are_the_stored_ones(name, tmp_path):
    path = write_csv(tmp_path / "run.csv", OVERLAPPING) if name == "overlap" else capture(name)
    book.write(analysed(path), tmp_path / "report.xlsx")
    stored = load_workbook(tmp_path / "report.xlsx", data_only=True)
    recalculated_book = recalculated(tmp_path / "report.xlsx", tmp_path, {})
    live = 0
    for sheet in load_workbook(tmp_path / "report.xlsx"):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f" or "HYPERLINK" in str(cell.value):
                    continue
                live += 1
                before, after = (
                    workbook[sheet.title][cell.coordinate].value for workbook in (stored, recalculated_book)
                )
                if isinstance(before, float | int):
                    assert after == pytest.approx(before, rel=1e-9), (sheet.title, cell.coordinate)
                else:
                    assert (after or "") == (before or ""), (sheet.title, cell.coordinate)
    assert live >= 4  # the utilizations of matmul and reshard, on two sheets


def test_a_change_is_told(both):
    workbook, _ = both
    assert workbook["Summary"].cell(6, 1).value.startswith("Changed: figures and flags follow the input cells")


def test_links_lead_somewhere(both):
    """A link formula whose place cannot be found would be an error value."""
    workbook, _ = both
    for sheet in workbook.worksheets:
        errors = [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "e"]
        assert errors == [], sheet.title
