"""Skeleton tests of a model in the four variants of the bring-up guide."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.resources import files
from keyword import iskeyword
from pathlib import Path

from perfsheet.atomic_write import make_folder, replace_text
from perfsheet.light_dataclass import dataclass
from perfsheet.models.outputs.op_stats import unique_file_name
from perfsheet.models.suite.model import Suite, Target, plain_model
from perfsheet.models.torch_graph.building import has_relative_imports, import_root
from perfsheet.text.safe import clean, file_stem

_PCC = 0.99
_LONGEST = 60
_BLANK = '''\
def make_inputs(run):
    """The inputs of a run as torch tensors: other ones for each run, so that those that were not copied show."""
    raise NotImplementedError("fill in make_inputs")


def reference(inputs):
    """What the torch model makes of these inputs: a tensor, or several."""
    raise NotImplementedError("fill in reference")'''
_OF_GRAPH = '''\
RESULT = {name}()
MODULE, INPUTS = RESULT if isinstance(RESULT, tuple) else (RESULT, None)
NAMED = INPUTS if isinstance(INPUTS, dict) else {{}}
INPUTS = list(NAMED.values()) or (list(INPUTS) if isinstance(INPUTS, (list, tuple)) else [INPUTS])


def make_inputs(run):
    """The inputs of a run as torch tensors: other ones for each run, so that those that were not copied show."""
    if INPUTS == [None]:
        raise NotImplementedError("fill in make_inputs")
    return [one.roll(run) for one in INPUTS]  # a mask of ones stays one


def reference(inputs):
    """What the torch model makes of these inputs: a tensor, or several."""
    with torch.no_grad():
        return MODULE(**dict(zip(NAMED, inputs))) if NAMED else MODULE(*inputs)'''


@dataclass(frozen=True)
class VariantTests:
    """The files: those that were written, and those that were there already and stay as they are."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def write_variant_tests(suite: Suite, targets: Sequence[Target], folder: Path) -> VariantTests:
    """Write `test_MODEL_variants.py` for each model to a folder; what is there may be filled in, and stays.

    Raises PerfsheetError (exit status 7).
    """
    make_folder(folder)
    taken: set[str] = set()
    written, kept = [], []
    for model in dict.fromkeys(plain_model(target.model) for target in targets):
        of_model = [target for target in targets if plain_model(target.model) == model]
        target = next((one for one in of_model if one.graph), of_model[0])
        path = folder / f"test_{unique_file_name(file_stem(model, _LONGEST, 'model', '_'), taken)}_variants.py"
        if path.exists():
            kept.append(path)
            continue
        replace_text(path, variant_tests(suite, target, folder), overwrite=False)
        written.append(path)
    return VariantTests(tuple(written), tuple(kept))


def variant_tests(suite: Suite, target: Target, folder: Path) -> str:
    """The text of the tests: with the torch module that the target names, else with places to fill in."""
    template = files("perfsheet.models.outputs").joinpath("variant_tests.txt").read_text(encoding="utf-8")
    file, _, name = target.graph.rpartition(":")
    place = _module(suite.path.absolute().parent / file)
    imports, torch_side = "", _BLANK
    if place and _is_name(name):
        root, module = place
        steps = Path(os.path.relpath(root, folder.absolute())).as_posix()
        imports = (
            "\nimport sys\nfrom pathlib import Path\n\n"
            f"sys.path.insert(0, str(Path(__file__).resolve().parent / {steps!r}))\n"
            f"from {module} import {name}  # noqa: E402\n"
        )
        torch_side = _OF_GRAPH.format(name=name)
    title = clean(target.model).replace("\\", "/").replace('"', "'")
    return template.format(title=title, imports=imports, pcc=target.pcc or _PCC, torch_side=torch_side)


def _module(path: Path) -> tuple[Path, str] | None:
    """The folder that the module of a file is imported from, and its dotted name; None if it has none."""
    root = import_root(path)
    parts = Path(os.path.abspath(path)).relative_to(root).with_suffix("").parts  # noqa: PTH100
    if path.suffix != ".py" or not path.is_file() or not all(map(_is_name, parts)):
        return None
    if len(parts) == 1 and has_relative_imports(path):
        return None  # parts of a package that its folder does not say
    return root, ".".join(parts)


def _is_name(text: str) -> bool:
    return text.isidentifier() and not iskeyword(text)
