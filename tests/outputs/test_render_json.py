"""The JSON contract, field by field."""

import json
import re

import pytest
from support.captures import op

from perfsheet.analysis.rules import RULES
from perfsheet.outputs import json_output

NUMBER = (int, float)
MAYBE = type(None)
CAPTURE = {
    "paths": list,
    "schema": str,
    "arch": (str, MAYBE),
    "board": (str, MAYBE),
    "worker_cores": (int, MAYBE),
    "worker_cores_source": str,
    "ref_cores": (*NUMBER, str),
    "window": str,
    "devices": list,
    "device_rows": int,
    "host_rows": int,
    "signpost_rows": int,
    "dropped_rows": int,
    "kernel_duration_ns": NUMBER,
    "fps": dict,
    "aiclk_ghz": (*NUMBER, MAYBE),
    "peaks_of": list,
    "sol_pct": (*NUMBER, MAYBE),
    "sol_known_pct": (*NUMBER, MAYBE),
    "pm_generations": list,
    "passes": int,
    "passes_told_by": str,
    "ops_per_pass": NUMBER,
    "fps_per_pass": (*NUMBER, MAYBE),
    "pass_totals": list,
    "pass_kernel_duration": (dict, MAYBE),
    "layers": list,
    "device_totals": list,
    "critical_path_ns": (*NUMBER, MAYBE),
    "replayed": bool,
    "verdict": list,
    "warnings": list,
}
ROW = {
    "file": str,
    "row": int,
    "device_id": (int, MAYBE),
    "global_call_count": (int, MAYBE),
    "replay_session": (int, MAYBE),
}
OP = {
    "rank": int,
    "row": dict,
    "op_code": str,
    "global_call_count": (int, MAYBE),
    "device_id": int,
    "core_count": (int, MAYBE),
    "worker_cores": (int, MAYBE),
    "kernel_duration_ns": NUMBER,
    "share_pct": NUMBER,
    "cumulative_pct": NUMBER,
    "pm_ideal_ns": (*NUMBER, MAYBE),
    "utilization_pct": (*NUMBER, MAYBE),
    "utilization_grid_pct": (*NUMBER, MAYBE),
    "utilization_corrected_pct": (*NUMBER, MAYBE),
    "flops": (*NUMBER, MAYBE),
    "dram_bytes": (*NUMBER, MAYBE),
    "compute_pct": (*NUMBER, MAYBE),
    "compute_used_cores_pct": (*NUMBER, MAYBE),
    "dram_pct": (*NUMBER, MAYBE),
    "sol_pct": (*NUMBER, MAYBE),
    "sol_unknown_reason": (str, MAYBE),
    "bound": str,
    "flags": list,
}
FINDING = {
    "rule": str,
    "op_code": str,
    "signature": str,
    "count": int,
    "kernel_duration_ns": NUMBER,
    "share_pct": NUMBER,
    "core_count": (int, MAYBE),
    "cores": list,
    "worker_cores": (int, MAYBE),
    "saving_ns": (*NUMBER, MAYBE),
    "added_saving_ns": NUMBER,
    "saving_of": str,
    "saving_formula": str,
    "rows": list,
    "advice": str,
    "caveat": str,
    "evidence": dict,
}


def assert_shape(given, contract):
    assert set(contract) <= set(given)
    for name, kinds in contract.items():
        assert isinstance(given[name], kinds), name
        if kinds is not bool and isinstance(given[name], bool):
            pytest.fail(f"{name} is a boolean")


