"""What the memory and the data flow of a graph report add: room in L1, tensors held too long, who forces a reshard."""

from itertools import pairwise

import numpy as np
import pytest
from support.captures import op, shape, write_csv
from support.findings import findings_of, only_finding

from perfsheet import Options, Selection, analyze, read
from perfsheet.graph_report.model import Buffer, Call, Chip, DeviceOp, Execution, Frame, GraphReport, MemoryUse, Tensor
from perfsheet.text.graph import memory as memory_text

BANK = 1_000_000
DRAM, L1 = "DRAM_INTERLEAVED", "L1_BLOCK_SHARDED"
MATMUL, S2I, I2S = "MatmulDeviceOperation", "ShardedToInterleavedDeviceOperation", "InterleavedToShardedDeviceOperation"


class Model:
    """Ops one after the other, as rows of a capture and as a graph report."""

    def __init__(self):
        self.rows, self.ops, self.calls, self.buffers = [], [], [], []
        self.tensors = [Tensor(0, (1, 1, 512, 1024), "BFLOAT16", "TILE", DRAM, "", 1 << 20, 1 << 20)]

    def tensor(self, extents, memory=DRAM, shard=""):
        index = len(self.tensors)
        self.tensors.append(Tensor(index, extents, "BFLOAT16", "TILE", memory, shard, None, 4096 * index))
        return index

    def add(self, code, inputs, outputs, used=0, circular=None, duration=60_000, **cells):
        place = len(self.ops)
        row = op(code, duration, start=1_000_000 * (place + 1), **cells)
        row["GLOBAL CALL COUNT"] = str(1024 * (place + 1))
        for side, tensors in (("INPUT", inputs), ("OUTPUT", outputs)):
            for number, index in enumerate(tensors):
                row |= shape(f"{side}_{number}", self.tensors[index].shape, "BFLOAT16", self.tensors[index].memory)
        self.rows.append(row)
        use = MemoryUse(used, 64 * used, 0, 0)
        executions = (Execution(1024 * (place + 1), 0),)
        self.ops.append(DeviceOp(code, place, executions, tuple(inputs), tuple(outputs), None, None, circular, use))
        frames = (Frame("/w/model.py", 10 + place, "forward", ""),)
        call = Call(
            place, 0, f"ttnn.op{place}", frames, tuple(inputs), tuple(outputs), range(place, place + 1), None, ""
        )
        self.calls.append(call)
        return place

    def keep(self, tensor, bank, first, last):
        """The tensor's buffer in L1, from one op to another."""
        address = self.tensors[tensor].address
        self.buffers.append(Buffer(0, 0, "BLOCK_SHARDED", bank, None, first, last, tensor, address))

    def report(self, bank=BANK):
        parts = (self.calls, self.ops, self.tensors, self.buffers)
        return GraphReport("/w/db.sqlite", "1", *map(tuple, parts), (Chip(0, 0, bank, 64),) if bank else (), {}, {})

    def analysis(self, folder, bank=BANK):
        return analyze(read(write_csv(folder / "run.csv", self.rows)), graph=self.report(bank))


def dram_matmul(used):
    """An op that makes the input of a matmul, which reads it from DRAM, with so much of L1 in use on the way."""
    model = Model()
    made, weights, result = (
        model.tensor(extents) for extents in ((1, 1, 512, 1024), (1, 1, 1024, 2048), (1, 1, 512, 2048))
    )
    model.add("UnaryDeviceOperation", [0], [made])
    model.add("TernaryDeviceOperation", [0], [0], used=used, circular=1000)
    model.add(MATMUL, [made, weights], [result], circular=2000, fidelity="LoFi")
    return model


def test_an_input_in_dram_that_fits_in_what_is_free(tmp_path):
    """It takes 512 × 1024 × 2 / 64 = 16,384 bytes of each bank; the op in between leaves 99,000."""
    finding = only_finding(dram_matmul(900_000).analysis(tmp_path), "input-in-dram")
    assert finding.evidence["l1_free_bytes"] == 99_000
    assert finding.caveat == "By the graph report 99,000 bytes of each L1 bank are free then."


