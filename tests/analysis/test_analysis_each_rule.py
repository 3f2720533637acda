"""Each finding rule on a few rows: what it hits, what it must not hit, and the saving."""

import inspect
import re
from pathlib import Path

import pytest
from support.agreement import EVERYTHING
from support.captures import fallback, host_op, op, shape, signpost
from support.findings import findings_of, only_finding

from perfsheet.analysis.rules import RULES

DRAM = "DRAM_INTERLEAVED"
S2I, I2S = "ShardedToInterleavedDeviceOperation", "InterleavedToShardedDeviceOperation"


def dram(tensor, extents, datatype="BFLOAT16", memory=DRAM):
    return shape(tensor, extents, datatype, memory)


def matmul(duration=50_000, m=512, k=1024, n=2048, weights="BFLOAT16", fidelity="HiFi4", inputs="BFLOAT16", **cells):
    row = op("MatmulDeviceOperation", duration, fidelity=fidelity, **cells)
    return (
        row
        | dram("INPUT_0", (1, 1, m, k), inputs)
        | dram("INPUT_1", (1, 1, k, n), weights)
        | dram("OUTPUT_0", (1, 1, m, n))
    )


def config(**keys):
    return f"{{'program_config': 'SomeProgramConfig({';'.join(f'{key}={value}' for key, value in keys.items())})'}}"


NO_CONFIG = "{'program_config': 'std::nullopt'}"


def hits(analysis, rule):
    """Rows of the file that a rule hit."""
    return sorted(int(analysis.ops.table.row[row]) for finding in findings_of(analysis, rule) for row in finding.rows)


