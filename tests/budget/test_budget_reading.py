"""perf-budget.toml: what it may say, and every mistake in one line."""

from __future__ import annotations

import pytest

from perfsheet import Options, Selection
from perfsheet.budget import read_budget
from perfsheet.budget.limits import LIMITS
from perfsheet.budget.quantities import Unit, exact_time, quantity
from perfsheet.errors import ExitStatus, PerfsheetError


def budget(tmp_path, text):
    path = tmp_path / "perf-budget.toml"
    path.write_text(text, encoding="utf-8")
    return read_budget(path)


FULL = """
tolerance = "5 %"

[window]
pass = "last"
start-signpost = "start"
device = [0, 1]
batch = 8
board = "n150"

[limits]
kernel-time = "3.9 ms"
fps = 250
reshards = 64

[op-types.MatmulDeviceOperation]
tolerance = "10%"
kernel-time = "1_800 us"

[[ops]]
op-code = "LayerNormDeviceOperation"
shape = "384×768"
longest = 34_500
"""


def test_a_full_budget(tmp_path):
    found = budget(tmp_path, FULL)
    assert [(one.name, one.value, one.allowed) for one in found.bounds] == [
        ("limits.kernel-time", 3.9e6, pytest.approx(3.9e6 * 1.05)),
        ("limits.fps", 250, pytest.approx(250 * 0.95)),
        ("limits.reshards", 64, 64),
        ("op-types.MatmulDeviceOperation.kernel-time", 1.8e6, pytest.approx(1.98e6)),
        ("ops.LayerNormDeviceOperation · 384×768.longest", 34_500, pytest.approx(34_500 * 1.05)),
    ]
    options = found.window(Options())
    assert (options.batch, options.board) == (8, "n150")
    assert options.selection == Selection(start_signpost="start", devices=(0, 1), which_pass="last")


def test_what_the_user_chose_stays(tmp_path):
    given = Options(batch=2, selection=Selection(which_pass="first"))
    options = budget(tmp_path, FULL).window(given, {"batch", "which_pass"})
    assert (options.batch, options.selection.which_pass, options.selection.start_signpost) == (2, "first", "start")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "sets no limit; give [limits] one"),
        ("tolerance = 5", "sets no limit"),
        ("[limits", "is not valid TOML"),
        (
            "[limit]\nops = 1",
            "unknown table or key 'limit'; known: tolerance, two-sided, hardware, window, limits, op-types, ops",
        ),
        ("limits = 3", "limits is not a table"),
        ("[limits]\nkernel_time = 3", "limits has no limit 'kernel_time'; known: kernel-time, "),
        (
            "[limits]\nkernel-time = '3 parsecs'",
            "limits.kernel-time = '3 parsecs' is not valid; write \"3.9 ms\"",
        ),
        ("[limits]\nkernel-time = -1", "limits.kernel-time = -1 is not valid"),
        ("[limits]\nkernel-time = nan", "is not valid"),
        ("[limits]\nops = true", "limits.ops = True is not valid; write 64"),
        ("[limits]\nops = [1]", "limits.ops = [1] is not valid"),
        ("[limits]\nutilization = '30 ms'", 'write "30 %"'),
        ("tolerance = 'some'\n[limits]\nops = 1", "tolerance = 'some' is not a percentage"),
        (
            "two-sided = true\ntolerance = '100 %'\n[limits]\nops = 1",
            "limits.ops is two-sided with a tolerance of 100 %",
        ),
        ("[op-types.Matmul]\nreshards = 1", "op-types.Matmul has no limit 'reshards'; known: kernel-time, longest"),
        ("[op-types]\nMatmul = 1", "op-types.Matmul is not a table"),
        ("[ops]\na = 1", "ops is not a list of tables; write [[ops]]"),
        ("[[ops]]\nlongest = 1", "ops 1 has no op-code"),
        ("[window]\npasses = 1\n[limits]\nops = 1", "window has no key 'passes'; known: start-signpost"),
        ("[window]\npass = 'second'\n[limits]\nops = 1", "window: `pass` second: no such pass"),
        ("[window]\nbatch = 'many'\n[limits]\nops = 1", "window.batch = 'many' has the wrong type"),
        ("[window]\nboard = 5\n[limits]\nops = 1", "window.board = 5 has the wrong type"),
        ("[window]\nstart-signpost = 5\n[limits]\nops = 1", "window.start-signpost = 5 has the wrong type"),
        ("[window]\npass = true\n[limits]\nops = 1", "window.pass = True has the wrong type"),
        ("[window]\nhost-ops = 0\n[limits]\nops = 1", "window.host-ops = 0 has the wrong type"),
        ("[window]\ndevice = ['0']\n[limits]\nops = 1", "window.device = ['0'] has the wrong type"),
        ("[window]\nref-cores = 'many'\n[limits]\nops = 1", "window: `ref-cores` many"),
        ("[window]\nboard = 'n999'\n[limits]\nops = 1", "window: "),
    ],
)
def test_mistakes_are_named(tmp_path, text, told):
    with pytest.raises(PerfsheetError) as error:
        budget(tmp_path, text)
    assert error.value.status == ExitStatus.USAGE
    assert told in str(error.value)
    assert "perf-budget.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_budget_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(PerfsheetError, match="budget init"):
            read_budget(path)
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(PerfsheetError, match="not UTF-8"):
        read_budget(tmp_path / "latin.toml")


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("3.9 ms", Unit.TIME, 3.9e6),
        ("3.9ms", Unit.TIME, 3.9e6),
        ("12 µs", Unit.TIME, 12_000),
        ("12us", Unit.TIME, 12_000),
        ("1_000", Unit.TIME, 1000),
        (1000, Unit.TIME, 1000),
        ("2 s", Unit.TIME, 2e9),
        ("30 %", Unit.SHARE, 0.3),
        (30, Unit.SHARE, 0.3),
        ("64", Unit.COUNT, 64),
        (2.5, Unit.RATE, 2.5),
        ("2.5 %", Unit.RATE, None),
        ("1e400", Unit.TIME, None),
        ("", Unit.COUNT, None),
        (None, Unit.COUNT, None),
    ],
)
def test_quantities(text, unit, value):
    assert quantity(text, unit) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize("nanoseconds", [0, 1, 999, 1000, 12_345, 3_804_885, 127_591_364, 1.5, 3e6 + 1 / 3, 2e9 / 3])
def test_exact_times_lose_nothing(nanoseconds):
    assert quantity(exact_time(nanoseconds), Unit.TIME) == pytest.approx(nanoseconds, rel=1e-15)


def test_every_limit_has_its_line_in_the_docs():
    from pathlib import Path

    text = (Path(__file__).resolve().parents[2] / "docs" / "budgets.md").read_text(encoding="utf-8")
    for limit in LIMITS:
        assert f"| `{limit.key}` |" in text, limit.key
