"""`compare`, `check` and `budget init` as commands."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook
from support.captures import fallback, op, write_csv
from support.command import here

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")


MODEL = (("Matmul", 100), ("Softmax", 150), ("LayerNorm", 50))


@pytest.fixture
def sides(tmp_path):
    rows = [op("MatmulDeviceOperation", 40_000, pm=20_000), op("LayerNormDeviceOperation", 9000, 1), op("Softmax", 500)]
    faster = [op("MatmulDeviceOperation", 20_000, fidelity="LoFi", pm=20_000), op("LayerNormDeviceOperation", 9000, 1)]
    return write_csv(tmp_path / "base.csv", rows), write_csv(tmp_path / "new.csv", faster)


def test_the_terminal(capsys, sides):
    done = here(capsys, "compare", *sides)
    assert done.status == 0
    assert "−20.500 µs of kernel time, 41.4 % less: 49.500 µs before, 29.000 µs now" in done.out
    assert "math_fidelity – → LoFi" in done.out
    assert "ops: 1 same, 1 changed, 1 removed" in done.out


def test_a_capture_with_itself_says_so_everywhere(capsys, sides, tmp_path):
    files = [tmp_path / name for name in ("a.xlsx", "a.html", "a.md")]
    done = here(capsys, "compare", sides[0], sides[0], "-o", files[0], "--html", files[1], "--md", files[2])
    assert "Nothing changed: every op has its counterpart" in done.out
    assert "Nothing changed" in files[1].read_text(encoding="utf-8")
    assert "Nothing changed" in files[2].read_text(encoding="utf-8")
    book = load_workbook(files[0])
    assert any("Nothing changed" in str(cell.value) for row in book["Summary"].iter_rows() for cell in row)
    data = json.loads(here(capsys, "compare", sides[0], sides[0], "--json").out)
    assert (data["delta_ns"], data["delta_pct"], data["changes"]) == (0, 0, [])
    assert {record["status"] for record in data["ops"]} == {"same"}
    assert data["findings"]["fixed"] == data["findings"]["new"] == []


def test_json_keeps_its_contract(capsys, sides):
    data = json.loads(here(capsys, "compare", *sides, "--json").out)
    assert data["base"]["paths"] == [str(sides[0])]
    assert data["new"]["paths"] == [str(sides[1])]
    assert (data["delta_ns"], data["delta_pct"]) == (-20_500, pytest.approx(-100 * 20_500 / 49_500))
    assert sum(record["base_ns"] for record in data["ops"]) == data["base"]["kernel_duration_ns"] == 49_500
    assert sum(record["new_ns"] for record in data["ops"]) == data["new"]["kernel_duration_ns"] == 29_000
    matmul = data["ops"][0]
    assert (matmul["status"], matmul["op_code"], matmul["delta_ns"]) == ("changed", "MatmulDeviceOperation", -20_000)
    assert matmul["changes"] == {"math_fidelity": [None, "LoFi"]}
    assert [row["row"] for row in matmul["base_rows"]] == [row["row"] for row in matmul["new_rows"]] == [2]
    removed = next(record for record in data["ops"] if record["status"] == "removed")
    assert (removed["op_code"], removed["base_ns"], removed["new_ns"], removed["new_rows"]) == ("Softmax", 500, 0, [])
    assert {
        record["op_type"]: (record["base_count"], record["new_count"], record["delta_ns"]) for record in data["groups"]
    } == {
        "MatmulDeviceOperation": (1, 1, -20_000),
        "LayerNormDeviceOperation": (1, 1, 0),
        "Softmax": (1, 0, -500),
    }
    assert [record["rule"] for record in data["findings"]["remaining"]].count("low-core-count") == 1
    assert data["others"] == []


def test_another_part_of_the_base_is_in_json_where_it_is_compared(capsys, tmp_path):
    """Setup (900 ns) is left out only beside a capture of several passes (300 ns each)."""

    def capture(name, passes):
        late = {"Matmul": "900000"}
        model = [op(code, ns) | {"OP TO OP LATENCY [ns]": late.get(code, "9")} for code, ns in MODEL]
        return write_csv(tmp_path / name, [op("Embeddings", 900), *model * passes])

    one, again, three = capture("one.csv", 1), capture("again.csv", 1), capture("three.csv", 3)
    data = json.loads(here(capsys, "compare", one, again, three, "--json").out)
    (other,) = data["others"]
    for record, base in ((data, data["base"]), (other, other["base"])):
        for side, capture in (("base", base), ("new", record["new"])):
            assert sum(op[f"{side}_ns"] for op in record["ops"]) == capture["kernel_duration_ns"]
    assert (data["base"]["kernel_duration_ns"], other["base"]["kernel_duration_ns"]) == (1200, 300)
    assert other["notes"] == ["1 op before left out: counterparts in the other capture belong to no pass"]


def test_several_captures_beside_the_base(capsys, sides, tmp_path):
    third = write_csv(tmp_path / "third.csv", [op("MatmulDeviceOperation", 50_000)])
    data = json.loads(here(capsys, "compare", *sides, third, "--json").out)
    assert [record["delta_ns"] for record in (data, *data["others"])] == [-20_500, 500]
    assert not any("base" in record for record in data["others"])
    book = tmp_path / "a.xlsx"
    done = here(capsys, "compare", *sides, third, "-o", book)
    assert done.out.count("before base.csv") == 2
    assert load_workbook(book).sheetnames == [
        *("Summary", "Changes", "By Op Type", "All Ops", "Findings"),
        *("Changes 2", "By Op Type 2", "All Ops 2", "Findings 2"),
    ]


def test_runs_of_a_side_by_comma_and_by_pattern(capsys, tmp_path):
    for side, times in (("a", (1000, 1010, 990)), ("b", (1100, 1110, 1090))):
        for number, time in enumerate(times):
            (tmp_path / side).mkdir(exist_ok=True)
            write_csv(tmp_path / side / f"{number}.csv", [op("MatmulDeviceOperation", time), op("Softmax", 100)])
    joined = ",".join(str(tmp_path / "a" / f"{number}.csv") for number in range(3))
    data = json.loads(here(capsys, "compare", joined, tmp_path / "b" / "*.csv", "--json").out)
    assert (data["noise"]["judged_by"], data["noise"]["base_samples"], data["noise"]["new_samples"]) == ("runs", 3, 3)
    assert data["noise"]["new_kernel_duration"]["runs"] == 3
    assert data["beyond_noise"]
    assert [record["status"] for record in data["ops"]] == ["changed", "same"]
    nothing = here(capsys, "compare", joined, tmp_path / "c*.csv")
    assert (nothing.status, "no file matches this pattern" in nothing.err) == (3, True)


def test_a_name_with_a_comma_is_a_name(capsys, tmp_path):
    path = write_csv(tmp_path / "a,b.csv", [op("Softmax", 100)])
    assert here(capsys, "compare", path, path).status == 0


def test_windows_are_those_of_both_sides(capsys, tmp_path):
    rows = [op("MatmulDeviceOperation", 100), op("Softmax", 10)]
    two, three = (write_csv(tmp_path / f"{count}.csv", rows * count) for count in (2, 3))
    data = json.loads(here(capsys, "compare", two, three, "--pass", "last", "--json").out)
    assert (data["base"]["window"], data["new"]["window"]) == ("pass 2 of 2", "pass 3 of 3")
    assert (data["delta_ns"], data["notes"]) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("missing.csv", "missing.csv"), 3, "missing.csv: no such file"),
        (("{base}", "{base}", "--noise", "-1"), 2, "--noise -1.0: not a percentage"),
        (("{base}", "{new}", "-o", "{base}"), 2, "the name must end in .xlsx"),
        (("{base}", "{new}", "--html", "a.html", "--md", "{new}"), 2, "is an input"),
        (("{base}", "{new}", "--html", "a.txt"), 2, "the name must end in .html"),
        (("{base}", "{new}", "--md", "-", "--json"), 2, "both take standard output"),
        (("{base}",), 2, "NEW"),
    ],
)
def test_what_cannot_be_followed(capsys, sides, tmp_path, monkeypatch, arguments, status, message):
    monkeypatch.chdir(tmp_path)
    filled = [argument.format(base=sides[0], new=sides[1]) for argument in arguments]
    before = sides[0].read_bytes()
    done = here(capsys, "compare", *filled)
    assert done.status == status
    assert message in done.err
    assert sides[0].read_bytes() == before


def test_markdown_on_standard_output(capsys, sides):
    done = here(capsys, "compare", *sides, "--md", "-")
    assert done.out.startswith("## Before and after · −20.500 µs of kernel time")
    assert "| `MatmulDeviceOperation` |" in done.out


def test_a_budget_from_init_to_breach(capsys, sides, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = here(capsys, "budget", "init", sides[1])
    assert (done.status, done.out) == (0, "Wrote perf-budget.toml\n")
    assert here(capsys, "budget", "init", sides[1]).status == 7
    assert here(capsys, "check", sides[1]).status == 0
    done = here(capsys, "check", sides[0])
    assert done.status == 1
    lines = done.out.splitlines()
    assert lines[1].startswith("Capture: every row used (3)")
    assert lines[2].startswith(
        "FAIL  limits.kernel-time: 49.500 µs, at most 30.450 µs allowed (29.000 µs + 5 %); rows 2"
    )
    breached = sum(line.startswith("FAIL") for line in lines)
    assert lines[-1] == f"{breached} of {len(lines) - 3} limits breached"
    data = json.loads(here(capsys, "check", sides[0], "--json").out)
    assert (data["passed"], len(data["breaches"])) == (False, breached)
    first = data["breaches"][0]
    assert (first["limit"], first["allowed"], first["measured"]) == ("limits.kernel-time", 30_450, 49_500)
    assert [row["row"] for row in first["rows"]] == [2, 3, 4]


def test_check_as_junit_and_as_annotations(capsys, sides, tmp_path):
    budget = tmp_path / "b.toml"
    budget.write_text('[limits]\nkernel-time = "40 us"\nops = 3\n', encoding="utf-8")
    xml = tmp_path / "out.xml"
    done = here(capsys, "check", sides[0], "--budget", budget, "--junit", xml, "--github")
    assert done.status == 1
    (suite,) = ElementTree.parse(xml).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [(case.get("name"), len(case)) for case in suite] == [("limits.kernel-time", 1), ("limits.ops", 0)]
    (line,) = [line for line in done.out.splitlines() if line.startswith("::")]
    assert line.startswith("::error file=")
    assert "title=perf budget%3A limits.kernel-time::limits.kernel-time: 49.500 µs, at most 40.000 µs" in line
    assert here(capsys, "check", sides[0], "--budget", budget, "--junit", xml).status == 7


def test_check_against_a_capture(capsys, sides):
    assert here(capsys, "check", sides[1], "--against", sides[0]).status == 0
    done = here(capsys, "check", sides[0], "--against", sides[1], "--fail-over", "50%")
    assert done.status == 1
    assert "FAIL  against.kernel-time: 49.500 µs, at most 43.500 µs allowed (29.000 µs before + 50 %)" in done.out
    assert here(capsys, "check", sides[0], "--against", sides[1], "--fail-over", "71 %").status == 0
    data = json.loads(here(capsys, "check", sides[0], "--against", sides[1], "--json").out)
    assert (data["against"], data["budget"], data["passed"]) == (str(sides[1]), None, False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "{base}"), "nothing to check against"),
        (("check", "{base}", "--budget", "none.toml"), "none.toml: No such file"),
        (("check", "{base}", "--against", "{new}", "--fail-over", "much"), "--fail-over much: not a percentage"),
        (("check", "{base}", "--against", "{new}", "--json", "--github"), "--json and --github"),
        (("check", "{base}", "--budget", "b.toml", "--fail-over", "3%"), "name them: --against or --history"),
        (("check", "{base}", "--against", "{new}", "--fail-op-over", ""), "--fail-op-over : not a percentage"),
        (("budget", "init", "{base}", "--tolerance", "x"), "--tolerance x: not a percentage"),
    ],
)
def test_checks_that_cannot_be_made(capsys, sides, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    done = here(capsys, *[argument.format(base=sides[0], new=sides[1]) for argument in arguments])
    assert (done.status, message in done.err) == (2, True)


def test_no_growth_at_all_can_be_asked_for(capsys, tmp_path):
    base = write_csv(tmp_path / "base.csv", [op("MatmulDeviceOperation", 1000), op("Softmax", 1000)])
    new = write_csv(tmp_path / "new.csv", [op("MatmulDeviceOperation", 500), op("Softmax", 1001)])
    done = here(capsys, "check", new, "--against", base, "--fail-op-over", "0%")
    assert done.status == 1
    assert "FAIL  against.op-types.Softmax.kernel-time" in done.out


@pytest.mark.parametrize("read", ["base", "new", "budget", "second"])
def test_no_input_is_overwritten(capsys, sides, tmp_path, read):
    budget = tmp_path / "b.toml"
    budget.write_text("[limits]\nops = 9\n", encoding="utf-8")
    second = write_csv(
        tmp_path / "second.csv", [op("MatmulDeviceOperation", 20_000), op("LayerNormDeviceOperation", 9)]
    )
    path = {"base": sides[0], "new": sides[1], "budget": budget, "second": second}[read]
    before = path.read_bytes()
    arguments = ("--budget", budget, "--against", sides[0], "--junit", path, "--force")
    done = here(capsys, "check", f"{sides[1]},{second}", *arguments)
    assert (done.status, path.read_bytes()) == (2, before)


def test_a_window_without_host_ops_keeps_its_own_budget(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write_csv(tmp_path / "run.csv", [op("Softmax", 10), fallback(), op("MatmulDeviceOperation", 100)])
    here(capsys, "budget", "init", path, "--no-host-ops")
    assert "host-ops = false" in (tmp_path / "perf-budget.toml").read_text(encoding="utf-8")
    assert here(capsys, "check", path).status == 0


def test_what_the_command_line_says_comes_first_even_if_it_is_the_default(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [op("MatmulDeviceOperation", 100), op("Softmax", 10)]
    path = write_csv(tmp_path / "run.csv", rows * 3)
    budget = '[window]\npass = "last"\nbatch = 4\n[limits]\nfps = 1\n'
    (tmp_path / "perf-budget.toml").write_text(budget, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.perfsheet]\nbatch = 16\n", encoding="utf-8")

    def window(*options):
        data = json.loads(here(capsys, "check", path, *options, "--json").out)["capture"]
        return data["window"], data["batch"]

    assert window() == ("pass 3 of 3", 4)
    assert window("--pass", "all", "--batch", "1") == ("whole capture", 1)


def test_time_that_is_missing_is_no_gain(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [op("MatmulDeviceOperation", 900), op("Softmax", 100)]
    base = write_csv(tmp_path / "base.csv", rows)
    lost = write_csv(tmp_path / "lost.csv", [rows[0] | {"DEVICE KERNEL DURATION [ns]": ""}, rows[1]])
    here(capsys, "budget", "init", base)
    done = here(capsys, "check", lost)
    assert done.status == 1
    assert "FAIL  limits.kernel-time: cannot be measured: 1 op without a usable duration, the others 100 ns" in done.out
    assert "FAIL  limits.fps: cannot be measured" in done.out
    done = here(capsys, "check", lost, "--against", base)
    assert done.status == 1
    assert "FAIL  against.kernel-time: cannot be measured: 1 op without a usable duration" in done.out
    assert "of the time before" not in here(capsys, "compare", base, base).out
    unmatched = "0.900 µs of the time before is in ops without a kernel duration now"
    assert unmatched in here(capsys, "compare", base, lost).out


def test_a_run_counts_once(capsys, sides):
    done = here(capsys, "compare", f"{sides[0]},{sides[0]}", sides[1])
    assert (done.status, "is given twice" in done.err) == (2, True)
    done = here(capsys, "compare", "-", "-")
    assert (done.status, "standard input can be read once only" in done.err) == (2, True)


def test_a_change_without_a_difference_of_time_is_shown(capsys, tmp_path):
    base = write_csv(tmp_path / "base.csv", [op("MatmulDeviceOperation", 100, 64), op("Softmax", None, 64)])
    new = write_csv(tmp_path / "new.csv", [op("MatmulDeviceOperation", 100, 32), op("Softmax", 70, 32)])
    done = here(capsys, "compare", base, new)
    assert "Other changes" in done.out
    assert done.out.count("core_count 64 → 32") == 2
    assert "– ns  changed: Softmax, 1 op" in done.out
    assert here(capsys, "compare", base, new, "--md", "-").out.count("core&#95;count 64 → 32") == 0
    assert here(capsys, "compare", base, new, "--md", "-").out.count("core_count 64 → 32") == 2


def test_a_budget_names_its_window(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [op("MatmulDeviceOperation", 100), op("Softmax", 10)]
    path = write_csv(tmp_path / "run.csv", rows * 3)
    assert here(capsys, "budget", "init", path, "--pass", "last", "--batch", "4", "-o", "-").out.count("[window]") == 1
    here(capsys, "budget", "init", path, "--pass", "last", "--batch", "4")
    data = json.loads(here(capsys, "check", path, "--json").out)
    assert (data["capture"]["window"], data["capture"]["batch"], data["passed"]) == ("pass 3 of 3", 4, True)


def test_settings_reach_the_new_commands(capsys, sides, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.perfsheet]\nbatch = 16\n", encoding="utf-8")
    assert json.loads(here(capsys, "compare", *sides, "--json").out)["new"]["batch"] == 16
    assert "batch = 16" in here(capsys, "budget", "init", sides[0], "-o", "-").out


def test_a_change_of_time_alone_says_so(capsys, tmp_path):
    base, new = (write_csv(tmp_path / f"{ns}.csv", [op("Softmax", ns)]) for ns in (100, 200))
    done = here(capsys, "compare", base, new)
    assert "+100 ns (+100.0 %)  changed: Softmax, 1 op" in done.out
    assert "\n   only its time\n" in done.out
