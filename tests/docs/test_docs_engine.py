"""The pages about rules, hardware and speed of light say what the code does."""

import ast
import re
from pathlib import Path

import pytest
from support.captures import op, shape

from perfsheet import analyze, read
from perfsheet.analysis import speed_of_light
from perfsheet.analysis.ops import shape as shapes
from perfsheet.analysis.rules import RULES
from perfsheet.analysis.speed_of_light.profiler_model import GENERATIONS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
EXAMPLE = ROOT / "examples" / "captures" / "generated_encoder_block_before.csv"


def table(page, first_header):
    """The cells of the table whose first header is that."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"| {first_header} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def test_every_rule_has_its_line_with_its_formula():
    assert [[cell.strip("`| ") for cell in row] for row in table("rules.md", "rule")] == [
        [rule.id, rule.mark, rule.stage.value, rule.detects.strip("`"), rule.saving_formula] for rule in RULES
    ]


def test_every_generation_has_its_line():
    text = (DOCS / "formulas.md").read_text(encoding="utf-8")
    for one in GENERATIONS:
        clock = "the device's" if one.clock_ghz is None else f"{one.clock_ghz} GHz"
        cores = "the device's" if one.cores is None else str(one.cores)
        assert f"| {one.name} | {cores} | {one.flops_per_cycle} | {clock} | {one.dram_gb_s} |" in text


def reasons():
    """Every text that the speed-of-light modules give for something unknown."""
    for path in [*sorted(Path(speed_of_light.__file__).parent.glob("*.py")), Path(shapes.__file__)]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "unknown":
                yield from (one.value for one in node.args if isinstance(one, ast.Constant))
            named = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in (
                "POSITION_UNKNOWN",
                "_UNKNOWN_PART",
                "CONTRADICTED",
                "SPARSE_MATMUL",
            )
            if named:
                yield node.value.value
            if isinstance(node, ast.FunctionDef) and node.name in ("_reason", "matmul_sizes"):
                returns = [one.value for one in ast.walk(node) if isinstance(one, ast.Return)]
                yield from (one.value for one in returns if isinstance(one, ast.Constant))


def test_every_reason_for_an_unknown_has_its_line():
    found = set(reasons()) - {"no FLOP model of this op"}
    assert len(found) > 15
    written = {row[0].strip("| ") for row in table("speed-of-light.md", "reason")}
    assert found <= written
    assert written - found <= {
        "no FLOP model of this op, and all of its tensors are in L1",
        "n % of its bytes are in L1, whose bandwidth is not modelled",
    }


def test_the_example_is_worked_out_right():
    ranked = next(op for op in analyze(read(EXAMPLE)).top() if op.row.row == 124)
    text = (DOCS / "speed-of-light.md").read_text(encoding="utf-8")
    assert f"{ranked.flops:,.0f} FLOP" in text
    assert f"{ranked.kernel_ns:,.0f} ns on {ranked.core_count} of {ranked.worker_cores} cores" in text
    assert f"{100 * ranked.compute:.1f} %" in text


def test_the_rule_of_contributing_works(analysis_of):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text.split("### Adding a finding rule")[1], re.DOTALL)[0]
    made: dict[str, object] = {}
    exec(compile(code, "CONTRIBUTING.md", "exec"), made)
    tensors = {name: shape(name, (1, 1, 512, 512), "BFLOAT16", "DRAM_INTERLEAVED") for name in ("INPUT_0", "OUTPUT_0")}
    softmax = op("SoftmaxDeviceOperation", 9000) | tensors["INPUT_0"] | tensors["OUTPUT_0"]
    sharded = softmax | {"INPUT_0_MEMORY": "DEV_0_L1_HEIGHT_SHARDED"}
    facts = analysis_of(op("Add") | tensors["INPUT_0"], softmax, sharded).facts
    hits = made["RULE"].find(facts)
    assert hits.positions.tolist() == [1]
    assert hits.saving_ns == pytest.approx(9000 - 2 * 2 * 512 * 512 / 288)
