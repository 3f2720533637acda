"""A folder of pytest files: every op alone, against TTNN's golden function."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from perfsheet.atomic_write import replace_text
from perfsheet.light_dataclass import dataclass
from perfsheet.outputs import paths
from perfsheet.outputs.op_tests.cases import Case
from perfsheet.trials.code import Code, dtype_code, laid_out, layout_code
from perfsheet.trials.memory import DRAM

LIMITS = {"float32": 0.9999, "bfloat16": 0.999, "bfloat8_b": 0.99, "bfloat4_b": 0.95, "module": 0.99}
"""The PCC that an output must reach, by data type; that of a module."""
_SHARED = ("conftest", "op_checks")


@dataclass(frozen=True)
class Written:
    """What was written: the files, how many tests they have, and how many ops these stand for."""

    files: tuple[Path, ...]
    cases: int
    ops: int


def write(
    cases: Sequence[Case],
    modules: Mapping[str, str],
    folder: Path,
    source: str,
    limits: Mapping[str, float],
    force: bool,
) -> Written:
    """Write a test file for each kind of op to a folder, which is made if it is missing.

    `modules`: further files, by their names. `source` names what the ops are of. Raises PerfsheetError (exit status 7)
    for a file that is there already, unless `force` is set.
    """
    by_kind: dict[str, list[Case]] = {}
    for case in cases:
        by_kind.setdefault(case.kind, []).append(case)
    texts = {f"{name}.py": _shared(name, limits) for name in _SHARED}
    texts |= {f"test_{name_of(kind)}.py": _tests(kind, some, source) for kind, some in sorted(by_kind.items())}
    texts |= modules
    folder.mkdir(parents=True, exist_ok=True)
    for name in texts:
        paths.check_file(folder / name, [], force)
    for name, text in texts.items():
        replace_text(folder / name, text, force)
    return Written(tuple(folder / name for name in texts), len(cases), sum(case.count for case in cases))


def _shared(name: str, limits: Mapping[str, float]) -> str:
    text = files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    for dtype, limit in {**LIMITS, **limits}.items():
        text = text.replace(f"{{{dtype}}}", f"{limit!r}")
    return text


def name_of(text: str) -> str:
    """A part of a name in Python."""
    return re.sub(r"[\W_]+", "_", text.lower()).strip("_")


def plain_name(source: str) -> str:
    """A file name as a part of a docstring."""
    return re.sub(r"[^\w.:-]", "_", source)[-60:]


def _tests(kind: str, cases: Sequence[Case], source: str) -> str:
    title = kind[0].upper() + kind[1:]
    lines = [
        f'"""{title}: each op against TTNN\'s golden function.',
        "",
        f"Written by perfsheet from {plain_name(source)}; edit it freely.",
        '"""',
        "",
        "import pytest",
        "import ttnn",
        "from op_checks import Input, check",
        *(line for case in cases for line in _case(case)),
        "",
        "",
        laid_out(
            f'@pytest.mark.parametrize("op", [{", ".join(case.name for case in cases)}], '
            f"ids=[{', '.join(_quoted(case.id) for case in cases)}])"
        ),
        f"def test_{name_of(kind)}(op, device):",
        "    op(device)",
        "",
    ]
    return "\n".join(lines)


_OF_POSITIVE = {
    "acos", "acosh", "asin", "atanh", "digamma", "erfinv", "lgamma", "log", "log10", "log1p", "log2", "logit", "pow",
    "reciprocal", "rsqrt", "sqrt",
}  # fmt: skip
"""Functions that are not defined, or steep, for other values."""


def _quoted(text: str) -> str:
    return f'"{text}"'


def _case(case: Case) -> Iterator[str]:
    code = case.code
    yield ""
    yield ""
    yield f"def {case.name}(device):"
    yield f'    """{case.about}."""'
    for tensor in code.tensors:
        yield laid_out(f"{tensor} = {input_code(code, tensor)}", "    ")
    given = [*code.operands, *(f"{option}={value}" for option, value in code.options.items() if value)]
    yield laid_out(f"check({', '.join(['device', code.function, *given])})", "    ")


def input_code(code: Code, name: str) -> str:
    """The Python of a random tensor."""
    tensor, host = code.tensors[name], name in code.on_host
    parts = [str(list(tensor.shape)), dtype_code(tensor.dtype), layout_code(tensor.layout)]
    if host:
        parts.append("on_host=True")
    elif tensor.memory is not None and tensor.memory != DRAM:
        parts.append(tensor.memory.code)
    if seed := list(code.tensors).index(name):
        parts.append(f"seed={seed}")
    if name == "running_var" or code.function.rpartition(".")[2] in _OF_POSITIVE:
        parts.append("positive=True")
    return f"Input({', '.join(parts)})"