def test_every_rule_has_one_name():
    assert len({rule.id for rule in RULES}) == len({rule.mark for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id)
        assert rule.id == rule.title.lower().replace(" ", "-")
        module = Path(inspect.getfile(rule.find)).stem
        assert module == rule.id.replace("-", "_")


def test_every_rule_explains_itself():
    for rule in RULES:
        assert re.fullmatch(r"[A-Z0-9]{1,3}", rule.mark)
        assert callable(rule.caveat) or rule.caveat.endswith(".")
        assert rule.detects
        assert rule.saving_formula


def test_rules_are_listed_in_their_order():
    orders = [rule.order for rule in RULES]
    assert orders == sorted(set(orders))


def test_back_to_back_reshards(analysis_of):
    analysis = analysis_of(op(S2I, 30), op(I2S, 10), op("Add", 5), op(I2S, 20))
    finding = only_finding(analysis, "back-to-back-reshards")
    assert (hits(analysis, "back-to-back-reshards"), finding.saving_ns) == ([3], 10)
    assert finding.signature.op_code == "ShardedToInterleaved → InterleavedToSharded"
    assert finding.evidence == {"first_ns": 30}


def test_round_trips(analysis_of):
    analysis = analysis_of(op(S2I, 30), op("Softmax", 9), op(I2S, 10), op("Add"), op(I2S, 7), op("Mul"), op(S2I, 7))
    finding = only_finding(analysis, "reshard-round-trip")
    assert (hits(analysis, "reshard-round-trip"), finding.saving_ns) == ([2, 4], 40)
    assert "around one Softmax" in finding.advice


def test_no_round_trip_over_two_ops_or_two_devices(analysis_of):
    rows = (op(S2I), op("Softmax"), op("Add"), op(I2S), op(S2I, device=1), op("Mul"), op(I2S))
    assert not hits(analysis_of(*rows), "reshard-round-trip")


def test_a_changing_shard_scheme(analysis_of):
    rows = (
        op(I2S, 10),
        op("Add"),
        op(S2I, 30),
        op("Mul"),
        op("Sub"),
        op(I2S, 20),
        op("A"),
        op("B"),
        op("C"),
        op(S2I, 5),
    )
    analysis = analysis_of(*rows)
    finding = only_finding(analysis, "shard-scheme-changes")
    assert (hits(analysis, "shard-scheme-changes"), finding.saving_ns) == ([2, 4, 7], 30)


def test_two_reshards_are_no_changing_scheme(analysis_of):
    assert not hits(analysis_of(op(I2S), op("Add"), op(S2I)), "shard-scheme-changes")
    assert not hits(analysis_of(op(I2S), op(S2I), op(I2S)), "shard-scheme-changes")


def test_layout_glue_by_chain(analysis_of):
    rows = (op("Untilize", 5, 64), op("TilizeWithValPadding", 95, 1), op("Add"), op("MoveDeviceOperation", 7))
    analysis = analysis_of(*rows, signpost(), op("Add"), op("Untilize", 5, 64), op("TilizeWithValPadding", 95, 1))
    chain, single = findings_of(analysis, "layout-conversion")
    assert (chain.signature.op_code, chain.saving_ns, chain.count) == ("Untilize → TilizeWithValPadding", 200, 4)
    assert "takes 95.0 % of it on one core of 64" in chain.advice
    assert chain.evidence["longest_op"] == "TilizeWithValPadding"
    assert (single.signature.op_code, single.saving_ns) == ("MoveDeviceOperation", 7)
    assert "deallocate" in single.advice


@pytest.mark.parametrize("code", ["RemoveNoise", "UnpadSomething", "Add", "ExpandPadded"])
def test_what_is_no_glue(analysis_of, code):
    assert not hits(analysis_of(op(code)), "layout-conversion")


def test_ops_that_take_nothing_from_each_other_are_no_chain(analysis_of):
    other = shape("INPUT_0", (1, 1, 64, 64), "BFLOAT16", "DRAM_INTERLEAVED")
    analysis = analysis_of(op("Untilize", 5), op("TilizeWithValPadding", 95) | other)
    assert [one.signature.op_code for one in findings_of(analysis, "layout-conversion")] == [
        "TilizeWithValPadding",
        "Untilize",
    ]
    pair = analysis_of(op(S2I, 30), op(I2S, 10) | other)
    assert (hits(pair, "back-to-back-reshards"), pair.reshard_pairs) == ([], 1)


def test_a_long_chain_has_a_short_name(analysis_of):
    rows = [op(code, 5) for _ in range(50) for code in ("Tilize", "Untilize")]
    chain, other = (
        only_finding(analysis_of(*part, options=EVERYTHING), "layout-conversion").signature.op_code
        for part in (rows, rows[1:-1])
    )
    assert len(chain) < 140
    assert "(100 ops, " in chain
    assert chain != other


def test_host_ops_between_device_ops(analysis_of):
    rows = (fallback("(torch) before"), op("A"), host_op(), fallback("(torch) add"), fallback("(torch) add"), op("B"))
    analysis = analysis_of(*rows, host_op("after"))
    assert hits(analysis, "host-ops") == [4, 5, 6]
    torch, host = sorted(findings_of(analysis, "host-ops"), key=lambda one: one.signature.op_code)
    assert (torch.count, torch.evidence, torch.saving_ns) == (2, {"host_ns": 1800}, None)
    assert "PyTorch" in torch.advice
    assert "PyTorch" not in host.advice
    assert analysis.findings[-1].rule.id == "host-ops"


@pytest.mark.parametrize(
    ("code", "words"),
    [("(torch) numel", "ttnn.from_torch before"), ("(torch) __get__", "converted"), ("(torch) add", "try the ttnn op")],
)
def test_a_conversion_is_no_op_that_ttnn_could_run(analysis_of, code, words):
    assert words in only_finding(analysis_of(op("A"), fallback(code), op("B")), "host-ops").advice


def test_host_ops_of_a_warm_pass_could_be_saved(analysis_of):
    one_pass = (op("A"), fallback(), op("B"))
    finding = only_finding(analysis_of(*one_pass, *one_pass, options=EVERYTHING), "host-ops")
    assert (finding.count, finding.saving_ns) == (2, 900)
    finding = only_finding(analysis_of(*one_pass, *one_pass), "host-ops")
    assert (finding.count, finding.saving_ns) == (1, 900)


@pytest.mark.parametrize(
    ("inputs", "weights", "fidelity", "part"),
    [
        ("BFLOAT16", "BFLOAT8_B", "HiFi4", 0.5),
        ("BFLOAT8_B", "BFLOAT8_B", "HiFi3", 1 / 3),
        ("BFLOAT8_B", "BFLOAT4_B", "HiFi2", 0.5),
        ("BFLOAT16", "BFLOAT8_B", "HiFi2", None),
        ("BFLOAT16", "BFLOAT16", "HiFi4", None),
        ("BFLOAT8_B", "BFLOAT4_B", "LoFi", None),
    ],
)
def test_math_fidelity_above_the_data_type(analysis_of, inputs, weights, fidelity, part):
    found = findings_of(
        analysis_of(matmul(100_000, inputs=inputs, weights=weights, fidelity=fidelity)), "math-fidelity"
    )
    assert [one.saving_ns for one in found] == ([] if part is None else [pytest.approx(100_000 * part)])
    assert all("ttnn.MathFidelity." in one.advice for one in found)


def test_fidelity_does_not_matter_to_an_op_that_does_little_math(analysis_of):
    assert not hits(analysis_of(matmul(5_000_000, weights="BFLOAT8_B")), "math-fidelity")


def test_wide_weights(analysis_of):
    analysis = analysis_of(matmul(60_000))
    weight, all_bytes = 1024 * 2048, 2 * (512 * 1024 + 1024 * 2048 + 512 * 2048)
    saved = weight * (2 - 1088 / 1024) / all_bytes
    assert only_finding(analysis, "weights-dtype").saving_ns == pytest.approx(60_000 * saved)


@pytest.mark.parametrize(
    "row",
    [
        matmul(60_000, weights="BFLOAT8_B"),
        matmul(6_000_000),
        matmul(60_000) | dram("INPUT_1", (1, 12, 1024, 2048)),
        matmul(60_000) | shape("INPUT_1", (1, 1, 1024, 2048), "BFLOAT16", "L1_INTERLEAVED"),
        op("LayerNorm", 60_000) | dram("INPUT_0", (1, 1, 512, 1024)) | dram("INPUT_1", (1, 1, 32, 1024)),
    ],
)
def test_weights_that_are_fine(analysis_of, row):
    assert not hits(analysis_of(row), "weights-dtype")


def decode(duration=30_000, **cells):
    return matmul(duration, m="32[1]", k=1024, n=2048, **cells)


def test_a_small_matmul_that_waits_for_its_weights(analysis_of):
    analysis = analysis_of(decode(fidelity="LoFi"))
    finding = only_finding(analysis, "matmul-not-dram-sharded")
    bytes_moved = 2 * (32 * 1024 + 1024 * 2048 + 32 * 2048)
    assert finding.saving_ns == pytest.approx(30_000 - bytes_moved / 288)
    assert "DRAMSharded" in finding.advice
    assert "LoFi" not in finding.advice


def test_above_lofi_dram_sharding_alone_promises_nothing(analysis_of):
    blackhole = decode(fidelity="HiFi2") | {"DEVICE ARCH": "blackhole"}
    finding = only_finding(analysis_of(blackhole), "matmul-not-dram-sharded")
    assert finding.saving_ns > 0
    assert finding.expected_saving_ns is None
    assert "ttnn.MathFidelity.LoFi" in finding.advice
    assert "at HiFi2 that was slower" in finding.advice
    assert "on p150" in finding.caveat
    on_wormhole = only_finding(analysis_of(decode(fidelity="HiFi2")), "matmul-not-dram-sharded")
    assert "p150" not in on_wormhole.advice + on_wormhole.caveat


def test_at_lofi_dram_sharding_is_as_fast_as_seen(analysis_of):
    analysis = analysis_of(decode(fidelity="LoFi"))
    finding = only_finding(analysis, "matmul-not-dram-sharded")
    least = float(analysis.facts.speed_of_light.min_kernel_ns[0])
    assert finding.expected_saving_ns == pytest.approx(finding.kernel_ns - least / 0.68)
    assert "a DRAM-sharded matmul at LoFi reaches 68 % of speed of light" in finding.ground.text


@pytest.mark.parametrize(
    "row",
    [
        decode(attributes="{'program_config': 'MatmulMultiCoreReuseMultiCastDRAMShardedProgramConfig(in0_block_w=2)'}"),
        decode() | {"INPUT_1_MEMORY": "DEV_0_DRAM_WIDTH_SHARDED"},
        decode(300_000),
        decode(fidelity="") | {"INPUT_1_DATATYPE": "QUANTUM"},
        matmul(60_000),
    ],
)
def test_matmuls_that_need_no_dram_sharding(analysis_of, row):
    assert not hits(analysis_of(row), "matmul-not-dram-sharded")


def test_an_input_that_fits_into_l1(analysis_of):
    analysis = analysis_of(matmul(60_000, fidelity="LoFi"))
    share = 512 * 1024 / (512 * 1024 + 1024 * 2048 + 512 * 2048)
    assert only_finding(analysis, "input-in-dram").saving_ns == pytest.approx(60_000 * share)


@pytest.mark.parametrize(
    "row",
    [
        matmul(60_000) | shape("INPUT_0", (1, 1, 512, 1024), "BFLOAT16", "L1_BLOCK_SHARDED"),
        matmul(9_000_000, m=65536, fidelity="LoFi"),
        matmul(600_000),
    ],
)
def test_inputs_that_may_stay(analysis_of, row):
    assert not hits(analysis_of(row), "input-in-dram")


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        (NO_CONFIG, "No program_config"),
        (config(in0_block_w=1, out_subblock_h=2, out_subblock_w=4), "in0_block_w is 1"),
        (config(in0_block_w=4, out_subblock_h=1, out_subblock_w=1), "out_subblock_h × out_subblock_w is 1"),
        (config(in0_block_w=4, out_subblock_h=2, out_subblock_w=1), None),
        ("{}", None),
    ],
)
def test_matmul_program_configs(analysis_of, attributes, words):
    found = findings_of(analysis_of(matmul(200_000, attributes=attributes)), "matmul-program-config")
    assert [words in one.advice for one in found] == ([] if words is None else [True])


