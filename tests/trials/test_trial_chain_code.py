"""The Python of several ops in a row: names that do not clash, and memory configs that are written once."""

from __future__ import annotations

import ast

import pytest

from perfsheet.trials.chain_code import ChainCode, moved_between
from perfsheet.trials.code import Code
from perfsheet.trials.memory import DRAM, L1, Memory, Shard
from perfsheet.trials.plain import is_plain
from perfsheet.trials.tensors import Tensor

SHARDED = Memory("BLOCK_SHARDED", "L1", Shard(((0, 0, 7, 5),), (64, 96)))


def tensor(memory=DRAM):
    return Tensor((1, 1, 384, 768), "BFLOAT16", "TILE", memory)


@pytest.fixture
def chain():
    gelu = Code({"x": tensor()}, "ttnn.gelu", ("x",), {}).put(SHARDED)
    linear = Code(
        {"a": tensor(SHARDED), "b": tensor(), "bias": tensor()},
        "ttnn.linear",
        ("a", "b"),
        {"bias": "bias", "core_grid": "ttnn.CoreGrid(y=6, x=8)", "memory_config": SHARDED.code},
    )
    total = Code({"x": tensor(), "y": tensor(SHARDED)}, "ttnn.add", ("x", "y"), {"memory_config": L1.code})
    return ChainCode((gelu, linear, total), ("a", "y"))


def test_each_call_reads_what_the_one_before_makes(chain):
    tree = ast.parse(chain.text)
    names = [statement.targets[0].id for statement in tree.body]
    assert names == ["sharded", "x1", "made1", "b2", "bias2", "made2", "x3", "output"]
    assert "made1 = ttnn.gelu(x1, memory_config=sharded)" in chain.text
    assert "core_grid=ttnn.CoreGrid(y=6, x=8)" in chain.text  # a keyword that is called like a tensor
    assert "bias=bias2" in chain.text
    assert "output = ttnn.add(x3, made2, memory_config=ttnn.L1_MEMORY_CONFIG)" in chain.text
    assert chain.text.count("create_sharded_memory_config") == 1


def test_it_is_plain_and_nothing_else_is(chain):
    assert is_plain(chain.text, chain.names)
    worse = ChainCode((chain.calls[0].given(memory_config="open('x')"), *chain.calls[1:]), chain.reads)
    assert not is_plain(worse.text, worse.names)


def test_what_moves_is_counted_but_for_what_is_handed_on(chain):
    before = [
        Code({"x": tensor()}, "ttnn.gelu", ("x",), {"memory_config": DRAM.code}),
        Code({"a": tensor(), "b": tensor(SHARDED), "bias": tensor()}, "ttnn.linear", ("a", "b"), {}),
        Code({"x": tensor(), "y": tensor()}, "ttnn.add", ("x", "y"), {"memory_config": DRAM.code}),
    ]
    assert moved_between(before, chain.calls, chain.reads) == 2  # the weights, and the last output
    assert moved_between(chain.calls, chain.calls, chain.reads) == 0


def test_a_single_call_names_what_it_needs_twice():
    code = Code({"x": tensor(SHARDED)}, "ttnn.relu", ("x",), {}).put(SHARDED)
    assert code.text.startswith("sharded = ttnn.create_sharded_memory_config(")
    assert is_plain(code.text, code.names)
    assert "memory_config" not in Code({"x": tensor()}, "ttnn.relu", ("x",), {}).text
