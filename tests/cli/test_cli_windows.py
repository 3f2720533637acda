"""The options that cut a window out of a capture, in every command that analyses."""

import csv
import io
import json

import pytest
from openpyxl import load_workbook
from support.captures import host_op, op, signpost, write_csv
from support.command import here

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")


def words(text):
    """A text without its line breaks."""
    return " ".join(text.split())


def model(duration, device=0):
    return [op("Embedding", duration, device=device), op("Matmul", duration, device=device)]


@pytest.fixture
def twice(tmp_path):
    rows = (signpost("warm start"), *model(100), signpost("warm stop"), host_op(), signpost("hot start"), *model(50))
    return write_csv(tmp_path / "twice.csv", [*rows, signpost("hot stop")])


WINDOWS = [
    (("--start-signpost", "hot start"), "after hot start", 100),
    (("--end-signpost", "warm stop"), "until warm stop", 200),
    (("--id-range", "3-4"), "rows 3-4", 200),
    (("--pass", "last"), "pass 2 of 2", 100),
    (("--pass", "1"), "pass 1 of 2", 200),
    (("--pass", "all"), "whole capture", 300),
    ((), "pass 2 of 2", 100),
    (("--no-host-ops",), "no host ops, pass 2 of 2", 100),
    (("--no-host-ops", "--pass", "all"), "no host ops", 300),
    (("--device", "0"), "device 0, pass 2 of 2", 100),
    (("--device", "0", "--pass", "all"), "device 0", 300),
]


@pytest.mark.parametrize("command", ["top-ops", "hotspots", "report"])
@pytest.mark.parametrize(("options", "label", "kernel_ns"), WINDOWS)
def test_windows(capsys, tmp_path, twice, command, options, label, kernel_ns):
    where = ("-o", tmp_path / "out.xlsx") if command == "report" else ()
    head = json.loads(here(capsys, command, twice, "--json", *options, *where).out)["capture"]
    assert (head["window"], head["kernel_duration_ns"]) == (label, kernel_ns)


def test_the_workbook_names_its_window(capsys, tmp_path, twice):
    here(capsys, "report", twice, "-o", tmp_path / "out.xlsx", "--pass", "last")
    summary = load_workbook(tmp_path / "out.xlsx")["Summary"]
    assert "pass 2 of 2" in summary["A2"].value


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--start-signpost", "cold start"), "known: warm start"),
        (("--pass", "3"), "--pass 3"),
        (("--pass", "next"), "--pass next"),
        (("--id-range", "5-2"), "--id-range 5-2"),
        (("--device", "4"), "--device 4"),
    ],
)
@pytest.mark.parametrize("command", ["top-ops", "hotspots", "report"])
def test_windows_that_are_not_there_end_with_2(capsys, twice, command, options, word):
    done = here(capsys, command, twice, *options)
    assert done.status == 2
    assert word in done.err
    assert len(done.err.splitlines()) == 1


def test_an_empty_window_ends_with_2(capsys, twice):
    done = here(capsys, "top-ops", twice, "--id-range", "5-6")
    assert done.status == 2
    assert "no device op in this window (rows 5-6)" in done.err


@pytest.mark.parametrize("options", [("report", "-o", "out.xlsx"), ("top-ops", "--group")])
def test_signposts_stand_alone(capsys, twice, options):
    done = here(capsys, options[0], twice, "--signposts", *options[1:])
    assert done.status == 2
    assert "--signposts" in done.err


@pytest.mark.parametrize("command", ["top-ops", "hotspots", "report"])
def test_signposts_are_listed(capsys, twice, command):
    out = here(capsys, command, twice, "--signposts").out
    assert "warm stop" in out
    assert "hot " in out
    result = json.loads(here(capsys, command, twice, "--signposts", "--json").out)
    assert [(one["row"], one["name"], one["ops"], one["kernel_duration_ns"]) for one in result["signposts"]] == [
        (2, "warm start", 2, 200),
        (5, "warm stop", 0, 0),
        (7, "hot start", 2, 100),
        (10, "hot stop", 0, 0),
    ]
    assert [(one["name"], one["kernel_duration_ns"]) for one in result["regions"]] == [("warm", 200), ("hot", 100)]
    assert result["outside"] == {"ops": 0, "kernel_duration_ns": 0}


def test_signposts_as_csv(capsys, twice):
    lines = list(csv.DictReader(io.StringIO(here(capsys, "top-ops", twice, "--signposts", "--csv").out)))
    assert [line["name"] for line in lines] == ["warm start", "warm stop", "hot start", "hot stop"]


def test_a_capture_without_signposts_says_so(capsys, tmp_path):
    path = write_csv(tmp_path / "plain.csv", [op()])
    assert "no signposts" in here(capsys, "hotspots", path, "--signposts").out


def test_regions_that_stay_open_are_named(capsys, tmp_path):
    path = write_csv(tmp_path / "open.csv", [signpost("a start"), op(), signpost("b stop")])
    out = here(capsys, "top-ops", path, "--signposts").out
    assert "Never closed: a" in out
    assert "Closes no region: b stop" in out


def test_passes_and_devices_stand_in_the_head(capsys, tmp_path, twice):
    for options, figures in (((), "figures: pass 2 "), (("--pass", "all"), "figures: all passes together")):
        out = words(here(capsys, "top-ops", twice, *options).out)
        assert "2 passes of 2 ops, 0.200 µs and 0.100 µs" in out
        assert figures in out
    rows = [row for device in (0, 1) for row in model(100 * (device + 1), device)]
    path = write_csv(tmp_path / "two.csv", rows)
    devices = "2 devices: 0.200 µs (device 0) to 0.400 µs (device 1), 0.600 µs together; figures: "
    assert f"{devices}their critical path" in words(here(capsys, "hotspots", path).out)
    assert f"{devices}all of them, summed up" in words(here(capsys, "hotspots", path, "--per-device").out)


def test_devices_are_one_critical_path_unless_asked(capsys, tmp_path):
    """Of each op the slower device: 300 + 500 ns of 200 + 300 and 500 + 100."""
    rows = [
        op(code, ns, device=device)
        for code, of_devices in (("Embedding", (200, 300)), ("Matmul", (500, 100)))
        for device, ns in enumerate(of_devices)
    ]
    path = write_csv(tmp_path / "mesh.csv", rows)
    shown = json.loads(here(capsys, "top-ops", path, "--json").out)
    assert (shown["capture"]["kernel_duration_ns"], shown["capture"]["kernel_duration_sum_ns"]) == (800, 1100)
    assert [(one["device_id"], one["kernel_duration_ns"]) for one in shown["ops"]] == [(0, 500), (1, 300)]
    every = json.loads(here(capsys, "top-ops", path, "--per-device", "--json").out)
    assert (every["capture"]["kernel_duration_ns"], every["capture"]["kernel_duration_sum_ns"]) == (1100, 1100)
    assert [one["kernel_duration_ns"] for one in every["ops"]] == [500, 300, 200, 100]
