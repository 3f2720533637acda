"""Calls a function of a file, with a device of TTNN if it takes an argument.

    python perfsheet_function.py model.py:forward

It runs in the target's interpreter, so it imports nothing from perfsheet and needs no more than Python 3.8. A board of
several chips is opened as a mesh.
"""

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from typing import Any


def _function(target: str) -> Any:
    place, _, name = target.rpartition(":")
    path = Path(place).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        sys.exit(f"{place} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    function = getattr(module, name, None)
    if not callable(function):
        sys.exit(f"{place} has no function {name}")
    return function


def _call(function: Any) -> None:
    required = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if len(required) > 1:
        names = ", ".join(parameter.name for parameter in required)
        sys.exit(f"{function.__name__} takes {names}: give a function of the device alone, or of nothing")
    if not required:
        function()
        return
    by_name = required[0].kind is inspect.Parameter.KEYWORD_ONLY
    ttnn: Any = importlib.import_module("ttnn")
    count = ttnn.get_num_devices()
    if count == 1:
        device, close = ttnn.open_device(device_id=0), ttnn.close_device
    else:
        ttnn.set_fabric_config(ttnn.FabricConfig.FABRIC_1D)  # collectives ask for it, and it must be set first
        device, close = ttnn.open_mesh_device(ttnn.MeshShape(1, count)), ttnn.close_mesh_device
    try:
        function(**{required[0].name: device}) if by_name else function(device)
    finally:
        close(device)


if __name__ == "__main__":
    _call(_function(sys.argv[1]))
