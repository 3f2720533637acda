"""Skeleton tests of a model in the four variants of the bring-up guide."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from perfsheet.atomic_write import make_folder, replace_text
from perfsheet.models.suite.model import Suite, Target
from perfsheet.text.safe import clean, file_stem

_PCC = 0.99
_LONGEST = 60
_BLANK = '''\
def make_input():
    """The input as a torch tensor, the same on every call."""
    raise NotImplementedError("fill in make_input")


def reference():
    """The output of the torch model on that input."""
    raise NotImplementedError("fill in reference")'''
_OF_GRAPH = '''\
MODULE, INPUTS = {name}()


def make_input():
    """The input as a torch tensor, the same on every call."""
    return INPUTS[0] if isinstance(INPUTS, (list, tuple)) else INPUTS


def reference():
    """The output of the torch model on that input."""
    with torch.no_grad():
        return MODULE(make_input())'''


def write_variant_tests(suite: Suite, targets: Sequence[Target], folder: Path, overwrite: bool) -> list[Path]:
    """Write `test_MODEL_variants.py` for each model to a folder; the files. Raises PerfsheetError (exit status 7)."""
    make_folder(folder)
    written = []
    for stem, target in {file_stem(one.model, _LONGEST, "model", "_"): one for one in targets}.items():
        path = folder / f"test_{stem}_variants.py"
        replace_text(path, variant_tests(suite, target, folder), overwrite)
        written.append(path)
    return written


def variant_tests(suite: Suite, target: Target, folder: Path) -> str:
    """The text of the tests: with the torch module that the target names, else with places to fill in."""
    template = files("perfsheet.models.outputs").joinpath("variant_tests.txt").read_text(encoding="utf-8")
    file, _, name = target.graph.rpartition(":")
    imports, torch_side = "", _BLANK
    if file.endswith(".py") and Path(file).stem.isidentifier() and name.isidentifier():
        place = (suite.path.absolute().parent / file).parent
        steps = Path(os.path.relpath(place, folder.absolute())).as_posix()
        imports = (
            "\nimport sys\nfrom pathlib import Path\n\n"
            f"sys.path.insert(0, str(Path(__file__).resolve().parent / {steps!r}))\n"
            f"from {Path(file).stem} import {name}  # noqa: E402\n"
        )
        torch_side = _OF_GRAPH.format(name=name)
    title = clean(target.model).replace("\\", "/").replace('"', "'")
    return template.format(title=title, imports=imports, pcc=target.pcc or _PCC, torch_side=torch_side)
