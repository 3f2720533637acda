"""Latency and memory over variants: of callables and of commands, those that fail included."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import statistics
import subprocess
import sys

import pytest
from openpyxl import load_workbook
from support.command import PATIENCE_S, environment, here, perfsheet, wait_until

from perfsheet.errors import PerfsheetError
from perfsheet.models.bench import (
    Bench,
    Entry,
    Group,
    Measurement,
    Printed,
    Runtime,
    Variant,
    baseline_index,
    parse_variants,
    plan_of_variants,
    run_bench,
)
from perfsheet.models.bench.model import INTERRUPTED
from perfsheet.models.bench.printed import PrintedTimes, recorded
from perfsheet.models.bench.running import convert
from perfsheet.models.op_tables import latency_text
from perfsheet.models.outputs.bench import bench_markdown, print_bench
from perfsheet.progress import Watch

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
    assert book["Runs"].max_row == 1 + 2 * (1 + 4)
    assert [cell.value for cell in book["Runs"]["C"][1:3]] == ["warm-up", None]
    assert len(book["Runs"]._charts) == 2
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
    command = "python3 -c 'import time; x = b\"x\" * 40_000_000; time.sleep({seconds}); raise SystemExit({status})'"
    options = ("--vary", "seconds=0.05", "--vary", "status=0,4", "-n", "2", "--json", "-o", "out")
    ended = here(capsys, "bench", "-c", command, *options)
    good, bad = json.loads(ended.out)["variants"]
    assert good["latency_mean_ms"] >= 50
    assert 4e7 < good["peak_memory_bytes"] < 8e7
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


SEED = """\
```{table} **C++ Runtime, with TensorRT**
:name: cpp_trt

| model's precision | trt.enabled_precisions | latency (ms)   |
| ----------------- | ---------------------- | -------------- |
| fp32+fp16         | fp32+bf16+fp16         | 15.433 ± 0.029 |
| fp32              | fp32+bf16+fp16         | 23.263 ± 0.027 |
| fp32              | fp32+bf16              | 25.255 ± 0.014 |
| fp32              | fp32                   | 38.465 ± 0.029 |

```
"""


def rows_of(text):
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| f")]


def labels_of(row):
    return Variant((("model's precision", row[0]), ("trt.enabled_precisions", row[1])))


def test_a_published_table_byte_for_byte():
    measured = []
    for row in rows_of(SEED):
        mean, std = map(float, row[2].split(" ± "))
        measured.append(Measurement(labels_of(row), printed=Printed(mean, std, 10), kind="printed"))
    names = ("model's precision", "trt.enabled_precisions")
    group = Group("cpp_trt", "C++ Runtime, with TensorRT")
    bench = Bench("x", names, tuple(measured), 0, 10, 1, (group,), "NVIDIA RTX 4060 Ti, 16 GB")
    page = bench_markdown(bench, "myst")
    assert page.startswith(f"Benchmarking was done on NVIDIA RTX 4060 Ti, 16 GB.\n\n{SEED}")
    assert "latencies that commands print, ± sample standard deviation (n − 1)" in page


def test_latencies_without_a_deviation_stand_alone():
    rows = tuple(
        Measurement(Variant((("p", "x"),)), printed=Printed(mean), kind="recorded") for mean in (13.984, 37.639)
    )
    page = bench_markdown(Bench("x", ("p",), rows, 0, 10, 1), "myst")
    assert "| x | 13.984       |\n| x | 37.639       |" in page
    both = (*rows, Measurement(Variant((("p", "y"),)), printed=Printed(1.0, 0.5), kind="recorded"))
    assert "| x | 13.984 ± –    |" in bench_markdown(Bench("x", ("p",), both, 0, 10, 1), "myst")


def bench_file(rows):
    """A bench whose three tables are of three kinds of runtime: function, printed, recorded."""
    lines = [
        '[bench]\nhardware = "a GPU"\nbaseline = "trt.enabled_precisions=fp32"\ntokens = 256\ncounted = "new tokens"'
    ]
    lines.append('iterations = 3\nwarmup = 2\n[[group]]\nname = "py"\ncaption = "Python Runtime"')
    lines.append('[[group.row]]\nfunction = "model.py:plain"\nparameters = { seconds = 0.02 }')
    lines.append("labels = { \"model's precision\" = 'fp32', amp_dtype = 'fp32' }")
    lines.append('[[group]]\nname = "cpp"\ncaption = "C++ Runtime"\nnote = "Max memory usage is ~500MB."')
    for precision, enabled, latency in rows:
        mean, std = latency.split(" ± ")
        labels = f"labels = {{ \"model's precision\" = '{precision}', 'trt.enabled_precisions' = '{enabled}' }}"
        lines.append(f'[[group.row]]\n{labels}\ncommand = "python3 -c \'print(\\"mean={mean} std={std} n=100\\")\'"')
        lines.append(
            "latency = 'mean=(?P<mean>[0-9.]+) std=(?P<std>[0-9.]+) n=(?P<n>[0-9]+)'\ndeviation = 'population'"
        )
    lines.append(
        '[[group]]\nname = "old"\n[[group.row]]\nlabels = { kind = "recorded" }\nrecorded = "runs.csv"\nunit = "s"'
    )
    return "\n".join(lines)


@pytest.mark.process
def test_three_runtimes_in_one_bench(module, capsys):
    (module / "bench.toml").write_text(bench_file(rows_of(SEED)))
    (module / "runs.csv").write_text("run, latency\n1, 0.5\n2, 0.7\n")
    ended = here(capsys, "bench", "bench.toml", "--style", "myst", "-o", "out", "--json")
    assert ended.status == 0, ended.err
    found = json.loads(ended.out)
    python, *cpp, old = found["variants"]
    assert [one["kind"] for one in found["variants"]] == ["function", *["printed"] * 4, "recorded"]
    assert (python["runs"], len(python["warmup_ms"])) == (3, 2)
    assert python["tokens_per_s"] == pytest.approx(256e3 / python["latency_mean_ms"])
    assert (old["latency_mean_ms"], old["latency_std_ms"]) == (
        pytest.approx(600),
        pytest.approx(statistics.stdev([500, 700])),
    )
    assert [one["runs"] for one in cpp] == [100] * 4
    assert {one["deviation"] for one in cpp} == {"population"}
    assert cpp[-1]["speed_up"] == 1
    page = (module / "out/bench.md").read_text()
    assert [row for row in rows_of(page) if len(row) == 3][1:] == rows_of(SEED)
    assert page.count("```{table}") == 3
    assert page.startswith("Benchmarking was done on a GPU.\n")
    assert "Max memory usage is ~500MB.\n" in page
    assert "tokens/s of new tokens" in page
    book = load_workbook(module / "out/bench.xlsx")
    assert [cell.value for cell in book["Latency"][1]][:4] == [
        "TABLE",
        "MODEL'S PRECISION",
        "AMP_DTYPE",
        "TRT.ENABLED_PRECISIONS",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no row"),
        ("[bench]\nodd = 1\n", "unknown key 'odd'"),
        ("[benches]\n", "unknown table: benches"),
        ("[[group]]\n[[group.row]]\nlabels = {}\n", "nothing to measure"),
        ("[[group]]\n[[group.row]]\nlabels = {}\nfunction = 'model.py:f'\ncommand = 'x'\n", "function and command"),
        ("[[group]]\n[[group.row]]\nfunction = 'model.py:plain'\n", "labels"),
        (
            "[[group]]\n[[group.row]]\nlabels = {}\nfunction = 'model.py:plain'\niterations = 0\n",
            "group 1, row 1: cannot",
        ),
        ("[[group]]\n[[group.row]]\nlabels = {}\ncommand = 'x'\nlatency = '('\n", "not a regular expression"),
        ("[[group]]\n[[group.row]]\nlabels = {}\ncommand = 'x'\nlatency = 'ms'\n", "has no group"),
        ("[[group]]\n[[group.row]]\nlabels = {}\ncommand = 'x'\nunit = 'h'\n", "unknown unit 'h'"),
        ("[[group]]\n[[group.row]]\nlabels = {}\nrecorded = 'gone.csv'\n", "no file"),
        ("[bench]\nbaseline = 'a=1'\n[[group]]\n[[group.row]]\nlabels = {}\ncommand = 'x'\n", "no variant"),
        ("group = 3\n", "is not a table"),
        ("[bench]\niterations = 'many'\n", "iterations"),
    ],
)
def test_mistakes_in_a_file_are_named(module, capsys, text, said):
    (module / "bench.toml").write_text(text)
    ended = here(capsys, "bench", "bench.toml")
    assert ended.status == 2
    assert said in ended.err
    assert not (module / "generated").exists()


def printed_times(latency, *lines, **of_runtime):
    times = PrintedTimes(Runtime(command="x", latency=latency, **of_runtime))
    for line in lines:
        times.read(line)
    return times.into(Measurement(Variant(), kind="printed"))


def test_several_printed_times_are_runs_and_one_is_a_mean():
    several = printed_times(r"took ([\d.]+) s", "took 1.5 s", "nothing", "took 2.5 s", unit="s")
    assert (several.runs_ms, several.mean_ms, several.runs) == ((1500, 2500), 2000, 2)
    one = printed_times(r"took ([\d.]+)", "took 3")
    assert (one.mean_ms, one.std_ms, one.runs) == (3, None, None)
    assert printed_times(r"took (.+)", "took 1,234.5").mean_ms == 1234.5
    assert printed_times(r"took ([\d.]+)", "took 3", runs=50).runs == 50


@pytest.mark.parametrize(
    ("pattern", "lines", "said"),
    [
        (r"(?P<mean>[\d.]+) ± (?P<std>[\d.]+)", ("1 ± 0.5", "2 ± 0.25"), "its output has 2 means"),
        (r"mean (?P<mean>[\d.]+)", ("mean 9", "mean 5"), "its output has 2 means"),
        (r"took (\S+)", ("took nan",), "matches 'took nan', which has no such number"),
        (r"(?P<mean>\d+) of (?P<n>\S+)", ("5 of many",), "matches '5 of many'"),
        (r"(?P<mean>\S+) ± (?P<std>\S+)", ("5 ± -3",), "which has no such number"),
        (r"(?P<mean>\S+) of (?P<n>\S+)", ("5 of 2.7",), "which has no such number"),
        (r"took (\d+)", ("nothing",), "no line of its output matches"),
    ],
)
def test_what_is_printed_must_be_clear(pattern, lines, said):
    row = printed_times(pattern, *lines)
    assert said in row.problem
    assert row.mean_ms is None


def test_a_pattern_without_a_mean_is_refused():
    with pytest.raises(PerfsheetError, match="none for the mean"):
        PrintedTimes(Runtime(command="x", latency=r"(?P<std>\d+) ms"))
    assert "no line of its output matches" in printed_times(r"took ([\d.]+)", "nothing").problem
    assert printed_times(r"took (\S+)", "took -1").impossible


def test_the_deviation_is_the_one_that_is_asked_for():
    sample = Measurement(Variant(), (1.0, 3.0))
    assert sample.std_ms == pytest.approx(2**0.5)
    assert Measurement(Variant(), (1.0, 3.0), deviation="population").std_ms == 1.0


@pytest.mark.process
def test_labels_are_free(module, capsys):
    (module / "any.py").write_text(
        "def f(a=1, **more):\n    assert more == {'trt.x': 2}, more\n\ndef g(a=1):\n    pass\n"
    )
    for name in ("f", "g"):
        ended = here(
            capsys, "bench", f"any.py:{name}", "--variant", "a=1 trt.x=2", "-n", "1", "-q", "--json", "-o", name
        )
        assert json.loads(ended.out)["variants"][0]["problem"] is None
    echo = "sh -c 'test {trt.x} = fp32+fp16'"
    ended = here(capsys, "bench", "-c", echo, "--vary", "trt.x=fp32+fp16", "-n", "1", "-q", "--json", "-o", "c")
    assert ended.status == 0


@pytest.mark.process
def test_progress_is_told_for_every_run(module):
    class Told(Watch):
        def __init__(self):
            self.steps = []

        def progress(self, done, total):
            self.steps.append((done, total))

    told, runs = Told(), []
    plan = plan_of_variants(Runtime(function="model.py:plain"), parse_variants(["seconds=0.3"], []), 4, 2)
    row = run_bench(plan, told, timed=runs.append).rows[0]
    assert [(run.row, run.number, run.warmup) for run in runs] == [
        ("seconds=0.3", number, number < 3) for number in range(1, 7)
    ]
    assert tuple(run.time_ms for run in runs) == (*row.warmup_ms, *row.runs_ms)
    assert {total for _, total in told.steps} == {6}
    assert told.steps[-1] == (6, 6)
    assert len(told.steps) >= 4
    assert [done for done, _ in told.steps] == sorted({done for done, _ in told.steps})


@pytest.mark.process
def test_each_run_is_kept_as_soon_as_it_is_over(module, capsys):
    (module / "stuck.py").write_text(
        "import time\nruns = []\n\ndef f():\n    def run():\n        runs.append(1)\n"
        "        time.sleep(60 if len(runs) > 3 else 0)\n    return run\n"
    )
    ended = here(capsys, "bench", "stuck.py:f", "-n", "5", "--timeout", "5", "-q", "-o", "out")
    assert ended.status == 1
    header, *lines = (module / "out" / "runs.csv").read_text().splitlines()
    assert header == "variant,run,warmup,latency_ms"
    assert [line.split(",")[:3] for line in lines] == [
        ["as it is", "1", "warm-up"],
        *(["as it is", n, ""] for n in "23"),
    ]


@pytest.mark.process
def test_what_cannot_be_had_of_a_device_costs_no_latency(module, capsys):
    (module / "ttnn.py").write_text("class MeshDevice:\n    pass\n")
    (module / "odd.py").write_text(
        "import weakref, ttnn\n\nclass A:\n    pass\n\nDEAD = weakref.proxy(A())\n\ndef f():\n    return lambda: None\n"
    )
    ended = here(capsys, "bench", "odd.py:f", "-n", "2", "-q", "--json")
    (one,) = json.loads(ended.out)["variants"]
    assert (one["problem"], one["runs"], one["device_memory_bytes"]) == (None, 2, None)


@pytest.mark.process
def test_printed_times_have_the_deviation_that_is_asked_for(module, capsys):
    command = "printf 'lat: 1 ms\\nlat: 3 ms\\n'"
    options = ("--latency", r"lat: (\d+)", "--population", "-q", "--json")
    (one,) = json.loads(here(capsys, "bench", "-c", command, *options).out)["variants"]
    assert (one["latency_mean_ms"], one["latency_std_ms"], one["deviation"]) == (2, 1, "population")


@pytest.mark.parametrize("option", [("-n", "3"), ("--vary", "a=1"), ("--population",), ("--tokens", "3")])
def test_a_file_and_options_for_its_rows_exclude_each_other(module, capsys, option):
    (module / "bench.toml").write_text("[[group]]\n[[group.row]]\nlabels = {}\ncommand = 'true'\n")
    ended = here(capsys, "bench", "bench.toml", *option)
    assert ended.status == 2
    assert f"{option[0]} and a file exclude each other" in ended.err


@pytest.mark.process
def test_parameters_keep_their_types(module, capsys):
    (module / "typed.py").write_text("def f(**given):\n    assert given == {'s': '16', 't': 0.5, 'u': True}, given\n")
    row = "labels = { a = '1' }\nfunction = 'typed.py:f'\nparameters = { s = '16', t = 0.5, u = true }\n"
    (module / "bench.toml").write_text(f"[[group]]\n[[group.row]]\n{row}")
    (one,) = json.loads(here(capsys, "bench", "bench.toml", "-q", "--json").out)["variants"]
    assert one["problem"] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mean,std,n\n10,0.5,100\n12,0.4,100\n", "2 means"),
        ("latency_ms\n", "no rows"),
        ("a,b\n1,2\n", "no column"),
        ("latency_ms\nx\n", "line 2: latency_ms is x, which it cannot be"),
        ("mean,std,n\n10,-1,5\n", "line 2: std is -1"),
        ("mean,std,n\n10,1,0.5\n", "line 2: n is 0.5"),
    ],
)
def test_recorded_files_that_do_not_say_which_latency(tmp_path, text, said):
    (tmp_path / "r.csv").write_text(text)
    runtime = Runtime(recorded=str(tmp_path / "r.csv"))
    assert said in recorded(Entry(Variant(), runtime), Measurement(Variant())).problem


def page(*rows, iterations=10, warmup=1, style="markdown"):
    return bench_markdown(Bench("m.py:f", ("p",), rows, 0, iterations, warmup), style)


def timed(label, runs, **fields):
    return Measurement(Variant((("p", label),)), tuple(map(float, range(10, 10 + runs))), **fields)


def test_the_page_says_how_many_runs_a_mean_is_of():
    alike = page(timed("a", 1, peak_bytes=10_000_000), timed("b", 1), iterations=1)
    assert "Runs" not in alike
    assert "over 1 iteration after 1 warm-up run; memory of the host; speed-up" in alike
    printed = Measurement(Variant((("p", "c"),)), printed=Printed(5.0, 0.1, 100), kind="printed")
    unknown = Measurement(Variant((("p", "d"),)), printed=Printed(5.0), kind="recorded")
    assert [row[2] for row in rows_of(page(timed("f", 10), printed).replace("| c ", "| f "))] == ["10", "100"]
    assert "Runs of each row: 10, 100, unknown." in page(timed("a", 10), printed, unknown, style="myst")


def test_the_page_has_no_more_than_was_measured():
    one = page(timed("a", 10))
    for absent in ("memory", "Speed-up", "speed-up"):
        assert absent not in one
    assert "speed-up" not in page(timed("a", 10), timed("b", 10), style="myst")
    assert "| not measured" in page(timed("a", 10), Measurement(Variant((("p", "b"),)), problem=INTERRUPTED))


GROUPS = """
[bench]
baseline = "group=b,p=x"
deviation = "population"
[[group]]
name = "a"
caption = "The first"
[[group.row]]
labels = { p = "x" }
recorded = "r.csv"
[[group]]
name = "b"
[[group.row]]
labels = { p = "x" }
recorded = "r.csv"
deviation = "sample"
[[group.row]]
labels = { p = "y" }
recorded = "m.csv"
runs = 50
"""


@pytest.fixture
def groups(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.csv").write_text("latency_ms\n9\n11\n")
    (tmp_path / "m.csv").write_text("mean,std\n20,1\n")
    (tmp_path / "g.toml").write_text(GROUPS)
    return tmp_path


def test_rows_of_several_tables_are_told_apart(groups, capsys):
    ended = here(capsys, "bench", "g.toml", "-q", "-o", "out")
    assert ended.status == 0, ended.err
    assert "speed-up of the mean over b: p=x" in ended.out
    assert "**The first**" in ended.out
    assert "**b**" in ended.out
    header, *lines = (groups / "out/bench.csv").read_text().splitlines()
    assert header.startswith("group,p,")
    assert [line.split(",")[:2] for line in lines] == [["a", "x"], ["b", "x"], ["b", "y"]]
    book = load_workbook(groups / "out/bench.xlsx")
    assert {cell.value for cell in book["Runs"]["A"][1:]} == {"a: p=x", "b: p=x"}
    assert [cell.value for cell in book["Latency"]["A"]][:4] == ["TABLE", "a", "b", "b"]


def test_the_kind_of_a_deviation_is_that_of_its_row_and_never_guessed(groups, capsys):
    rows = json.loads(here(capsys, "bench", "g.toml", "-q", "--json", "-o", "out").out)["variants"]
    assert [(row["deviation"], row["runs"]) for row in rows] == [("population", 2), ("sample", 2), (None, 50)]
    assert [round(row["latency_std_ms"], 3) for row in rows] == [1, 1.414, 1]
    page = (groups / "out/bench.md").read_text()
    assert "| population" in page
    assert "| not said" in page
    assert "a standard deviation whose kind was not said" in page
    assert page.count("Recorded, not of this run: all rows.") == 2


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("recorded = 'r.csv'\nwarmup = 2", "'warmup' means nothing for a recorded row"),
        ("recorded = 'r.csv'\npython = 'x'", "'python' means nothing for a recorded row"),
        ("command = 'x'\nlatency = '(1)'\niterations = 3", "'iterations' means nothing for a printed row"),
        ("command = 'x'\nunit = 's'", "'unit' means nothing for a command row"),
        ("function = 'model.py:f'\nruns = 3", "'runs' means nothing for a function row"),
        ("recorded = 'm.csv'\nruns = 0", "group 1, row 1: `runs` 0: not a number of runs"),
        ("recorded = 'r.csv'\nruns = 9", "`runs` is of a mean, and latency_ms has 2 runs"),
    ],
)
def test_keys_that_would_do_nothing_are_refused(groups, capsys, row, told):
    (groups / "k.toml").write_text(f"[[group]]\n[[group.row]]\nlabels = {{ p = 'x' }}\n{row}\n")
    ended = here(capsys, "bench", "k.toml", "-q")
    assert ended.status == 2
    assert told in ended.err


def test_two_groups_of_one_name_are_refused(groups, capsys):
    (groups / "g.toml").write_text(GROUPS.replace('name = "b"', 'name = "a"'))
    assert "two groups are called 'a'" in here(capsys, "bench", "g.toml", "-q").err


@pytest.mark.process
def test_a_label_that_reaches_nothing_is_said(groups, capsys):
    (groups / "h.py").write_text("def h():\n    pass\n")
    ended = here(capsys, "bench", "h.py:h", "--vary", "trt.precision=a,b", "-n", "1", "-q")
    assert ended.err.count("takes no trt.precision: only a label there") == 1


@pytest.mark.process
def test_a_command_smaller_than_what_measures_it_has_no_memory(groups, capsys):
    ended = here(capsys, "bench", "-c", "true", "-n", "1", "-q", "--json")
    assert json.loads(ended.out)["variants"][0]["peak_memory_bytes"] is None


def test_a_terminal_gets_a_table_that_fits(monkeypatch):
    rows = (timed("a", 10), timed("b" * 60, 10))
    out = io.StringIO()
    out.isatty = lambda: True
    monkeypatch.setenv("COLUMNS", "60")
    print_bench(Bench("m.py:f", ("p",), rows, 0, 10, 1, hardware="a board"), out)
    text = re.sub(r"\x1b\[[\d;]*m", "", out.getvalue())
    assert max(map(len, text.splitlines())) <= 60
    assert "LATENCY [ms]" in text
    assert "1.00×" in text
