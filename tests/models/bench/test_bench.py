"""Latency and memory over variants: of callables and of commands, those that fail included."""

from __future__ import annotations

import csv
import json
import signal
import statistics
import subprocess
import sys

import pytest
from openpyxl import load_workbook
from support.command import PATIENCE_S, environment, here, perfsheet, wait_until

from perfsheet.errors import PerfsheetError
from perfsheet.models.bench import Measurement, Variant, baseline_index, parse_variants
from perfsheet.models.bench.running import convert
from perfsheet.models.op_tables import latency_text

MODULE = """
import time

def infer(precision="fp32", batch=1):
    if precision == "fp8":
        raise ValueError("no such precision")
    if precision == "dies":
        import os
        os._exit(3)
    kept = bytearray(80_000_000 if precision == "fp32" else 1_000)
    assert isinstance(batch, int)
    def run():
        time.sleep(0.03 if precision == "fp32" else 0.01)
        return len(kept)
    return run

def plain(seconds):
    time.sleep(seconds)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "model.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_matrix_is_every_combination():
    found = parse_variants(["runtime=plain,trace", "precision=fp32,bf16"], ["runtime=x precision=y"])
    assert [variant.name for variant in found] == [
        "runtime=plain, precision=fp32",
        "runtime=plain, precision=bf16",
        "runtime=trace, precision=fp32",
        "runtime=trace, precision=bf16",
        "runtime=x, precision=y",
    ]
    assert baseline_index("precision=bf16", found) == 1
    assert baseline_index("runtime=trace,precision=bf16", found) == 3
    assert [variant.values for variant in parse_variants([], [])] == [()]
    assert len(parse_variants([], ["a=1"])) == 1


@pytest.mark.parametrize("wrong", ["a", "a=", "=b", "a=1,,2", "a=1,1", "1a=2"])
def test_what_is_no_parameter(wrong):
    with pytest.raises(PerfsheetError):
        parse_variants([wrong], [])


def test_values_of_functions():
    assert [convert(text) for text in ("1", "-2", "0.5", "1e-3", "true", "bf16", "1_0", "nan")] == [
        1, -2, 0.5, 1e-3, True, "bf16", "1_0", "nan",
    ]  # fmt: skip


@pytest.mark.process
def test_callables(module, capsys):
    ended = here(capsys, "bench", "model.py:infer", "--vary", "precision=fp32,bf16,fp8,dies", "-n", "4", "--json")
    assert ended.status == 1
    fp32, bf16, fp8, dies = json.loads(ended.out)["variants"]
    for one in (fp32, bf16):
        assert one["runs"] == 4
        assert one["latency_mean_ms"] == pytest.approx(statistics.fmean(one["runs_ms"]))
        assert one["latency_std_ms"] == pytest.approx(statistics.stdev(one["runs_ms"]))
    assert fp32["latency_mean_ms"] >= 30
    assert fp32["peak_memory_bytes"] - bf16["peak_memory_bytes"] > 60e6
    assert bf16["speed_up"] == pytest.approx(fp32["latency_mean_ms"] / bf16["latency_mean_ms"])
    assert (fp8["problem"], fp8["latency_mean_ms"]) == ("ValueError: no such precision", None)
    assert "status 3" in dies["problem"]
    folder = module / "generated/bench/infer"
    with (folder / "bench.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    assert float(lines[0]["latency_mean_ms"]) == fp32["latency_mean_ms"]
    book = load_workbook(folder / "bench.xlsx")
    assert book["Latency"]["B2"].value == pytest.approx(fp32["latency_mean_ms"])
    assert book["Runs"].max_row == 9
    assert "ValueError: no such precision" in (folder / "bench.log").read_text()
    text = (folder / "bench.md").read_text()
    assert f"{fp32['latency_mean_ms']:.3f} ± {fp32['latency_std_ms']:.3f}" in text
    assert "| failed " in text
    assert here(capsys, "bench", "model.py:infer").status == 7


@pytest.mark.process
def test_a_function_that_returns_nothing_is_what_is_timed(module, capsys):
    ended = here(
        capsys, "bench", "model.py:plain", "--vary", "seconds=0.02", "-n", "1", "--warmup", "0", "-q", "--json"
    )
    (one,) = json.loads(ended.out)["variants"]
    assert one["latency_mean_ms"] >= 20
    assert one["latency_std_ms"] is None


@pytest.mark.process
def test_commands(module, capsys):
    command = "python3 -c 'import time; time.sleep({seconds}); raise SystemExit({status})'"
    options = ("--vary", "seconds=0.05", "--vary", "status=0,4", "-n", "2", "--json", "-o", "out")
    ended = here(capsys, "bench", "-c", command, *options)
    good, bad = json.loads(ended.out)["variants"]
    assert good["latency_mean_ms"] >= 50
    assert good["peak_memory_bytes"] > 1e6
    assert bad["problem"] == "ended with status 4"


@pytest.mark.process
def test_a_variant_that_hangs_is_ended(module):
    ended = perfsheet("bench", "-c", "sleep {seconds}", "--vary", "seconds=30", "--timeout", "1", "-q", cwd=module)
    assert ended.status == 1
    assert "time limit of 1 s" in ended.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "a bench needs either"),
        (("model.py:infer", "-c", "x"), "a bench needs either"),
        (("model.py",), "does not name a function"),
        (("gone.py:f",), "no module gone.py"),
        (("-c", "echo", "--vary", "a=1"), "does not use a"),
        (("-c", "echo 'x"), "cannot read the command"),
        (("-c", "echo {a} {b}", "--variant", "a=1 b=2", "--variant", "a=1"), "a=1 has no b"),
        (("model.py:infer", "--variant", "a=1 a=2"), "twice"),
        (("model.py:infer", "-n", "0"), "cannot measure 0 iterations"),
        (("model.py:infer", "--baseline", "a=1"), "no variant"),
        (("model.py:infer", "--timeout", "0"), "not a time"),
    ],
)
def test_what_cannot_be_followed(module, capsys, arguments, said):
    ended = here(capsys, "bench", *arguments)
    assert ended.status == 2
    assert said in ended.err


@pytest.mark.process
def test_a_run_that_tells_what_the_function_is_counts_like_any_other(module, capsys):
    (module / "count.py").write_text("def f():\n    open('calls', 'a').write('x')\n")
    here(capsys, "bench", "count.py:f", "-n", "3", "--warmup", "2", "-q")
    assert len((module / "calls").read_text()) == 5


def test_small_times_keep_their_digits():
    row = Measurement(Variant(), (0.0006123, 0.0006145))
    assert latency_text(row) == "0.0006134 ± 0.0000016"


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_what_was_measured_before_an_interruption_is_kept(module):
    measured = "sh -c 'touch measured-{s}; exec sleep {s}0'"
    arguments = ("bench", "-c", measured, "--vary", "s=0.01,30", "-n", "1", "-q", "-o", "out")
    command = [sys.executable, "-m", "perfsheet", *arguments]
    running = subprocess.Popen(
        command,
        cwd=module,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509  # as a shell has it
    )
    wait_until((module / "measured-30").exists, "the second variant is being measured")
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 130
    with (module / "out/bench.csv").open() as stream:
        first, second = csv.DictReader(stream)
    assert float(first["latency_mean_ms"]) >= 10
    assert second["problem"] == "not measured: interrupted"