def test_an_input_in_dram_for_which_there_is_no_room(tmp_path):
    assert not findings_of(dram_matmul(990_000).analysis(tmp_path), "input-in-dram")


def test_without_the_size_of_a_bank_the_capture_alone_decides(tmp_path):
    finding = only_finding(dram_matmul(990_000).analysis(tmp_path, bank=0), "input-in-dram")
    assert finding.caveat == "The capture does not say what else is in L1 then."


def test_a_reshard_names_who_writes_and_who_reads(tmp_path):
    """Not the neighbours: an op of another branch stands between each of them."""
    model = Model()
    sharded = model.tensor((1, 1, 512, 1024), L1, "64×128 on 64 cores")
    interleaved, result = model.tensor((1, 1, 512, 1024)), model.tensor((1, 1, 512, 1024))
    other = model.tensor((1, 1, 32, 32))
    model.add(MATMUL, [0], [sharded])
    model.add("UnaryDeviceOperation", [other], [other])
    model.add(S2I, [sharded], [interleaved])
    model.add("UnaryDeviceOperation", [other], [other])
    model.add("LayerNormDeviceOperation", [interleaved], [result])
    finding = only_finding(model.analysis(tmp_path), "reshard")
    assert finding.advice.startswith(
        "Matmul at model.py:10 writes L1_BLOCK_SHARDED (64×128 on 64 cores), LayerNorm at model.py:14 reads "
        "DRAM_INTERLEAVED. "
    )


def test_l1_nearly_full(tmp_path):
    model = Model()
    model.add("UnaryDeviceOperation", [0], [0], used=880_000, circular=19_999)
    model.add("LayerNormDeviceOperation", [0], [0], used=880_000, circular=20_000)
    analysis = model.analysis(tmp_path)
    finding = only_finding(analysis, "l1-nearly-full")
    assert finding.positions.tolist() == [1]
    assert finding.evidence == {"l1_used_bytes": 900_000, "l1_bank_bytes": BANK}
    assert finding.saving_ns is None
    assert analysis.graph.memory.peak == 1
    assert analysis.graph.memory.headroom.tolist() == [100_001, 100_000]


def held_tensor(used):
    model = Model()
    made = model.tensor((1, 1, 512, 1024), L1)
    model.add("UnaryDeviceOperation", [0], [made])
    model.add("LayerNormDeviceOperation", [made], [0])
    for _ in range(3):
        model.add("SoftmaxDeviceOperation", [0], [0], used=used)
    model.keep(made, 50_000, first=0, last=4)
    return model


def test_a_tensor_that_is_held_after_its_last_use(tmp_path):
    analysis = held_tensor(600_000).analysis(tmp_path)
    (held,) = analysis.graph.memory.longest_held
    assert (held.made, held.last_use, held.calls, held.idle_calls, held.count) == (0, 1, 5, 3, 1)
    finding = only_finding(analysis, "freed-late")
    assert finding.positions.tolist() == [1]
    assert finding.evidence == {"bank_bytes": 50_000, "calls_after": 3}


def test_a_held_tensor_is_no_finding_while_l1_is_free(tmp_path):
    analysis = held_tensor(100_000).analysis(tmp_path)
    assert len(analysis.graph.memory.longest_held) == 1
    assert not findings_of(analysis, "freed-late")


def test_what_outlives_its_last_use_comes_first_and_equal_buffers_are_one(tmp_path):
    model = held_tensor(0)
    long_lived = model.tensor((1, 1, 512, 1024), L1)
    model.calls[0] = model.calls[0]._replace(outputs=(1, long_lived))
    model.calls[4] = model.calls[4]._replace(inputs=(long_lived,))
    model.keep(long_lived, 900_000, first=0, last=4)
    model.buffers.append(model.buffers[0])
    first, second = model.analysis(tmp_path).graph.memory.longest_held
    assert (first.buffer.bank, first.idle_calls, first.count) == (50_000, 3, 2)
    assert (second.buffer.bank, second.calls, second.idle_calls) == (900_000, 5, 0)


