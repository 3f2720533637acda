"""Program configs and compute kernel configs: from the text of ATTRIBUTES to the Python that makes them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from perfsheet.analysis.ops.attributes import UNSET, entries
from perfsheet.trials.memory import core_range_set, ranges_in
from perfsheet.trials.recorded import Recorded

_STRUCT = re.compile(r"(?:\w+::)*(\w+)\((.*)\)", re.DOTALL)
_MEMBER = re.compile(r"(\w+)\s*=(?!=)\s*((?:[^;()]|\([^()]*\))*)")
_COORDINATES = re.compile(r"\(x=(\d+)[;,]\s*y=(\d+)\)|(\d+)-(\d+)")
_SWITCHES = {
    "transpose_mcast", "fuse_batch", "mcast_in0", "gather_in0", "inplace", "legacy_reduction", "legacy_rsqrt",
    "use_welford", "math_approx_mode", "fp32_dest_acc_en", "packer_l1_acc", "dst_full_sync_en", "untilize_out",
    "exp_approx_mode",
}  # fmt: skip
_NOT_GIVEN = {"throttle_level", "num_workers_per_dram_bank", "allowed_worker_cores", "num_global_cb_receivers"}
"""Members that Python sets only where they are not the default."""
_FIDELITY = re.compile(r"^(?:MathFidelity::)?(LoFi|HiFi[234])$")
_ACTIVATION = re.compile(r"fused_activation=(?!std::nullopt|nullopt|None|\s*[;)]).*", re.DOTALL)
_PLAIN_ACTIVATION = re.compile(r"op_type=UnaryOpType::(\w+);\s*param=\{(?:0)?\}")
"""An activation without a parameter, or with a switch that is off."""
_ENUM = re.compile(r"(?:\w+::)+\w+")


def struct(text: str) -> tuple[str, dict[str, str]] | None:
    """The type and the members of a struct, as they are written; None for another text."""
    found = _STRUCT.fullmatch(text.strip())
    if found is None:
        return None
    return found[1], {name: value.strip() for name, value in _MEMBER.findall(found[2])}


def code_of(name: str, members: Mapping[str, str]) -> str:
    """The Python that makes a config of TTNN."""
    given = [f"{key}={python}" for key, value in members.items() if (python := _value(key, value))]
    return f"ttnn.{name}({', '.join(given)})"


def config(attributes: str, *names: str) -> str:
    """The Python of a config among the attributes; blank where none was given."""
    given = entries(attributes)
    text = next((given[name] for name in names if given.get(name, "") not in UNSET), "")
    parsed = struct(text)
    return code_of(*parsed) if parsed is not None else ""


def compute_kernel_config(attributes: str) -> str:
    """The compute kernel config, blank where none is recorded."""
    given = entries(attributes).get("compute_kernel_config", "")
    parsed = struct(given)
    return "" if parsed is None else code_of("WormholeComputeKernelConfig", parsed[1])


def _value(key: str, value: str) -> str:
    """A member as Python; blank = leave it out."""
    if value in UNSET or key in _NOT_GIVEN:
        return ""
    if key in _SWITCHES:
        return "True" if value.lower() in ("1", "true") else "False"
    if fidelity := _FIDELITY.match(value):
        return f"ttnn.MathFidelity.{fidelity[1]}"
    if key == "sub_core_grids":
        ranges = ranges_in(value)
        return core_range_set(ranges) if ranges else ""
    if found := _COORDINATES.fullmatch(value):
        x, y = (place for place in found.groups() if place is not None)
        return f"({x}, {y})"
    if _ENUM.fullmatch(value):
        kind, _, name = value.rpartition("::")
        return f"ttnn.{kind.rpartition('::')[2]}.{name}"
    if key == "fused_activation":
        found = _PLAIN_ACTIVATION.search(value)
        return f"ttnn.UnaryWithParam(ttnn.UnaryOpType.{found[1]})" if found else ""
    return value if re.fullmatch(r"-?[\d.]+(?:e-?\d+)?", value) else ""


def has_activation(op: Recorded) -> bool:
    """Whether an activation is fused into an op that its Python would lack: all but those of program configs."""
    given = entries(op.attributes)
    names = ("fused_activation", "user_fused_activation", "activation")
    fused = _ACTIVATION.search(given.get("program_config", ""))
    lost = fused is not None and not _PLAIN_ACTIVATION.search(fused[0])
    return lost or any(given.get(name, "") not in UNSET for name in names)
