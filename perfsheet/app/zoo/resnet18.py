"""Image classification with ResNet18."""

from collections.abc import Callable
from typing import Any

from runtimes import RANDOM, answering, best, loaded, on_runtime, picture, placed
from transformers import ResNetConfig, ResNetForImageClassification

CIFAR_10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def run(runtime: str, weights: str, download: bool, image: str) -> Callable[[], Any]:
    """A forward pass over one picture of 3 × 32 × 32."""
    config = ResNetConfig(
        depths=[2, 2, 2, 2], hidden_sizes=[64, 128, 256, 512], layer_type="basic", num_labels=len(CIFAR_10)
    )
    model = on_runtime(loaded(ResNetForImageClassification, config, weights, download), runtime)
    labels = model.config.id2label
    names = CIFAR_10 if weights == RANDOM else [str(labels[index]) for index in range(len(labels))]
    inputs = placed({"pixel_values": picture(image)}, model)

    def forward() -> Any:
        return model(**inputs).logits.cpu()

    return answering(forward, lambda scores: best(scores, names))