def test_views_share_the_buffer(tmp_path):
    """A reshape without a copy reads it later: until then it is in use."""
    model = held_tensor(600_000)
    view = model.tensor((1, 512, 1024), L1)
    model.tensors[view] = model.tensors[view]._replace(address=model.tensors[1].address)
    model.calls[4] = model.calls[4]._replace(inputs=(view,))
    (held,) = model.analysis(tmp_path).graph.memory.longest_held
    assert (held.last_use, held.calls, held.idle_calls) == (4, 5, 0)


def round_trip(used):
    model = Model()
    steps = [model.tensor((1, 1, 512, 512)) for _ in range(4)]
    for before, after in pairwise(steps):
        model.add("BinaryNgDeviceOperation", [before], [after], used=used, circular=0)
    return model


def test_a_round_trip_through_dram_needs_room(tmp_path):
    """A result takes 512 × 512 × 2 / 64 = 8,192 bytes of each bank; an op has two of them."""
    finding = only_finding(round_trip(980_000).analysis(tmp_path), "dram-round-trip")
    assert finding.caveat == "By the graph report 20,000 bytes of each L1 bank are free then."
    assert not findings_of(round_trip(985_000).analysis(tmp_path), "dram-round-trip")


def test_memory_of_ops_without_a_partner_is_unknown(tmp_path):
    model = held_tensor(600_000)
    model.rows.append(op("SoftmaxDeviceOperation", start=9_000_000) | {"GLOBAL CALL COUNT": "99328"})
    memory = model.analysis(tmp_path).graph.memory
    assert np.isnan(memory.l1_bank).tolist() == [False] * 5 + [True]


@pytest.mark.parametrize("key", ["module", "line", "call"])
def test_groups_sum_up_to_the_kernel_time(tmp_path, key):
    from perfsheet.analysis.graph.groups import GroupBy

    model = held_tensor(0)
    model.rows.append(op("SoftmaxDeviceOperation", 777, start=9_000_000) | {"GLOBAL CALL COUNT": "99328"})
    analysis = model.analysis(tmp_path)
    groups = analysis.graph.by(GroupBy(key))
    assert sum(group.kernel_ns for group in groups) == analysis.ops.total_ns
    assert sorted(place for group in groups for place in group.positions.tolist()) == list(range(6))
    assert [group.name for group in groups if group.source is None] == ["(source unknown)"]
    assert analysis.graph.modules.total_ns == analysis.ops.total_ns


def test_no_bank_holds_more_than_it_is_large(tmp_path):
    model = Model()
    model.add("UnaryDeviceOperation", [0], [0], used=900_000, circular=100_001)
    model.add("LayerNormDeviceOperation", [0], [0], used=900_000, circular=100_000)
    analysis = model.analysis(tmp_path)
    assert analysis.graph.memory.beyond_bank.tolist() == [True, False]
    assert only_finding(analysis, "l1-nearly-full").positions.tolist() == [1]
    assert "1 op with more than a bank holds (!): impossible, so the report is wrong there" in memory_text(analysis)


def test_the_peak_of_tensors_where_some_circular_buffers_are_unknown(tmp_path):
    model = Model()
    model.add("UnaryDeviceOperation", [0], [0], used=4096)
    model.add("LayerNormDeviceOperation", [0], [0], used=2048, circular=1024)
    head = "L1: tensors take up to 4.0 KiB of 976.6 KiB per bank (Unary at model.py:10); "
    assert memory_text(model.analysis(tmp_path)) == f"{head}circular buffers known of 1 of 2 ops"
    model.add("SoftmaxDeviceOperation", [0], [0], used=2048, circular=4096)
    known = "at least 6.0 KiB with circular buffers, which are known of 2 of 3 ops"
    assert memory_text(model.analysis(tmp_path)) == f"{head}{known}"


def test_nothing_in_use_is_no_headline(tmp_path):
    model = Model()
    model.add("UnaryDeviceOperation", [0], [0])
    assert memory_text(model.analysis(tmp_path)) == ""


