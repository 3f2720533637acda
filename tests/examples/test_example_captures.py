"""The committed captures are the generator's, hold together as a profiler's would, and show what the README says."""

import csv
import io
import itertools
import math
import re
import statistics

import pytest

from examples.encoder_block.config import VARIANTS
from examples.generate.capture import COLUMNS, capture_text
from examples.make_captures import CAPTURES, capture_name, main

KERNEL = "DEVICE KERNEL DURATION [ns]"
RESHARD = re.compile("Reshard|InterleavedToSharded|ShardedToInterleaved")
both = pytest.mark.parametrize("name", list(VARIANTS))


def read(name):
    text = (CAPTURES / capture_name(name)).read_bytes().decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def device_rows(name):
    return [row for row in read(name) if row["OP TYPE"] == "tt_dnn_device"]


def total(rows):
    return sum(int(row[KERNEL]) for row in rows)


def padded(row, tensor):
    return [int(row[f"{tensor}_{axis}_PAD[LOGICAL]"].split("[")[0]) for axis in "WZYX"]


@both
def test_committed_capture_is_what_the_generator_writes(name):
    committed = (CAPTURES / capture_name(name)).read_bytes()
    assert committed == capture_text(VARIANTS[name]).encode(), "run: python examples/make_captures.py"


def test_script_writes_both_captures(tmp_path, capsys):
    assert main([str(tmp_path)]) == 0
    paths = [tmp_path / capture_name(name) for name in VARIANTS]
    assert capsys.readouterr().out.splitlines() == [str(path) for path in paths]
    assert [path.read_bytes() for path in paths] == [(CAPTURES / path.name).read_bytes() for path in paths]


@both
def test_dialect_and_columns_of_the_newest_schema(name):
    data = (CAPTURES / capture_name(name)).read_bytes()
    lines = data.decode().split("\r\n")
    assert lines.pop() == ""
    assert not any("\n" in line or "\r" in line for line in lines)
    # A comma only ever separates cells: the profiler replaces the others before it writes.
    assert {line.count(",") for line in lines} == {len(COLUMNS) - 1}
    header = lines[0].split(",")
    assert header == COLUMNS
    newest = {"SUB DEVICE ID", "DRAM BW UTIL PER CTRL (%)", "PROGRAM HASH", "DEVICE ARCH", "INPUT_0_W_PAD[LOGICAL]"}
    assert newest <= set(header)


@both
def test_every_kind_of_row_appears_in_host_order(name):
    rows = read(name)
    assert {r["OP TYPE"] for r in rows} == {"tt_dnn_device", "tt_dnn_cpu", "python_fallback", "signpost"}
    assert all("(torch)" in r["OP CODE"] for r in rows if r["OP TYPE"] == "python_fallback")
    assert [r["OP CODE"] for r in rows if r["OP TYPE"] == "signpost"] == ["start", "stop"] * 2
    starts = [int(r["HOST START TS"]) for r in rows]
    assert starts == sorted(starts)
    counts = [int(r["GLOBAL CALL COUNT"]) for r in rows if r["GLOBAL CALL COUNT"]]
    assert counts == [1024 * n for n in range(1, len(counts) + 1)]


@both
def test_device_times_are_consistent(name):
    rows = device_rows(name)
    previous_fw_end = 0
    for row in rows:
        fw_start, fw_end = int(row["DEVICE FW START CYCLE"]), int(row["DEVICE FW END CYCLE"])
        assert fw_end - fw_start == int(row["DEVICE FW DURATION [ns]"]) > int(row[KERNEL]) > 0
        assert fw_start >= previous_fw_end
        previous_fw_end = fw_end
    lead = 310  # from firmware start to kernel start
    kernel_ends = [int(r["DEVICE FW START CYCLE"]) + lead + int(r[KERNEL]) for r in rows]
    gaps = [int(r["DEVICE FW START CYCLE"]) + lead - end for r, end in zip(rows[1:], kernel_ends, strict=False)]
    assert [int(r["OP TO OP LATENCY [ns]"]) for r in rows] == [0, *gaps]