def through_text(result):
    return json.loads(json_output.dumps(result), parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def top(analysis):
    return through_text(json_output.top_ops(analysis, None))


@pytest.fixture(scope="module")
def hotspots(analysis):
    return through_text(json_output.hotspots(analysis, None))


def test_the_head(top, capture_path):
    assert top["schema_version"] == 2
    head = top["capture"]
    assert_shape(head, CAPTURE)
    assert head["paths"] == [str(capture_path)]
    assert (head["schema"], head["arch"], head["board"], head["replayed"]) == ("S8", "wormhole_b0", None, False)
    assert (head["worker_cores"], head["ref_cores"], head["devices"]) == (64, 108, [0, 1])
    assert (head["device_rows"], head["host_rows"], head["signpost_rows"], head["dropped_rows"]) == (10, 1, 1, 0)
    assert head["kernel_duration_ns"] == 80_434.5
    # One of ten ops has no duration: too many for a rate.
    assert head["fps"] == {"all": None, "matmul_conv": None, "other": None}
    assert head["verdict"][:2] == ["every row used (12)", "90.0 % of ops timed"]
    assert any("without DEVICE KERNEL DURATION" in warning for warning in head["warnings"])


def test_every_op(top):
    assert [ranked["rank"] for ranked in top["ops"]] == list(range(1, 10))
    for ranked in top["ops"]:
        assert_shape(ranked, OP)
        assert_shape(ranked["row"], ROW)
        assert all(isinstance(flag, str) for flag in ranked["flags"])
    assert top["ops"][-1]["cumulative_pct"] == pytest.approx(100)


def test_the_first_op_in_full(top, capture_path):
    first = {name: value for name, value in top["ops"][0].items() if name in OP}
    row = {"file": str(capture_path), "row": 3, "device_id": 0, "global_call_count": 1024, "replay_session": None}
    assert first == {
        "rank": 1,
        "row": row,
        "op_code": "MatmulDeviceOperation",
        "global_call_count": 1024,
        "device_id": 0,
        "core_count": 64,
        "worker_cores": 64,
        "kernel_duration_ns": 40_000,
        "share_pct": pytest.approx(4_000_000 / 80_434.5),
        "cumulative_pct": pytest.approx(4_000_000 / 80_434.5),
        "pm_ideal_ns": 30_000,
        "utilization_pct": pytest.approx(75 * 108 / 64),
        "utilization_grid_pct": pytest.approx(75),
        "utilization_corrected_pct": pytest.approx(75),
        "flops": None,
        "dram_bytes": 0,
        "compute_pct": None,
        "compute_used_cores_pct": None,
        "dram_pct": 0,
        "sol_pct": None,
        "sol_unknown_reason": "a matmul of fewer than two inputs",
        "bound": "unknown",
        "flags": ["not-physical"],
    }


def test_unknown_is_null(top):
    by_code = {ranked["op_code"]: ranked for ranked in top["ops"]}
    layer_norm, softmax = by_code["LayerNormDeviceOperation"], by_code["SoftmaxDeviceOperation"]
    for code in ("LayerNormDeviceOperation", "ReshardDeviceOperation", "InterleavedToShardedDeviceOperation"):
        assert by_code[code]["pm_ideal_ns"] is by_code[code]["utilization_pct"] is None
        assert "no-model" in by_code[code]["flags"]
    assert layer_norm["utilization_grid_pct"] is None
    assert (softmax["core_count"], softmax["utilization_pct"], softmax["pm_ideal_ns"]) == (None, None, 200)
    assert by_code["ConvertToChw"]["utilization_pct"] is None


@pytest.mark.parametrize("count", [1, 3, 100])
def test_the_count_cuts_the_list_of_ops_only(analysis, top, count):
    cut = through_text(json_output.top_ops(analysis, count))
    assert cut == {**top, "ops": top["ops"][:count]}


def test_hotspots(hotspots):
    assert set(hotspots) >= {"schema_version", "capture", "totals", "reshard_pairs", "findings"}
    assert_shape(hotspots["capture"], CAPTURE)
    assert hotspots["reshard_pairs"] == 1
    hit = {rule: total for rule, total in hotspots["totals"].items() if total["rows"]}
    assert set(hotspots["totals"]) == {name for rule in RULES for name in (rule.id, rule.former_id) if name}
    assert hotspots["totals"]["layout-glue"] == hotspots["totals"]["layout-conversion"]
    assert {rule: hit[rule] for rule in ("low-core-count", "reshard")} == {
        "low-core-count": {
            "rows": 5,
            "kernel_duration_ns": 9_000.5 + 7_000 + 1_234 + 0 + 800,
            "share_pct": pytest.approx(100 * 18_034.5 / 80_434.5),
        },
        "reshard": {"rows": 2, "kernel_duration_ns": 2_134, "share_pct": pytest.approx(213_400 / 80_434.5)},
    }
    for finding in hotspots["findings"]:
        assert_shape(finding, FINDING)
        assert len(finding["rows"]) == finding["count"]
        for row in finding["rows"]:
            assert_shape(row, ROW)


def test_the_first_finding_in_full(hotspots):
    finding = hotspots["findings"][0]
    assert (finding["rule"], finding["op_code"], finding["count"]) == ("low-core-count", "LayerNormDeviceOperation", 2)
    assert (finding["core_count"], finding["cores"], finding["worker_cores"]) == (1, [1], 64)
    assert finding["saving_ns"] == pytest.approx(16_000.5 * 63 / 64)
    assert [row["row"] for row in finding["rows"]] == [4, 5]
    assert "1×1×32[19]×768" in finding["signature"]


def test_totals_come_before_the_cut(analysis, hotspots):
    cut = through_text(json_output.hotspots(analysis, 1))
    assert cut == {**hotspots, "findings": hotspots["findings"][:1]}


def test_the_report_holds_both_parts_and_the_workbook(analysis, top, hotspots):
    report = through_text(json_output.report(analysis, "run.xlsx"))
    assert report.items() >= {**top, **hotspots, "workbook": "run.xlsx"}.items()
    assert set(report) - set(top) - set(hotspots) == {
        "workbook",
        "groups",
        "signposts",
        "regions",
        "outside",
        "unmatched",
        "op_types",
        "categories",
        "reshards",
        "checks",
    }


def test_groups(analysis):
    groups = through_text(json_output.op_groups(analysis, None))["groups"]
    layer_norm = next(group for group in groups if group["op_code"] == "LayerNormDeviceOperation")
    assert (layer_norm["count"], layer_norm["kernel_duration_ns"], layer_norm["median_ns"]) == (2, 16_000.5, 8_000.25)


def test_control_characters_are_escaped_and_come_back(analysis_of):
    code = "A\x1b[31m\x9b32m\x7f\u202eB"
    text = json_output.dumps(json_output.report(analysis_of(op(code, 10, 1)), "x"))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert json.loads(text)["ops"][0]["op_code"] == code


def test_shares_of_no_kernel_time_are_null(analysis_of):
    result = through_text(json_output.report(analysis_of(op("Reshard", 0, 1)), "x"))
    assert (result["ops"][0]["share_pct"], result["findings"][0]["share_pct"]) == (None, None)
    assert result["capture"]["fps"] == {"all": None, "matmul_conv": None, "other": None}