def test_a_short_or_well_used_matmul_needs_no_config(analysis_of):
    # 2·512·1024·2048 FLOPs take 32,768 ns at HiFi4 on 64 cores.
    assert not hits(analysis_of(matmul(40_000, attributes=NO_CONFIG)), "matmul-program-config")
    small = matmul(4_000, m=32, k=64, n=64, attributes=NO_CONFIG)
    assert not hits(analysis_of(small), "matmul-program-config")


def norm(duration=50_000, cores=64, code="RotaryEmbedding"):
    return op(code, duration, cores) | dram("INPUT_0", (1, 1, 512, 1024)) | dram("OUTPUT_0", (1, 1, 512, 1024))


def test_far_from_any_bound(analysis_of):
    finding = only_finding(analysis_of(norm(), norm()), "far-from-speed-of-light")
    light = 2 * 2 * 512 * 1024 / 288
    assert (finding.count, finding.saving_ns) == (2, pytest.approx(100_000 - 2 * light))
    assert finding.evidence["sol_pct"] == pytest.approx(100 * light / 50_000)


@pytest.mark.parametrize(
    "row",
    [
        norm(20_000),
        norm(4_000),
        norm(cores=4),
        norm(code="Tilize"),
        norm(code="AllGatherAsync"),
        matmul(500_000, attributes=NO_CONFIG),
    ],
)
def test_what_is_not_far_or_is_explained_otherwise(analysis_of, row):
    assert not hits(analysis_of(row), "far-from-speed-of-light")


