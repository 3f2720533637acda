"""What is left once some causes are fixed."""

from pathlib import Path

import pytest
from support.captures import op, shape, write_csv
from support.real import CAPTURES, each

from perfsheet import Options, PerfsheetError, analyze, read

EXAMPLE = Path(__file__).parents[2] / "examples/captures/generated_encoder_block_before.csv"


@pytest.fixture
def analysis(tmp_path):
    rows = []
    for call in range(0, 30, 3):
        rows.append(
            op("MatmulDeviceOperation", 90_000 + call, 8, pm=4_000, call=call) | shape("INPUT_0", (1, 1, 32, 768))
        )
        rows.append(op("InterleavedToShardedDeviceOperation", 9_000, 64, call=call + 1))
        rows.append(
            op("MatmulDeviceOperation", 20_000, 64, pm=4_000, call=call + 2) | shape("INPUT_0", (1, 1, 32, 768))
        )
    return analyze(read(write_csv(tmp_path / "run.csv", rows)), Options(batch=8))


def agree(analysis):
    """Prefixes of the ranking leave what the causes themselves say; every choice adds up."""
    nothing = analysis.if_fixed(())
    assert (nothing.left_ns, nothing.saving_ns, nothing.causes) == (analysis.ops.total_ns, 0.0, ())
    assert nothing.fps == analysis.summary.fps.all
    for count, cause in enumerate(analysis.causes, 1):
        before = [one.id for one in analysis.causes[:count]]
        assert analysis.if_fixed(before).left_ns == cause.left_ns
        alone = analysis.if_fixed([cause.id])
        expected = cause.expected_saving_ns or 0.0
        assert alone.saving_ns == pytest.approx(0.0 if cause.saves_gaps else expected)
        assert alone.gap_saving_ns == (expected if cause.saves_gaps else 0.0)
        assert alone.unknown == ((cause.id,) if cause.expected_saving_ns is None else ())
        assert -1e-6 <= alone.least_ns <= alone.left_ns + 1e-6
        assert alone.left_ns <= analysis.ops.total_ns


def test_what_is_left_agrees_with_the_causes(analysis):
    assert len(analysis.causes) > 1
    agree(analysis)


def test_fps_follow_from_what_is_left():
    analysis = analyze(read(EXAMPLE), Options(batch=8))
    agree(analysis)
    first = analysis.if_fixed(["C1"])
    assert first.saving_ns > 0
    assert first.fps == pytest.approx(8e9 / first.left_ns)


def test_an_unknown_cause_is_refused(analysis):
    with pytest.raises(PerfsheetError, match="there is no cause C99") as caught:
        analysis.if_fixed(["C1", "C99"])
    assert caught.value.status == 2


@each(CAPTURES)
def test_real_captures_agree(path):
    agree(analyze(read(path)))