@both
def test_cold_pass_compiles_and_warm_pass_hits_the_cache(name):
    rows = read(name)
    starts = [i for i, row in enumerate(rows) if row["OP CODE"] == "start"]
    stops = [i for i, row in enumerate(rows) if row["OP CODE"] == "stop"]
    cold, warm = (rows[a + 1 : b] for a, b in zip(starts, stops, strict=True))
    assert [r["OP CODE"] for r in cold] == [r["OP CODE"] for r in warm]
    assert {r["PROGRAM CACHE HIT"] for r in warm} == {"True"}
    seen = set()
    for row in device_rows(name):
        assert (row["PROGRAM CACHE HIT"] == "True") == (row["PROGRAM HASH"] in seen)
        seen.add(row["PROGRAM HASH"])
    gap = "OP TO OP LATENCY [ns]"
    assert max(int(r[gap]) for r in cold) > 300_000_000
    assert max(int(r[gap]) for r in warm) < 1_000_000
    # `before` keeps the device busy; with the short kernels of `after` it waits for the host, as the README says.
    waits = statistics.median(int(r[gap]) for r in warm) > 9_000
    assert waits == (name == "after")


@both
def test_one_program_has_one_description(name):
    described = {}
    for row in device_rows(name):
        key = (row["OP CODE"], row["ATTRIBUTES"], row["INPUT_0_MEMORY"], *padded(row, "INPUT_0"))
        assert described.setdefault(row["PROGRAM HASH"], key) == key


@both
def test_pm_columns_follow_the_profilers_model(name):
    phases = {"LoFi": 1, "HiFi2": 2, "HiFi4": 4}
    for row in device_rows(name):
        code = row["OP CODE"]
        ideal, compute, bandwidth = (int(row[f"PM {part} [ns]"]) for part in ("IDEAL", "COMPUTE", "BANDWIDTH"))
        assert ideal == max(compute, bandwidth)
        assert float(row["PM FPU UTIL (%)"]) == round(100 * compute / int(row[KERNEL]), 3)
        if code not in {"MatmulDeviceOperation", "SDPAOperation"}:
            assert (ideal, row["PM REQ I BW"], row["PM REQ O BW"]) == (1, "[]", "[]")
            continue
        _, heads, rows, depth = padded(row, "INPUT_0")
        if code == "SDPAOperation":
            flops, tensors = 4 * rows * rows * depth * heads, ["INPUT_0", "INPUT_1", "INPUT_2", "OUTPUT_0"]
        else:
            flops, tensors = 2 * rows * depth * padded(row, "INPUT_1")[-1], ["INPUT_0", "INPUT_1", "OUTPUT_0"]
        assert compute == math.ceil(flops * phases[row["MATH FIDELITY"]] / (64 * 4096))
        transfers = [1]
        for tensor in tensors:
            if "_DRAM_" in row[f"{tensor}_MEMORY"]:
                size = math.prod(padded(row, tensor)) * {"BFLOAT16": 2, "BFLOAT8_B": 1}[row[f"{tensor}_DATATYPE"]]
                transfers.append(int(size / (258 * 1.073741824)))
        assert bandwidth == max(transfers)


def shares(rows):
    """Kernel time in ms, and the percentages that the README quotes, from the text of the rows alone."""
    low = [r for r in rows if int(r["CORE COUNT"]) <= 0.25 * int(r["AVAILABLE WORKER CORE COUNT"])]
    reshards = [r for r in rows if RESHARD.search(r["OP CODE"])]
    return total(rows) / 1e6, 100 * total(low) / total(rows), 100 * total(reshards) / total(rows)


@both
def test_readme_quotes_this_capture(name):
    rows = device_rows(name)
    flags = [bool(RESHARD.search(r["OP CODE"])) for r in rows]
    pairs = sum(a and b for a, b in itertools.pairwise(flags))
    milliseconds, low, reshards = shares(rows)
    line = (
        f"| `{capture_name(name)}` | {len(rows)} | {milliseconds:.2f} ms | {low:.1f} % | "
        f"{sum(flags)} = {reshards:.1f} % | {pairs} |"
    )
    assert line in (CAPTURES / "README.md").read_text(encoding="utf-8")


def test_after_is_faster_for_the_reasons_that_before_shows():
    before, after = device_rows("before"), device_rows("after")
    assert total(before) > 3 * total(after)
    low_cores, reshards = shares(before)[1:]
    low_cores_after, reshards_after = shares(after)[1:]
    assert low_cores > 15
    assert low_cores_after < 10
    assert reshards > 10
    assert reshards_after < 1
    norms = [r for r in before if r["OP CODE"] == "LayerNormDeviceOperation"]
    assert {r["CORE COUNT"] for r in norms} == {"12"}
    assert total(norms) > 0.1 * total(before)
    assert {r["MATH FIDELITY"] for r in before if "Matmul" in r["OP CODE"]} == {"HiFi4"}
    assert {r["MATH FIDELITY"] for r in after if "Matmul" in r["OP CODE"]} == {"LoFi"}
    assert {r["INPUT_1_DATATYPE"] for r in after if "Matmul" in r["OP CODE"]} == {"BFLOAT8_B"}