def test_a_thousandth_of_the_time_is_too_little(analysis_of):
    assert not hits(analysis_of(norm(), op("Huge", 60_000_000)), "far-from-speed-of-light")


def per_core(longest, mean, cores=64, duration=10_000):
    names = {"MAX": longest, "AVG": mean, "MIN": 100}
    cells = {f"DEVICE KERNEL DURATION PER CORE {name} [ns]": value for name, value in names.items()}
    return op("Add", duration, cores, **cells)


@pytest.mark.parametrize(
    ("row", "saving"),
    [
        (per_core(9000, 4000), 5000),
        (per_core(9000, 8000), None),
        (per_core(1500, 700), None),
        (per_core(9000, 4000, cores=1), None),
        (per_core(12_000, 4000), None),
        (op("Add"), None),
    ],
)
def test_uneven_cores(analysis_of, row, saving):
    assert [one.saving_ns for one in findings_of(analysis_of(row), "core-imbalance")] == ([saving] if saving else [])


def test_an_op_on_few_shards_is_not_asked_to_shard_its_input(analysis_of):
    large = shape("OUTPUT_0", (1, 1, 32, 2048))
    rows = [op("LayerNorm", 9000, 8) | large | shape("INPUT_0", (1, 1, 32, 2048), "BFLOAT16", memory)
            for memory in ("L1_WIDTH_SHARDED", DRAM)]  # fmt: skip
    sharded, interleaved = (only_finding(analysis_of(row), "low-core-count").advice for row in rows)
    assert "shard spec of its input over more cores" in sharded
    assert "LayerNormShardedMultiCoreProgramConfig" in interleaved


