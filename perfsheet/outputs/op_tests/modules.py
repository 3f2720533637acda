"""The test of a module: its ops one after another, on the device and by their golden functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from perfsheet.outputs.op_tests import input_code, name_of, plain_name
from perfsheet.trials.chain_code import with_names
from perfsheet.trials.code import Code, laid_out
from perfsheet.trials.modules import Made, ModuleCall, Step


def files(calls: Sequence[ModuleCall], source: str) -> Mapping[str, str]:
    """A file for each module that can be built as a whole, by its name."""
    texts: dict[str, str] = {}
    for call in (one for one in calls if not one.problem):
        name = _name(call)
        if f"test_{name}.py" in texts:
            name = f"{name}_{len(texts) + 1}"
        texts[f"test_{name}.py"] = "\n".join(_lines(call, name, source))
    return texts


def _name(call: ModuleCall) -> str:
    return f"module_{name_of('_'.join(call.path[-2:]))}"


def _lines(call: ModuleCall, name: str, source: str) -> Iterator[str]:
    times = f", of {call.count} equal calls" if call.count > 1 else ""
    yield f'"""Module {plain_name(".".join(call.path))}: its ops against their golden functions.'
    yield ""
    yield f"Rows {call.rows[0]} to {call.rows[-1]}{times}."
    yield f"Written by perfsheet from {plain_name(source)}; edit it freely."
    yield '"""'
    yield ""
    yield "import ttnn"
    yield "from op_checks import Input, check_module"
    yield ""
    yield ""
    yield f"def {name}(run):"
    yield f'    """{len(call.steps)} ops; `run` calls each, or its golden function."""'
    tensors = Code(dict(call.tensors), "", (), {}, on_host=call.on_host)
    for tensor in tensors.tensors:
        yield laid_out(f"{tensor} = run.tensor({input_code(tensors, tensor)})", "    ")
    for number, step in enumerate(call.steps, start=1):
        yield laid_out(f"made{number} = {_call(step)}", "    ")
    yield f"    return made{len(call.steps)}"
    yield ""
    yield ""
    yield f"def test_{name}(device):"
    yield f"    check_module(device, {name})"
    yield ""


def _call(step: Step) -> str:
    """`run(ttnn.linear, a1, b2, bias=bias1)`."""
    names = {"device": "run.board", **{name: _python(source) for name, source in step.sources.items()}}
    given = [with_names(operand, names) for operand in step.code.operands]
    given += [f"{option}={with_names(value, names)}" for option, value in step.code.options.items() if value]
    return f"run({', '.join([step.code.function, *given])})"


def _python(source: Made | str) -> str:
    if isinstance(source, str):
        return source
    made = f"made{source.step + 1}" + ("" if source.output is None else f"[{source.output}]")
    return made if source.shape is None else f"run(ttnn.reshape, {made}, {list(source.shape)})"
