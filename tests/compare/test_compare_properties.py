"""What must hold of every comparison, whatever is compared."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from support.captures import csv_text, fallback, host_op, op, shape, signpost
from support.comparing import ALL_PASSES, EVERYTHING, assert_mirrors, assert_nothing_changed
from support.real import CAPTURES, each

import perfsheet
from perfsheet import Options, analyze, read
from perfsheet.comparison import compare

CODES = (
    "Matmul",
    "MatmulDeviceOperation",
    "OptimizedConvNew",
    "Conv2dDeviceOperation",
    "UnaryDeviceOperation",
    "BinaryNgDeviceOperation",
    "InterleavedToShardedDeviceOperation",
    "ReshardDeviceOperation",
    "TilizeDeviceOperation",
    "SoftmaxDeviceOperation",
    "SDPAOperation",
    "LayerNorm",
)
ATTRIBUTES = ("{}", "{'fused_activation': 'GELU'}", "{'fused_activation': 'std::nullopt'}", "{'a': 'B(c=1;d={2; 3})'}")


@some.composite
def device_ops(draw):
    row = op(
        draw(some.sampled_from(CODES)),
        draw(some.sampled_from((None, 0, 1, 700, 1000, 1020, 5000))),
        draw(some.sampled_from((None, 1, 8, 64))),
        device=draw(some.sampled_from((0, 0, 0, 1))),
        attributes=draw(some.sampled_from(ATTRIBUTES)),
        fidelity=draw(some.sampled_from(("", "LoFi", "HiFi4"))),
        pm=draw(some.sampled_from((1, 300))),
    )
    extents = draw(some.sampled_from(((1, 1, 32, 64), (1, 1, 64, 64), (1, 1, 32, 192))))
    memory = draw(some.sampled_from(("L1_INTERLEAVED", "L1_BLOCK_SHARDED", "DRAM_INTERLEAVED")))
    return row | shape("INPUT_0", extents, memory=memory) | shape("OUTPUT_0", extents)


ROWS = some.lists(
    some.one_of(device_ops(), device_ops(), some.sampled_from((signpost(), host_op(), fallback()))), max_size=24
)
FIRST = op("EmbeddingsDeviceOperation", 500)


OPTIONS = some.sampled_from(({}, ALL_PASSES, EVERYTHING))


def analysed(folder: Path, rows, name, options):
    path = folder / name
    path.write_text(csv_text([FIRST, *rows], "S9"), encoding="utf-8")
    return analyze(read(path), Options(**options))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("made")


@given(base=ROWS, new=ROWS, options=OPTIONS)
def test_swapping_the_sides_negates_every_delta(folder, base, new, options):
    assert_mirrors(analysed(folder, base, "base.csv", options), analysed(folder, new, "new.csv", options))


@given(rows=ROWS, counts=some.tuples(some.integers(1, 4), some.integers(1, 4)), options=OPTIONS)
def test_passes_and_setup_are_compared_either_way(folder, rows, counts, options):
    base, new = (
        analysed(folder, rows * count, f"{name}.csv", options) for name, count in zip("ab", counts, strict=True)
    )
    assert_mirrors(base, new)


@given(rows=ROWS, passes=some.integers(1, 4), options=OPTIONS)
def test_a_capture_with_itself_shows_nothing(folder, rows, passes, options):
    one, other = (analysed(folder, rows * passes, name, options) for name in ("one.csv", "other.csv"))
    assert_nothing_changed(compare(one, other))


@each(CAPTURES)
@pytest.mark.parametrize("options", [{}, EVERYTHING])
def test_real_captures_with_themselves(path, options):
    from perfsheet.errors import NoDeviceOpError

    try:
        one, other = (analyze(read(path), Options(**options)) for _ in range(2))
    except NoDeviceOpError:
        pytest.skip("no device op")
    assert_nothing_changed(compare(one, other))


@pytest.mark.parametrize("name", [name for name in perfsheet.__all__ if name != "__version__"])
def test_a_public_name_is_no_module(name):
    """A subpackage of the same name would take its place once it is imported."""
    import_module("perfsheet.comparison")
    getattr(perfsheet, name)
    assert callable(getattr(perfsheet, name))