@pytest.mark.parametrize(("skew", "saving"), [(4000, 4000), (2000, None), (20_000, None), ("", None)])
def test_late_cores(analysis_of, skew, saving):
    row = op("Add", 10_000, **{"DEVICE KERNEL FIRST TO LAST START [ns]": skew})
    assert [one.saving_ns for one in findings_of(analysis_of(row), "launch-skew")] == ([saving] if saving else [])


RISCS = ("BRISC", "NCRISC", "TRISC0", "TRISC1", "TRISC2")
RISC_HEADERS = [f"DEVICE {name} KERNEL DURATION [ns]" for name in RISCS]


@pytest.mark.parametrize(
    ("spans", "kind", "saving"),
    [
        ((3000, 9500, 4000, 4000, 4000), "reader", 6000),
        ((9500, 3000, 4000, 4500, 4000), "writer", 5500),
        ((3000, 5000, 4000, 9900, 4000), "compute", 5000),
        ((9500, 9500, 9500, 9500, 9500), None, None),
        ((3000, 8000, 4000, 4000, 4000), None, None),
        (("", "", "", "", ""), None, None),
    ],
)
def test_one_risc_that_holds_an_op_up(analysis_of, spans, kind, saving):
    row = op("Add", 10_000, **dict(zip(RISC_HEADERS, spans, strict=True)))
    found = findings_of(analysis_of(row, extra=RISC_HEADERS), "risc-bound")
    assert [(one.evidence["held_up_by"], one.saving_ns) for one in found] == ([(kind, saving)] if kind else [])


def in_memory(code, memory, *spans):
    tensors = [shape(name, (1, 1, 320, 640), "BFLOAT16", memory) for name in ("INPUT_0", "OUTPUT_0")]
    return op(code, 10_000, **dict(zip(RISC_HEADERS, spans, strict=True))) | tensors[0] | tensors[1]


@pytest.mark.parametrize(
    ("code", "memory", "spans", "found"),
    [
        ("UnaryDeviceOperation", "L1_HEIGHT_SHARDED", (2000, 2000, 9800, 9800, 9800), False),
        ("UnaryDeviceOperation", DRAM, (2000, 2000, 9800, 9800, 9800), True),
        ("UnaryDeviceOperation", DRAM, (160, 200, 9800, 9800, 9800), False),
        ("SliceWriteDeviceOperation", DRAM, (9800, 160, 0, 0, 0), False),
        ("PermuteDeviceOperation", DRAM, (9800, 600, 0, 0, 0), True),
        (S2I, DRAM, (9800, 600, 2000, 2000, 2000), False),
        ("MatmulDeviceOperation", DRAM, (9900, 4000, 5000, 5000, 5000), False),
        ("MatmulDeviceOperation", DRAM, (4000, 5000, 9900, 9900, 9900), True),
    ],
)
def test_an_op_of_which_only_one_risc_has_work_is_not_held_up(analysis_of, code, memory, spans, found):
    """Compute alone is the ideal on shards in L1; the BRISC of a multicast matmul reads the weights."""
    assert hits(analysis_of(in_memory(code, memory, *spans), extra=RISC_HEADERS), "risc-bound") == [2] * found


