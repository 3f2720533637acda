"""Writes what TTNN's registry has (run as a script).

    python perfsheet_registry.py registry.json

The file has the `version` of ttnn, its `operations` (the torch functions that the golden function of each calls; null
without a golden function), and `aliases`, further names of these. No device is opened. It runs in the interpreter that
has ttnn, so it imports nothing from perfsheet and needs no more than Python 3.9.
"""

import ast
import importlib
import importlib.metadata
import inspect
import json
import re
import sys
import textwrap
from pathlib import Path
from typing import Any


def _torch_functions(function: Any) -> "list[str]":
    """`["nn.functional.gelu"]`: what a golden function calls of torch."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, SyntaxError, TypeError, ValueError):  # built in, or a part of a line
        return []
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return sorted(name[len("torch.") :] for name in called if re.fullmatch(r"torch(?:\.\w+)+", name))


def _registry(ttnn: Any) -> "dict[str, Any]":
    operations = ttnn.query_registered_operations(include_experimental=True)
    named = {one.python_fully_qualified_name: one for one in operations}
    golden = {name: getattr(one, "golden_function", None) for name, one in named.items()}
    places = {id(one): name for name, one in named.items()}
    given = {f"ttnn.{name}": places.get(id(value)) for name, value in vars(ttnn).items()}
    return {
        "version": importlib.metadata.version("ttnn"),
        "operations": {name: golden[name] and _torch_functions(golden[name]) for name in sorted(golden)},
        "aliases": {name: place for name, place in sorted(given.items()) if place and name not in named},
    }


def _main(path: Path) -> None:
    path.write_text(json.dumps(_registry(importlib.import_module("ttnn")), indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