def matmuls(inputs_of):
    """Four equal matmuls in a row; `inputs_of` gives what each reads from the results before it."""
    model = Model()
    made = [model.tensor((1, 1, 512, 512)) for _ in range(5)]
    weights = [model.tensor((1, 1, 512, 512)) for _ in range(4)]
    model.add("UnaryDeviceOperation", [0], [made[0]])
    for number in range(4):
        model.add(MATMUL, [made[inputs_of(number)], weights[number]], [made[number + 1]])
    return model


def test_matmuls_of_one_input_are_repeated_work(tmp_path):
    finding = only_finding(matmuls(lambda number: 0).analysis(tmp_path), "repeated-work")
    assert finding.count == 4
    assert "concatenated weights" in finding.advice


def test_matmuls_that_read_one_another_are_not(tmp_path):
    assert not findings_of(matmuls(lambda number: number).analysis(tmp_path), "repeated-work")
    rows = matmuls(lambda number: number).rows
    assert findings_of(analyze(read(write_csv(tmp_path / "alone.csv", rows))), "repeated-work")


def test_ops_are_a_chain_by_the_data_flow(tmp_path):
    """Equal shapes alone: three ops that each read the first result are no chain."""
    model = Model()
    made = [model.tensor((1, 1, 512, 512)) for _ in range(4)]
    for after in made[1:]:
        model.add("BinaryNgDeviceOperation", [made[0]], [after], circular=0)
    model.rows[1] |= {"OP CODE": "UnaryDeviceOperation"}
    model.ops[1] = model.ops[1]._replace(name="UnaryDeviceOperation")
    assert not findings_of(model.analysis(tmp_path), "dram-round-trip")
    assert findings_of(analyze(read(write_csv(tmp_path / "alone.csv", model.rows))), "dram-round-trip")


def test_a_reshard_says_of_how_many_ops_its_neighbours_are(tmp_path):
    model = Model()
    for code in ("LayerNormDeviceOperation", "SoftmaxDeviceOperation", "LayerNormDeviceOperation"):
        sharded, interleaved, result = (model.tensor((1, 1, 512, 1024), memory) for memory in (L1, DRAM, DRAM))
        model.add(MATMUL, [0], [sharded])
        model.add(S2I, [sharded], [interleaved])
        model.add(code, [interleaved], [result])
        model.calls[-1] = model.calls[-1]._replace(frames=(Frame("/w/model.py", 90, "forward", ""),))
        model.calls[-3] = model.calls[-3]._replace(frames=(Frame("/w/model.py", 80, "forward", ""),))
    finding = only_finding(model.analysis(tmp_path), "reshard")
    assert "LayerNorm at model.py:90 reads DRAM_INTERLEAVED (2 of 3 ops)." in finding.advice


def test_each_of_equal_tensors_is_freed_late(tmp_path):
    """Two layers do the same: the last use of each is found, wherever the window begins."""
    model = Model()
    for layer in range(2):
        made = model.tensor((1, 1, 512, 1024), L1)
        model.add("UnaryDeviceOperation", [0], [made])
        model.add("LayerNormDeviceOperation", [made], [0])
        model.add("SoftmaxDeviceOperation", [0], [0], used=600_000)
        model.keep(made, 50_000, first=3 * layer, last=3 * layer + 2)
    for place, call in enumerate(model.calls):
        model.calls[place] = call._replace(frames=(Frame("/w/model.py", 10 + place % 3, "forward", ""),))
    analysis = model.analysis(tmp_path)
    assert [held.count for held in analysis.graph.memory.longest_held] == [2]
    assert only_finding(
        analyze(analysis.ops.table, Options(selection=Selection(which_pass="all")), graph=model.report()), "freed-late"
    ).positions.tolist() == [1, 4]


def test_a_line_with_several_calls_names_them_all(tmp_path):
    model = Model()
    model.add("UnaryDeviceOperation", [0], [0])
    model.add("LayerNormDeviceOperation", [0], [0])
    for place in (0, 1):
        model.calls[place] = model.calls[place]._replace(frames=(Frame("/w/model.py", 7, "forward", ""),))
    ((source, count),) = model.analysis(tmp_path).graph.places(np.array([0, 1]))
    assert (source.call, count) == ("ttnn.op0, ttnn.op1", 2)