def test_the_advice_about_a_risc_fits_the_op(analysis_of):
    held = {
        code: in_memory(code, DRAM, 2000, 2000, 9800, 9800, 9800) for code in ("UnaryDeviceOperation", "Matmul", "SDPA")
    }
    advice = {
        code: only_finding(analysis_of(row, extra=RISC_HEADERS), "risc-bound").advice for code, row in held.items()
    }
    assert "fidelity" not in advice["UnaryDeviceOperation"]
    assert "subblock" in advice["Matmul"]
    assert "q_chunk_size" in advice["SDPA"]
    in_l1 = in_memory("Transpose", "L1_INTERLEAVED", 9800, 2000, 2000, 2000, 2000)
    assert "DRAM" not in only_finding(analysis_of(in_l1, extra=RISC_HEADERS), "risc-bound").advice


def run(*gaps, **cells):
    return [op(f"Op{place}", 100, **{"OP TO OP LATENCY [ns]": gap}, **cells) for place, gap in enumerate(gaps)]


def test_gaps_of_the_warm_pass_only(analysis_of):
    analysis = analysis_of(*run(1e9, 8e6, 9e6), *run(50_000, 7000, 100))
    finding = only_finding(analysis, "op-to-op-gap")
    assert (hits(analysis, "op-to-op-gap"), finding.saving_ns) == ([6], 7000)
    assert finding.rule.saves_gaps
    assert "ttnn.begin_trace_capture" in finding.advice


def test_a_single_pass_says_nothing_about_gaps(analysis_of):
    assert not hits(analysis_of(*run(0, 9000, 9000)), "op-to-op-gap")


@pytest.mark.parametrize("flag", ["True", "False"])
def test_the_program_cache_flag_decides_nothing(analysis_of, flag):
    """The profiler keeps the flag of the first call of each program hash."""
    flagged = {"PROGRAM CACHE HIT": flag, "PROGRAM HASH": 7}
    first, both = (
        analysis_of(*rows, generation="S9")
        for rows in (
            run(0, 9000, 8000, **flagged),
            [*run(0, 9000, 8000, **flagged), *run(50_000, 7000, 100, **flagged)],
        )
    )
    assert not first.facts.warm.any()
    assert not findings_of(first, "op-to-op-gap")
    assert [one.rule.id for one in both.findings if one.rule.saves_gaps] == ["op-to-op-gap"]
    assert hits(both, "op-to-op-gap") == [6]


def test_absurd_gaps_are_none(analysis_of):
    rows = (*run(0, 10, 10), *run(0, -5, 1e15))
    assert not hits(analysis_of(*rows), "op-to-op-gap")


def test_an_uneven_ring_is_not_called_far_from_its_bound(analysis_of):
    """Its FLOPs are those of the mean device."""
    part = (1, 8, 1024, 64)
    tensors = {f"INPUT_{number}": dram(f"INPUT_{number}", part) for number in (0, 1)}
    row = op("RingJointSDPADeviceOperation", 900_000, fidelity="HiFi2") | tensors["INPUT_0"] | tensors["INPUT_1"]
    for balanced, found in (("true", [2]), ("false", [])):
        attributes = f"{{'is_causal': 'true'; 'is_balanced': '{balanced}'; 'logical_n': '2048'}}"
        analysis = analysis_of(row | dram("OUTPUT_0", part) | {"ATTRIBUTES": attributes})
        assert hits(analysis, "far-from-speed-of-light") == found
        assert analysis.top()[0].sol > 0


