"""The input cells are live: an office suite, given other inputs, comes to what perfsheet says with those options."""

import shutil
import subprocess

import pytest
from openpyxl import load_workbook
from support.agreement import analysed
from support.captures import op, write_csv
from support.command import PATIENCE_S
from support.real import capture

from perfsheet import Options, analyze, read
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


@pytest.fixture(scope="module", params=["made", "blackhole64-clip-encoder"])
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
        path = capture(request.param)
    book.write(analysed(path), folder / "report.xlsx")
    other = analyze(read(path), Options(ref_cores=40, low_cores_pct=60, batch=8))
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
    assert len(got) == min(len(expected), 200 if title == "Top Ops" else len(expected))
    for row, flags in got.items():
        told = (flags or "").split(", ")
        assert [flag in told for flag in live] == [flag in expected[row].split(", ") for flag in live], row


def test_frames_a_second_follow_the_batch(both):
    workbook, other = both
    summary = other.summary
    assert metric(workbook, "FPS") == pytest.approx(summary.fps.all, rel=1e-9)
    if summary.passes.count > 1:
        assert metric(workbook, "FPS per pass") == pytest.approx(summary.passes.fps_per_pass, rel=1e-9)
        rates = [workbook["Passes"].cell(row, 6).value for row in range(3, 3 + summary.passes.count)]
        assert rates == [pytest.approx(one.fps, rel=1e-9) for one in summary.passes.all]


def test_time_on_few_cores_follows_its_threshold(both):
    workbook, other = both
    share = next(total.share for total in other.rule_totals if total.rule.id == "low-core-count")
    assert metric(workbook, "time on few cores") == pytest.approx(share, rel=1e-9)


def test_a_change_is_told(both):
    workbook, _ = both
    assert workbook["Summary"].cell(6, 1).value.startswith("Changed: figures and flags follow the input cells")


def test_links_lead_somewhere(both):
    """A link formula whose place cannot be found would be an error value."""
    workbook, _ = both
    for sheet in workbook.worksheets:
        errors = [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "e"]
        assert errors == [], sheet.title
