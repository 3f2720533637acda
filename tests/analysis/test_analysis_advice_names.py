"""Every TT-NN name and knob in the rules' advice exists, looked up in the interpreter that has a real ttnn."""

import ast
import json
import re
from pathlib import Path

from support.ttnn import LOOK_UP, in_lab, needs_ttnn

from perfsheet.analysis import rules

FOLDER = Path(rules.__file__).parent

# Words of the advice that are arguments or fields, and where they are looked up.
KNOBS = {
    "ttnn.Conv2dConfig": [
        "shard_layout",
        "weights_dtype",
        "deallocate_activation",
        "reallocate_halo_output",
        "act_block_h_override",
        "enable_act_double_buffer",
        "enable_weights_double_buffer",
    ],
    "ttnn.MatmulMultiCoreReuseMultiCastProgramConfig": [
        "in0_block_w",
        "out_subblock_h",
        "out_subblock_w",
        "per_core_M",
        "per_core_N",
        "compute_with_storage_grid_size",
    ],
    "ttnn.SDPAProgramConfig": ["compute_with_storage_grid_size", "q_chunk_size", "k_chunk_size", "exp_approx_mode"],
    "ttnn.init_device_compute_kernel_config": ["math_fidelity", "math_approx_mode", "fp32_dest_acc_en"],
    "ttnn.linear": ["program_config", "core_grid", "compute_kernel_config", "memory_config", "dtype", "activation"],
    "ttnn.group_norm": ["core_grid"],
    "ttnn.multiply": ["input_tensor_a_activations"],
    "ttnn.softmax": ["numeric_stable"],
    "ttnn.tilize_with_val_padding": ["use_multicore"],
    "ttnn.as_tensor": ["layout", "dtype"],
    "ttnn.all_gather": ["num_links", "topology"],
    "ttnn.transformer.ring_joint_scaled_dot_product_attention": ["is_balanced"],
}
# Words with an underscore that are no names of TT-NN's.
PROSE = {"bfloat8_b", "bfloat4_b"}


def advice_texts():
    """All prose in the rules' files but their docstrings."""
    for path in sorted(set(FOLDER.glob("*.py")) - {FOLDER / "base.py"}):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)]
        docstrings = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
        for node in ast.walk(tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
            if is_text and id(node) not in docstrings:
                yield node.value


def names():
    found = {name.rstrip(".") for text in advice_texts() for name in re.findall(r"ttnn(?:\.\w+)+", text)}
    return sorted(found - {"ttnn.MathFidelity"})


def knobs():
    """Words with an underscore that are no part of a dotted name."""
    return sorted(
        {
            word
            for text in advice_texts()
            for word in re.findall(r"(?<![\w.])[a-z]\w*_\w+", re.sub(r"ttnn(?:\.\w+)+", "", text))
        }
        - PROSE
    )


def test_names_are_collected():
    assert {"ttnn.MatmulMultiCoreReuseMultiCastDRAMShardedProgramConfig", "ttnn.begin_trace_capture"} <= set(names())
    assert {"in0_block_w", "shard_layout", "is_balanced"} <= set(knobs())


def test_every_knob_says_where_it_belongs():
    assert set(knobs()) <= {knob for owned in KNOBS.values() for knob in owned}


class TestWithTtnn:
    pytestmark = needs_ttnn

    def test_every_name_and_knob_exists(self):
        fidelities = [(f"ttnn.MathFidelity.{name}", []) for name in ("LoFi", "HiFi2", "HiFi3", "HiFi4")]
        wanted = [*((name, []) for name in names()), *KNOBS.items(), *fidelities]
        out = in_lab(LOOK_UP, json.dumps(wanted))
        assert json.loads(out.split("WRONG ")[-1]) == []