def test_devices_that_take_longer(analysis_of):
    rows = [
        op("Attention", duration, device=device) for device, duration in enumerate((10_000, 10_000, 10_000, 20_000))
    ]
    analysis = analysis_of(*rows)
    finding = only_finding(analysis, "device-skew")
    assert (hits(analysis, "device-skew"), finding.saving_ns) == ([5], 20_000 - 12_500)
    assert finding.evidence["slowest_device"] == 3


@pytest.mark.parametrize("code", ["AllGatherAsync", "ReduceScatterMinimalAsync"])
def test_collectives_wait_for_each_other(analysis_of, code):
    rows = [op(code, duration, device=device) for device, duration in enumerate((10_000, 20_000))]
    for options, saving in (({}, 20_000), (EVERYTHING, 30_000)):
        analysis = analysis_of(*rows, options=options)
        assert not hits(analysis, "device-skew")
        assert only_finding(analysis, "collective").saving_ns == saving


def test_even_devices_are_fine(analysis_of):
    rows = [op("Add", duration, device=device) for device, duration in enumerate((10_000, 10_500))]
    assert not hits(analysis_of(*rows), "device-skew")


def heads(code, rows, columns, duration, inner=64):
    row = op(code, duration, fidelity="HiFi4") | dram("OUTPUT_0", (1, 8, rows, columns))
    if code.startswith("Matmul"):
        return row | dram("INPUT_0", (1, 8, rows, inner)) | dram("INPUT_1", (1, 8, inner, columns))
    return row | dram("INPUT_0", (1, 8, rows, columns))


SCORES, SOFTMAX, VALUES = (
    heads("Matmul", 64, 64, 4000),
    heads("SoftmaxDeviceOperation", 64, 64, 3000),
    heads("Matmul", 64, 64, 5000),
)


def test_attention_in_pieces(analysis_of):
    layer = (SCORES, heads("BinaryNg", 64, 64, 1000), SOFTMAX, VALUES, op("Add", 10))
    analysis = analysis_of(*layer, *layer, options=EVERYTHING)
    finding = only_finding(analysis, "unfused-attention")
    light = 2 * 3 * (8 * 64 * 64 * 2) / 288
    assert (hits(analysis, "unfused-attention"), finding.saving_ns) == (
        [2, 3, 4, 5, 7, 8, 9, 10],
        pytest.approx(2 * (13_000 - light)),
    )
    assert finding.evidence == {"times": 2, "between_matmuls_ns": 8000}
    far = (SCORES, *[op("Add")] * 6, SOFTMAX, *[op("Add")] * 6, VALUES)
    assert len(hits(analysis_of(*far), "unfused-attention")) == 15
    of_one = only_finding(analysis_of(*layer, *layer), "unfused-attention")
    assert (of_one.saving_ns, of_one.evidence["times"]) == (pytest.approx(13_000 - light), 1)


@pytest.mark.parametrize(
    "rows",
    [
        (SCORES, SOFTMAX, *[op("Add")] * 7, VALUES),
        (SOFTMAX, VALUES),
        (matmul(4000), SOFTMAX, VALUES),
        (SCORES | {"DEVICE ID": "1"}, SOFTMAX, VALUES),
    ],
)
def test_what_is_no_attention_in_pieces(analysis_of, rows):
    assert not hits(analysis_of(*rows), "unfused-attention")


def test_the_same_op_in_a_row(analysis_of):
    analysis = analysis_of(op("Matmul", 30), op("Matmul", 30), op("Matmul", 30), op("Add"), op("Matmul", 30))
    finding = only_finding(analysis, "repeated-work")
    assert (hits(analysis, "repeated-work"), finding.saving_ns) == ([2, 3, 4], pytest.approx(60))
    assert finding.evidence == {"in_a_row": 3}
    assert "Q, K and V" in finding.advice


def test_a_sweep_is_no_repeated_work(analysis_of):
    assert not hits(analysis_of(*(op("Relu", 30) for _ in range(5))), "repeated-work")
