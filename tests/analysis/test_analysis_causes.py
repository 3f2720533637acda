"""Expected savings, their grounds, and causes."""

import numpy as np
import pytest
from support.captures import op, shape
from support.findings import findings_of, only_finding
from support.real import CAPTURES, CASES, each

from perfsheet.analysis import analyze
from perfsheet.analysis.expectation.best_seen_table import BY_KIND
from perfsheet.analysis.expectation.records import RECORDS
from perfsheet.analysis.rules import RULES
from perfsheet.capture.reader import read
from perfsheet.errors import PerfsheetError
from perfsheet.text import causes as text


def tensors(row, extents=(1, 1, 2048, 2048), memory="DRAM_INTERLEAVED"):
    return row | shape("INPUT_0", extents, "BFLOAT16", memory) | shape("OUTPUT_0", extents, "BFLOAT16", memory)


def test_every_record_is_of_a_rule():
    assert {name.split("/")[0] for name in RECORDS} <= {rule.id for rule in RULES}
    assert all(0 <= record.factor <= 1 and record.cases > 0 for record in RECORDS.values())
    assert all(0 < share <= 1 and count >= 4 for share, count, _ in BY_KIND.values())


def test_the_best_seen_of_the_kind_is_a_ground(analysis_of):
    finding = only_finding(analysis_of(tensors(op("Permute", 2_000_000))), "far-from-speed-of-light")
    light = 2 * 2 * 2048 * 2048 / 288
    share, count, _ = BY_KIND["permute"]
    assert finding.expected_saving_ns == pytest.approx(2_000_000 - light / share)
    assert finding.expected_saving_ns < finding.saving_ns == pytest.approx(2_000_000 - light)
    assert finding.ground.text == f"a quarter of {count} such ops reach {100 * share:.3g} % of speed of light"


def test_the_record_of_the_rule_is_a_ground(analysis_of):
    finding = only_finding(analysis_of(op("Reshard", 1000, 8)), "reshard")
    record = RECORDS["reshard"]
    assert finding.expected_saving_ns == pytest.approx(1000 * record.factor)
    assert finding.ground.text == f"such fixes saved {100 * record.factor:.0f} % of the bound ({record.cases} cases)"


def test_what_nothing_is_known_of_is_unknown(analysis_of):
    finding = only_finding(analysis_of(op("AllGatherAsync", 1000, 64)), "collective")
    assert (finding.expected_saving_ns, finding.ground) == (None, None)
    assert finding.weights.tolist() == [250]


def test_moves_and_halos_claim_nothing(analysis_of):
    finding = only_finding(analysis_of(op("HaloDeviceOperation", 1000)), "layout-conversion")
    assert (finding.saving_ns, finding.expected_saving_ns) == (1000, 0)


def test_more_cores_than_tiles_or_links_help_nothing(analysis_of):
    one_tile = tensors(op("LayerNorm", 5000, 1), (1, 1, 32, 32), "L1_INTERLEAVED")
    finding = only_finding(analysis_of(one_tile), "low-core-count")
    assert (finding.expected_saving_ns, finding.ground.text) == (0, "its work is in no more pieces than it has cores")
    users = tensors(op("PagedUpdateCache", 5000, 2), (1, 2, 32, 128), "L1_HEIGHT_SHARDED")
    assert only_finding(analysis_of(users), "low-core-count").expected_saving_ns == 0
    assert only_finding(analysis_of(op("AllGatherAsync", 5000, 4)), "low-core-count").expected_saving_ns is None


def test_heads_of_decode_wait_for_their_input(analysis_of):
    heads = tensors(op("NLPCreateQKVHeadsDecodeDeviceOperation", 25_000, 1), (1, 1, 32, 5120))
    finding = only_finding(analysis_of(heads), "input-in-dram")
    record = RECORDS["input-in-dram/nlpcreateqkvheadsdecode"]
    assert (finding.saving_ns, finding.expected_saving_ns) == (25_000, 25_000 * record.factor)
    in_l1 = heads | shape("INPUT_0", (1, 1, 32, 5120), "BFLOAT16", "L1_INTERLEAVED")
    assert not findings_of(analysis_of(in_l1), "input-in-dram")


def test_a_cause_of_which_nothing_is_expected_is_minor(analysis_of):
    one_tile = tensors(op("LayerNorm", 5000, 1), (1, 1, 32, 32), "L1_INTERLEAVED")
    analysis = analysis_of(*LAYER, one_tile)
    minor = next(cause for cause in analysis.causes if cause.title == "Low core count" and not cause.expected_saving_ns)
    assert minor.is_minor
    assert minor not in analysis.first_causes(9)
    assert minor in analysis.first_causes(None)
    assert text.saving(minor).startswith("Should save nothing (at most 4.922 µs): its work is in no more pieces")
    assert analysis_of(one_tile).first_causes(5)
    assert text.verdict(analysis_of(one_tile)) == "Nothing here is expected to save time; the first of 1 causes is C1."


