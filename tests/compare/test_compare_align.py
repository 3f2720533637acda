"""The alignment of two sequences, and of captures by it."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from support.captures import op, shape
from support.comparing import assert_complete, assert_nothing_changed

from perfsheet.alignment import align, common


def worth(values):
    """Pairs of equal tokens are worth 16, of tokens with the same tens 4."""

    def of(base, new):
        same = base[:, None] == new[None, :]
        kin = base[:, None] // 10 == new[None, :] // 10
        return np.where(same, 16, np.where(kin, 4, 0))

    return of


def pairs(base, new, **how):
    kin = np.arange(1000) // 10
    found = align(
        np.array(base, dtype=np.int64), np.array(new, dtype=np.int64), [np.arange(1000), kin], worth(None), **how
    )
    return [tuple(pair) for pair in found.tolist()]


def value(base, new, found):
    return sum(16 if base[a] == new[b] else 4 if base[a] // 10 == new[b] // 10 else 0 for a, b in found)


def best_by_hand(base, new):
    """The textbook recursion."""
    table = [[0] * (len(new) + 1) for _ in range(len(base) + 1)]
    for a in range(len(base)):
        for b in range(len(new)):
            table[a + 1][b + 1] = max(table[a][b + 1], table[a + 1][b], table[a][b] + value(base, new, [(a, b)]))
    return table[-1][-1]


@pytest.mark.parametrize("seed", range(30))
def test_no_alignment_is_worth_more(seed):
    chance = random.Random(seed)
    base = [chance.randrange(40) for _ in range(chance.randrange(30))]
    new = [chance.randrange(40) for _ in range(chance.randrange(30))]
    found = pairs(base, new)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(found))
    assert value(base, new, found) == best_by_hand(base, new)


def test_empty_sides():
    assert pairs([], []) == pairs([1], []) == pairs([], [1]) == []


def test_what_is_equal_at_both_ends_stays_together():
    assert pairs([1, 2, 3, 90, 4, 5], [1, 2, 3, 4, 5]) == [(0, 0), (1, 1), (2, 2), (4, 3), (5, 4)]


def test_a_layer_less_of_equal_layers_is_one_piece():
    layer = [1, 12, 23, 34]
    found = pairs([*layer * 5, 99], [*layer * 4, 99])
    missing = sorted(set(range(21)) - {a for a, _ in found})
    assert missing == list(range(missing[0], missing[0] + 4))


@pytest.fixture
def short_segments(monkeypatch):
    monkeypatch.setattr("perfsheet.alignment._SEGMENT", 64)


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize("seed", range(5))
def test_segments_find_what_the_whole_finds(seed):
    chance = random.Random(seed)
    base = [chance.randrange(500) for _ in range(700)]
    new = [token for token in base if chance.random() > 0.05]
    new = [chance.randrange(500) if chance.random() < 0.05 else token for token in new]
    whole, parts = pairs(base, new), pairs(base, new, most_cells=20_000)
    assert value(base, new, parts) >= 0.99 * value(base, new, whole)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(parts))


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize("inserted", [1, 40, 400, 2000])
@pytest.mark.parametrize("layers", [30, 200])
def test_an_insertion_into_equal_layers_costs_nothing_else(inserted, layers):
    layer = [chance % 900 for chance in range(7, 7 + 13 * 20, 13)]
    base = [950, *layer * layers, 960]
    new = [950, *[970 + number % 9 for number in range(inserted)], *layer * layers, 960]
    for one, other in ((base, new), (new, base)):
        found = pairs(one, other, most_cells=20_000)
        assert len(found) == len(base)
        assert all(one[a] == other[b] for a, b in found)


@pytest.mark.usefixtures("short_segments")
def test_other_shapes_throughout_are_the_same_ops():
    """Another batch: no token is equal, all are kin."""
    base = [10 * (number % 37) for number in range(2000)]
    new = [token + 3 for token in base if token != 360]
    found = pairs(base, new, most_cells=20_000)
    assert len(found) == len(new)
    assert all(base[a] // 10 == new[b] // 10 for a, b in found)


@pytest.mark.usefixtures("short_segments")
def test_sequences_without_anything_in_common_come_to_an_end():
    assert pairs([10] * 300, [250] * 300, most_cells=1000) == []


def longest_by_hand(base, new):
    table = [[0] * (len(new) + 1) for _ in range(len(base) + 1)]
    for a, one in enumerate(base):
        for b, other in enumerate(new):
            table[a + 1][b + 1] = table[a][b] + 1 if one == other else max(table[a][b + 1], table[a + 1][b])
    return table[-1][-1]


@pytest.mark.parametrize("seed", range(40))
def test_the_longest_common_subsequence(seed, monkeypatch):
    monkeypatch.setattr("perfsheet.alignment._RARE", seed % 4)
    chance = random.Random(seed)
    base, new = ([chance.randrange(6) for _ in range(chance.randrange(50))] for _ in range(2))
    found = common(np.array(base, dtype=np.int64), np.array(new, dtype=np.int64)).tolist()
    assert len(found) == longest_by_hand(base, new)
    assert all(base[a] == new[b] for a, b in found)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(found))


LAYER = (
    op("LayerNormDeviceOperation", 9000, 12),
    op("MatmulDeviceOperation", 50_000, 48),
    op("UnaryDeviceOperation", 4000, 64),
    op("BinaryNgDeviceOperation", 3000, 64),
)


def rows_of(found, status):
    return [
        ([found.base.row_ref(p).row for p in one.base], [found.new.row_ref(p).row for p in one.new])
        for one in found.ops
        if one.status == status
    ]


def test_a_capture_with_itself(compared):
    assert_nothing_changed(compared(LAYER * 3, LAYER * 3))


def test_an_inserted_and_a_removed_op(compared):
    extra = op("ReshardDeviceOperation", 700)
    found = compared(LAYER, (LAYER[0], extra, LAYER[1], LAYER[3]))
    assert_complete(found)
    assert rows_of(found, "added") == [([], [3])]
    assert rows_of(found, "removed") == [([4], [])]
    assert rows_of(found, "same") == [([2], [2]), ([3], [4]), ([5], [5])]
    assert found.total.delta_ns == 700 - 4000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Matmul", "MatmulDeviceOperation"),
        ("OptimizedConvNew", "Conv2dDeviceOperation"),
        ("tt::operations::primary::Matmul", "MatmulDeviceOperation"),
        ("ttnn::operations::binary::BinaryDeviceOperation", "BinaryNgDeviceOperation"),
        ("GridSampleOperation", "GridSample"),
        ("EltwiseUnary", "UnaryDeviceOperation"),
    ],
)
def test_a_renamed_op_is_the_same_op(compared, old, new):
    found = compared((op("Softmax"), op(old, 5000)), (op("Softmax"), op(new, 5000)))
    assert found.counts["same"] == 2
    renamed = found.ops[1]
    assert (renamed.base_code, renamed.new_code, renamed.changes) == (old, new, ())
    back = compared((op("Softmax"), op(new, 5000)), (op("Softmax"), op(old, 5000)))
    assert back.ops[1].op_code == renamed.op_code
    assert {one.op_type for one in found.op_types} == {one.op_type for one in back.op_types}


def test_ops_are_told_by_their_shapes(compared):
    wide, narrow = (op("MatmulDeviceOperation", 5000) | shape("OUTPUT_0", (1, 1, 32, width)) for width in (2048, 64))
    found = compared((wide, narrow), (narrow,))
    assert rows_of(found, "removed") == [([2], [])]
    assert rows_of(found, "same") == [([3], [2])]


def test_program_hashes_decide_between_equal_ops(compared):
    def hashed(number, duration):
        return op("MatmulDeviceOperation", duration, **{"PROGRAM HASH": str(number)})

    found = compared((hashed(1, 100), hashed(2, 900)), (hashed(2, 900),), generation="S9")
    assert rows_of(found, "removed") == [([2], [])]


def test_an_op_that_changed_places_keeps_its_counterpart(compared):
    norm, shard = op("LayerNormDeviceOperation", 9000), op("InterleavedToShardedDeviceOperation", 500)
    found = compared((*LAYER, norm, shard, *LAYER), (*LAYER, shard, norm, *LAYER))
    assert found.counts["same"] == 10
    assert found.total.delta_ns == 0


def test_another_op_in_its_place(compared):
    found = compared((op("Softmax"), op("MinimalMatmulOp", 5000)), (op("Softmax"), op("MatmulDeviceOperation", 4000)))
    (changed,) = [one for one in found.ops if one.status == "changed"]
    assert [(c.name, c.before, c.after) for c in changed.changes] == [
        ("op_code", "MinimalMatmulOp", "MatmulDeviceOperation")
    ]


def test_devices_are_aligned_on_their_own(compared):
    base = [op("MatmulDeviceOperation", 1000 + device, device=device, call=1024 + device) for device in range(3)]
    new = [op("MatmulDeviceOperation", 2000 + device, device=device, call=1024 + device) for device in range(3)]
    found = compared(base, new, options={"per_device": True})
    assert [(len(one.base), len(one.new)) for one in found.ops] == [(1, 1)] * 3
    for one in found.ops:
        assert found.base.ops.device[one.base[0]] == found.new.ops.device[one.new[0]]


def test_a_device_more_is_added(compared):
    base = [op("MatmulDeviceOperation", device=device) for device in (0, 1)]
    found = compared(base[:1], base, options={"per_device": True})
    assert found.counts["added"] == 1
    assert any("different numbers of devices: 1 before, 2 now; ops of the others" in note for note in found.notes)


def test_critical_paths_are_compared(compared):
    """Two devices against one: each op once, on its slowest device."""

    def devices(*times):
        return [
            op(code, ns, device=device)
            for code, of_devices in zip(("MatmulDeviceOperation", "SoftmaxDeviceOperation"), times, strict=True)
            for device, ns in enumerate(of_devices)
        ]

    found = compared(devices((1000, 2000), (5000, 400)), devices((1500,), (300,)))
    assert [(one.status, one.times.base_ns, one.times.new_ns) for one in found.ops] == [
        ("changed", 2000, 1500),
        ("changed", 5000, 300),
    ]
    assert (found.total.base_ns, found.total.new_ns) == (7000, 1800)
    assert [found.base.ops.device[one.base[0]] for one in found.ops] == [1, 0]
    (note,) = [note for note in found.notes if "different numbers of devices: 2 before, 1 now" in note]
    assert "critical path" in note
    assert_complete(found)
    assert compared(devices((1000, 2000), (5000, 400)), devices((2000, 9), (7, 5000))).nothing_changed


def test_padded_extents_of_older_builds_are_no_change(compared, analysis_of):
    from perfsheet.comparison import compare

    row = op("MatmulDeviceOperation", 1000) | shape("INPUT_0", ("1[1]", "1[1]", "32[19]", "64[64]"))
    old = analysis_of(row, op("Softmax"), generation="S5", name="old.csv")
    new = analysis_of(row, op("Softmax"), generation="S8", name="new.csv")
    assert compare(old, new).counts["same"] == 2


def test_unknown_durations_stay_unknown(compared):
    found = compared((op("Softmax", 100), op("Matmul", None)), (op("Softmax", 100), op("Matmul", 700)))
    unknown = found.ops[1]
    assert (unknown.times.base_ns, unknown.times.new_ns, unknown.times.delta_ns) == (None, 700, None)
    assert not unknown.times.beyond_noise
    assert any("without a usable kernel duration" in note for note in found.notes)
