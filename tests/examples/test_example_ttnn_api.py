"""Every ttnn name and keyword in the example exists in a real ttnn, looked up in the interpreter that has one."""

import ast
import json

from support.ttnn import LOOK_UP, ROOT, in_lab, needs_ttnn

from examples.encoder_block.config import AFTER, BEFORE, BlockConfig, matmul_blocking
from examples.generate import attributes
from examples.generate.tensors import DRAM

BLOCK = ROOT / "examples" / "encoder_block"
PRINT_CONFIGS = """
import json, ttnn
gelu = ttnn.UnaryWithParam(ttnn.UnaryOpType.GELU, True)
matmul = ttnn.MatmulMultiCoreReuseMultiCastProgramConfig
shapes = dict(compute_with_storage_grid_size=(8, 6), transpose_mcast=False, per_core_M=2, per_core_N=12)
norm = ttnn.LayerNormShardedMultiCoreProgramConfig(
    compute_with_storage_grid_size=(8, 6), subblock_w=3, block_h=2, block_w=3, inplace=False
)
print("CONFIGS " + json.dumps([
    str(matmul(in0_block_w=1, out_subblock_h=1, out_subblock_w=1, **shapes)),
    str(matmul(in0_block_w=3, out_subblock_h=1, out_subblock_w=6, fused_activation=gelu, **shapes)),
    str(ttnn.LayerNormDefaultProgramConfig()),
    str(norm),
]))
"""


def dotted(node):
    """`ttnn.a.b` as text, for a chain of attributes that starts at the module."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and node.id == "ttnn":
        return ".".join(["ttnn", *reversed(parts)])
    return None


def names_used(source):
    """Pairs of a dotted ttnn name and the keywords it is called with."""
    tree = ast.parse(source)
    inner = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    calls = {id(n.func): [k.arg for k in n.keywords if k.arg] for n in ast.walk(tree) if isinstance(n, ast.Call)}
    chains = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and id(n) not in inner and dotted(n)]
    return [(dotted(n), calls.get(id(n), [])) for n in chains]


def all_names():
    return [pair for path in sorted(BLOCK.glob("*.py")) for pair in names_used(path.read_text(encoding="utf-8"))]


def test_names_are_collected_from_the_source():
    names = {name for name, _ in all_names()}
    assert {"ttnn.linear", "ttnn.experimental.nlp_concat_heads", "ttnn.MathFidelity.LoFi", "ttnn.open_device"} <= names
    assert ("ttnn.f", ["a"]) in names_used("ttnn.f(x, a=1)")


class TestWithTtnn:
    pytestmark = needs_ttnn

    def test_every_name_and_keyword_exists(self):
        by_hand = [
            ("tracy.signpost", ["header", "message"]),
            ("ttnn.Tensor.shape", []),
            ("ttnn.Tensor.memory_config", []),
        ]
        out = in_lab(LOOK_UP, json.dumps([*all_names(), *by_hand]))
        assert json.loads(out.split("WRONG ")[-1]) == []

    def test_look_up_notices_a_wrong_name_and_a_wrong_keyword(self):
        out = in_lab(
            LOOK_UP, json.dumps([("ttnn.no_such_op", []), ("ttnn.linear", ["biass"]), ("ttnn.from_torch", ["x"])])
        )
        wrong = json.loads(out.split("WRONG ")[-1])
        assert len(wrong) == 3
        assert wrong[1:] == ["ttnn.linear(biass=)", "ttnn.from_torch(x=)"]

    def test_generated_attributes_spell_program_configs_as_ttnn_does(self):
        config = BlockConfig()
        before, after = (matmul_blocking(config, v, config.hidden, config.ff_hidden) for v in (BEFORE, AFTER))
        expected = json.loads(in_lab(PRINT_CONFIGS).split("CONFIGS ")[-1])
        generated = [
            attributes.matmul(before, BEFORE, DRAM, fuse_gelu=False),
            attributes.matmul(after, AFTER, DRAM, fuse_gelu=True),
            attributes.layer_norm(config, BEFORE, DRAM),
            attributes.layer_norm(config, AFTER, DRAM),
        ]
        assert [attrs["program_config"] for attrs in generated] == expected
