"""A folder of pytest files: every op of a capture alone, against TTNN's golden function."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from perfsheet.atomic_write import replace_text
from perfsheet.light_dataclass import dataclass
from perfsheet.outputs import paths
from perfsheet.text import formats
from perfsheet.trials import Trial
from perfsheet.trials.code import Code, dtype_code, laid_out, layout_code

LIMITS = {"float32": 0.9999, "bfloat16": 0.999, "bfloat8_b": 0.99, "bfloat4_b": 0.95}
"""The PCC that an output must reach, by data type."""
_SHARED = ("conftest", "op_checks")


@dataclass(frozen=True)
class Written:
    """What was written: the files, how many ops of the capture they stand for, and the ops left out by their code."""

    files: tuple[Path, ...]
    cases: int
    ops: int
    left_out: Mapping[str, int]


def write(trials: Sequence[Trial], folder: Path, source: str, limits: Mapping[str, float], force: bool) -> Written:
    """Write a test file for each kind of op to a folder, which is made if it is missing; `source` names the capture.

    Raises PerfsheetError (exit status 7) for a file that is there already, unless `force` is set.
    """
    by_kind: dict[str, list[tuple[Trial, Code]]] = {}
    left_out: dict[str, int] = {}
    for trial in trials:
        if trial.kind is None or trial.code is None:
            left_out[trial.op_code] = left_out.get(trial.op_code, 0) + trial.count
        else:
            by_kind.setdefault(trial.kind.title, []).append((trial, trial.code))
    texts = {f"{name}.py": _shared(name, limits) for name in _SHARED}
    texts |= {f"test_{_name(kind)}.py": _tests(kind, cases, source) for kind, cases in sorted(by_kind.items())}
    folder.mkdir(parents=True, exist_ok=True)
    for name in texts:
        paths.check_file(folder / name, [], force)
    for name, text in texts.items():
        replace_text(folder / name, text, force)
    cases = [trial for some in by_kind.values() for trial, _ in some]
    return Written(tuple(folder / name for name in texts), len(cases), sum(one.count for one in cases), left_out)


def _shared(name: str, limits: Mapping[str, float]) -> str:
    text = files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    for dtype, limit in {**LIMITS, **limits}.items():
        text = text.replace(f"{{{dtype}}}", f"{limit!r}")
    return text


def _name(kind: str) -> str:
    return re.sub(r"\W+", "_", kind.lower()).strip("_")


def _name_of(source: str) -> str:
    """A file name as a part of a docstring."""
    return re.sub(r"[^\w.-]", "_", source)[-60:]


def _tests(kind: str, cases: Sequence[tuple[Trial, Code]], source: str) -> str:
    title = kind[0].upper() + kind[1:]
    names = [f"row_{trial.row.row}" for trial, _ in cases]
    lines = [
        f'"""{title}: each op against TTNN\'s golden function.',
        "",
        f"Written by perfsheet from {_name_of(source)}; edit it freely.",
        '"""',
        "",
        "import pytest",
        "import ttnn",
        "from op_checks import Input, check",
        *(line for name, (trial, code) in zip(names, cases, strict=True) for line in _case(name, trial, code)),
        "",
        "",
        laid_out(f'@pytest.mark.parametrize("op", [{", ".join(names)}], ids=[{", ".join(map(_id, cases))}])'),
        f"def test_{_name(kind)}(op, device):",
        "    op(device)",
        "",
    ]
    return "\n".join(lines)


def _time(trial: Trial) -> str:
    return "time unknown" if math.isnan(trial.kernel_ns) else formats.span_of_time(trial.kernel_ns)


def _id(case: tuple[Trial, Code]) -> str:
    trial = case[0]
    times = f"{trial.count}x-" if trial.count > 1 else ""
    return f'"row-{trial.row.row}-{times}{_time(trial).replace(" µ", "u").replace(" ", "")}"'


def _case(name: str, trial: Trial, code: Code) -> Iterator[str]:
    cores = trial.op.cores if trial.op is not None else None
    alike = f"{trial.count} identical ops" if trial.count > 1 else "one op"
    yield ""
    yield ""
    yield f"def {name}(device):"
    yield f'    """{alike}, {_time(trial)}{f", on {cores} cores" if cores else ""}."""'
    for tensor in code.tensors:
        yield laid_out(f"{tensor} = {_input(code, tensor)}", "    ")
    given = [*code.operands, *(f"{option}={value}" for option, value in code.options.items() if value)]
    yield laid_out(f"check({', '.join(['device', code.function, *given])})", "    ")


def _input(code: Code, name: str) -> str:
    tensor, host = code.tensors[name], name in code.on_host
    parts = [str(list(tensor.shape)), dtype_code(tensor.dtype), layout_code(tensor.layout)]
    if host:
        parts.append("on_host=True")
    elif tensor.memory is not None:
        parts.append(tensor.memory.code)
    return f"Input({', '.join(parts)})"
