"""The models of the page: their inputs, where their weights come from, the runtimes found, and the bench of a run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from perfsheet.light_dataclass import dataclass

ZOO = Path(__file__).parent / "zoo"
RANDOM = "random"
RANDOM_SHOWN = "random weights"
_PROBE_S, _ASKED_AGAIN_S = 60, 30


@dataclass(frozen=True)
class Input:
    """One input of a model: a parameter of its function, shown under `label`, of a `kind`, from `low` to `high`."""

    name: str
    label: str
    kind: Literal["line", "text", "number", "image"]
    default: str | int
    low: int = 1
    high: int = 4096
    help: str = ""


@dataclass(frozen=True)
class Model:
    """A model of the page: the function `run` of its file in the zoo.

    `hub` names its weights there, blank = there are none. `tokens` is the input that says how many tokens a run works
    on, `counted` which these are; blank for models without. `shrunk`: random weights are of a smaller configuration.
    """

    id: str
    title: str
    inputs: tuple[Input, ...]
    needs: tuple[str, ...] = ("torch", "transformers")
    hub: str = ""
    tokens: str = ""
    counted: str = ""
    shrunk: bool = True

    @property
    def function(self) -> str:
        """What bench is given."""
        return f"{ZOO / self.id}.py:run"


_LENGTH = Input(
    "sequence_length", "Sequence length", "number", 128, 8, 2048, "Tokens: the input is cut or padded to it."
)
_NEW = Input("new_tokens", "New tokens", "number", 20, 1, 1024, "Tokens to generate.")
_IMAGE = Input("image", "Image", "image", "", help="It is brought to 32 × 32.")

MODELS = (
    Model(
        "bert",
        "Question answering with BERT",
        (
            Input("question", "Question", "line", "When did the tower open?"),
            Input("context", "Context", "text", "The tower took two years to build. It opened to visitors in May 1889, "
                "and half of the city came to climb it."),
            _LENGTH,
        ),
        hub="phiyodr/bert-large-finetuned-squad2",
        tokens="sequence_length",
        counted="all tokens of the input, padding included",
    ),
    Model(
        "gpt2",
        "Text generation with GPT-2",
        (Input("prompt", "Prompt", "text", "The best thing about a profiler is that"), _LENGTH, _NEW),
        hub="openai-community/gpt2",
        tokens="new_tokens",
        counted="new tokens",
    ),
    Model(
        "codegen",
        "Code generation with CodeGen",
        (Input("prompt", "Prompt", "text", "def median(values):\n"), _LENGTH, _NEW),
        hub="Salesforce/codegen-350M-mono",
        tokens="new_tokens",
        counted="new tokens",
    ),
    Model("resnet18", "Image classification with ResNet18", (_IMAGE,), hub="microsoft/resnet-18", shrunk=False),
    Model("mnist", "Digit classification (MNIST)", (_IMAGE,), needs=("torch",), shrunk=False),
)  # fmt: skip
"""In the order of the page."""


@dataclass(frozen=True)
class Runtime:
    """What a model runs on: its name in the zoo, how people call it, and the modules that it needs."""

    id: str
    title: str
    needs: tuple[str, ...]


CPU = Runtime("torch", "torch on the CPU", ("torch",))
RUNTIMES = (
    Runtime("torch_ttnn", "TTNN through torch_ttnn", ("torch", "torch_ttnn", "ttnn")),
    Runtime("tt-xla", "TTNN through tt-xla", ("torch", "torch_xla", "tt_torch")),
    CPU,
    Runtime("torch.compile", "torch.compile on the CPU", ("torch", "a C++ compiler")),
)
"""The first one that is found is offered first."""


def found(python: str) -> frozenset[str]:
    """Which of the needed modules an interpreter has; none if it cannot be asked. Asked again every half minute."""
    return _found(python, int(time.time() // _ASKED_AGAIN_S))


@lru_cache(maxsize=4)
def _found(python: str, _when: int) -> frozenset[str]:
    names = sorted({name for one in (*RUNTIMES, *MODELS) for name in one.needs if name.isidentifier()})
    try:
        told = subprocess.run(
            [python, str(ZOO / "modules.py"), *names], capture_output=True, text=True, timeout=_PROBE_S, check=True
        ).stdout
        known = set(json.loads(told))
    except (OSError, subprocess.SubprocessError, ValueError):
        return frozenset()
    if shutil.which("g++") or shutil.which("clang++"):
        known.add("a C++ compiler")
    return frozenset(known)


def missing(needs: Sequence[str], known: frozenset[str]) -> list[str]:
    """What of this is not there."""
    return [name for name in needs if name not in known]


@dataclass(frozen=True)
class Weights:
    """Where weights come from: `place` is `random`, a folder or a name on the hub, `download` whether to fetch them."""

    label: str
    place: str
    download: bool = False

    @property
    def shown(self) -> str:
        """What the figures are marked with."""
        if self.place == RANDOM:
            return self.label
        return Path(self.place).name if Path(self.place).is_absolute() else self.place


def weights(model: Model) -> list[Weights]:
    """What is offered for a model, the best of what is there first."""
    offered = [Weights(f"{RANDOM_SHOWN}, small model" if model.shrunk else RANDOM_SHOWN, RANDOM)]
    if not model.hub:
        return offered
    if _is_cached(model.hub):
        return [Weights(f"{model.hub} (in the cache of the hub)", model.hub), *offered]
    return [*offered, Weights(f"{model.hub} (download from the hub)", model.hub, download=True)]


def _is_cached(name: str) -> bool:
    """Whether the cache of the hub has a snapshot of these weights."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    try:
        return any((cache / f"models--{name.replace('/', '--')}" / "snapshots").iterdir())
    except OSError:
        return False


@dataclass(frozen=True)
class Asked:
    """A run as the user has set it."""

    model: Model
    runtimes: tuple[Runtime, ...]
    weights: Weights
    values: Mapping[str, str | int]
    iterations: int
    warmup: int
    timeout_s: int
    python: str


def bench_toml(asked: Asked) -> str:
    """The file for `perfsheet bench`: a row per runtime; the speed-up is over torch on the CPU, where that runs."""
    import tomlkit

    model = asked.model
    ids = [runtime.id for runtime in asked.runtimes]
    head: dict[str, str | int] = {
        "name": model.title,
        "iterations": asked.iterations,
        "warmup": asked.warmup,
        "timeout": asked.timeout_s,
        "python": asked.python,
        "baseline": f"runtime={CPU.id if CPU.id in ids else ids[0]}",
    }
    if model.tokens:
        head |= {"tokens": int(asked.values[model.tokens]), "counted": model.counted}
    group = tomlkit.table()
    group["row"] = tomlkit.aot()
    for runtime in asked.runtimes:
        row = tomlkit.table()
        row["labels"] = {"runtime": runtime.id, "weights": asked.weights.shown}
        row["function"] = model.function
        taken = {"runtime": runtime.id, "weights": asked.weights.place, **asked.values}
        row["parameters"] = taken | ({"download": asked.weights.download} if model.hub else {})
        group["row"].append(row)
    groups = tomlkit.aot()
    groups.append(group)
    return tomlkit.dumps({"bench": head, "group": groups})
