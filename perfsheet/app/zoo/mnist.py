"""Digit classification with a small convolutional network; it needs torch only."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from runtimes import RANDOM, SEED, answering, best, on_runtime, picture, placed
from torch import nn


class Digits(nn.Module):  # type: ignore[misc]  # torch is not imported for the types
    """Two convolutions with pooling, and two linear layers, for pictures of 3 × 32 × 32."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.fc1 = nn.Linear(64 * 14 * 14, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Scores of the ten digits."""
        image = torch.relu(self.conv2(torch.relu(self.conv1(image))))
        image = nn.functional.max_pool2d(image, 2)
        return self.fc2(torch.relu(self.fc1(torch.flatten(image, 1))))


def run(runtime: str, weights: str, image: str) -> Callable[[], Any]:
    """A forward pass over one picture of 3 × 32 × 32. `weights`: `mnist.pt` in a folder, or random."""
    torch.manual_seed(SEED)
    model = Digits()
    if weights != RANDOM:
        model.load_state_dict(torch.load(Path(weights) / "mnist.pt", weights_only=True, map_location="cpu"))
    model = on_runtime(model, runtime)
    inputs = placed({"image": picture(image)}, model)
    return answering(lambda: model(**inputs).cpu(), lambda scores: best(scores, list("0123456789")))