def test_a_cause_whose_main_cure_is_unknown_is_unknown(analysis_of):
    pads = [op("PadDeviceOperation", 100_000, 64) for _ in range(4)]
    (cause,) = analysis_of(*pads, op("PadDeviceOperation", 3000, 1)).causes
    assert [member.rule.id for member in cause.members] == ["layout-conversion", "low-core-count"]
    assert [member.expected_saving_ns for member in cause.members] == [None, 1500]
    assert (cause.title, cause.expected_saving_ns, cause.ground) == ("Layout conversion", None, None)
    assert cause.bound_ns == 403_000


def test_ops_that_no_finding_is_about_are_named(analysis_of):
    rest = op("GridSampleOperation", 40_000)
    analysis = analysis_of(*LAYER, rest)
    assert [(code, round(share, 3)) for code, share in analysis.without_cause] == [("GridSampleOperation", 0.306)]
    assert text.left(analysis, analysis.causes).endswith(
        "No finding is about GridSampleOperation (30.6 % of kernel time)."
    )
    gaps = [op("GridSampleOperation", 40_000) | {"OP TO OP LATENCY [ns]": 90_000} for _ in range(2)]
    assert analysis_of(*gaps).without_cause
    assert "No finding" not in text.left(analysis_of(*LAYER), analysis_of(*LAYER).causes)


def test_the_verdict_counts_only_what_it_knows(analysis_of):
    verdict = text.verdict(analysis_of(op("AllGatherAsync", 900_000, 64), *LAYER))
    assert "goes to AllGatherAsync (collective, saves at most 900.000 µs), 9.1 % goes to Tilize" in verdict
    assert "with C2 fixed about" in verdict


def test_a_reduction_can_share_out_what_it_reads(analysis_of):
    reduction = op("ReduceDeviceOperation", 9000, 1) | shape("INPUT_0", (1, 1, 32, 2048), "BFLOAT16", "L1_INTERLEAVED")
    reduction |= shape("OUTPUT_0", (1, 1, 32, 1), "BFLOAT16", "L1_INTERLEAVED")
    assert only_finding(analysis_of(reduction), "low-core-count").expected_saving_ns > 0


LAYER = (op("TilizeWithValPadding", 90_000, 1), op("Add", 100), op("UntilizeWithUnpadding", 500, 64), op("Add", 100))


def test_one_root_is_one_cause(analysis_of):
    analysis = analysis_of(*LAYER, op("Reshard", 50))
    first, second, third = analysis.causes
    assert [member.rule.id for member in first.members] == ["low-core-count", "layout-conversion"]
    assert [cure.rule.id for cure in first.cures] == ["low-core-count", "layout-conversion"]
    assert first.expected_saving_ns == pytest.approx(90_000 * 63 / 64 * RECORDS["low-core-count"].factor)
    assert first.bound_ns == 90_000
    # The other conversion is of the same rule, but nothing else is wrong with it.
    assert second.positions.tolist() == [2]
    assert {member.cause_id for member in first.members} == {"C1"}
    assert [cause.id for cause in analysis.causes] == ["C1", "C2", "C3"]
    assert third.subject == "Reshard"


def test_ops_belong_to_one_cause_and_time_is_left(analysis_of):
    analysis = analysis_of(*LAYER, op("Reshard", 50))
    assert sum(len(cause.positions) for cause in analysis.causes) == len(
        np.unique(np.concatenate([cause.positions for cause in analysis.causes]))
    )
    assert analysis.causes[0].left_ns == pytest.approx(analysis.ops.total_ns - analysis.causes[0].expected_saving_ns)


def test_the_verdict_names_what_takes_the_time(analysis_of):
    verdict = text.verdict(analysis_of(*LAYER))
    assert verdict.startswith("Of 90.700 µs of kernel time 99.2 % goes to TilizeWithValPadding (low core count)")
    assert "with C1 fixed about 9.194 µs should be left (89.9 % less)" in verdict
    assert text.verdict(analysis_of(op("AllGatherAsync", 1000, 64))) == (
        "What to expect of a fix is not known here; first comes C1, which saves at most 1.000 µs."
    )


def test_without_findings_the_verdict_says_so(analysis_of):
    assert text.verdict(analysis_of(op("Add", 100))) == f"No hotspot: none of the {len(RULES)} rules found anything."


@each([*CAPTURES, *CASES])
def test_a_cause_is_no_less_than_its_cures_and_names_their_ground(path):
    try:
        analysis = analyze(read(path))
    except PerfsheetError:
        pytest.skip("it cannot be analysed")
    for cause in analysis.causes:
        for cure in cause.cures:
            assert (cure.bound_ns or 0.0) <= (cause.bound_ns or 0.0) + 1e-6
            if cause.expected_saving_ns is not None:
                assert (cure.expected_saving_ns or 0.0) <= cause.expected_saving_ns + 1e-6
        if cause.expected_saving_ns:
            assert cause.ground in {member.ground for member in cause.members if member.expected_saving_ns}
