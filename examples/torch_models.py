"""Torch models for `perfsheet graph`, in torch alone and with random weights.

perfsheet graph examples/torch_models.py:resnet18
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ResidualBlock(nn.Module):
    """Two convolutions of 3 × 3 beside a shortcut."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        same = stride == 1 and channels == out
        projection = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        self.downsample = nn.Identity() if same else projection

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += self.downsample(x)
        return functional.relu(y, inplace=True)


class ResNet18(nn.Module):
    """ResNet18 as torchvision builds it."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        widths = (64, 64, 128, 256, 512)
        self.layers = nn.Sequential(
            *(
                ResidualBlock(widths[stage + block] if not block else widths[stage + 1], widths[stage + 1], stride)
                for stage in range(4)
                for block, stride in ((0, 1 if stage == 0 else 2), (1, 1))
            )
        )
        self.fc = nn.Linear(512, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(image)), inplace=True)
        x = self.layers(functional.max_pool2d(x, 3, 2, 1))
        return self.fc(torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1))


class BertLayer(nn.Module):
    """Self-attention and a feed-forward network, each with a residual and a norm after it."""

    def __init__(self, hidden: int, heads: int, wide: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(hidden, hidden) for _ in range(3))
        self.attention_output = nn.Linear(hidden, hidden)
        self.intermediate = nn.Linear(hidden, wide)
        self.output = nn.Linear(wide, hidden)
        self.norm1, self.norm2 = (nn.LayerNorm(hidden, eps=1e-12) for _ in range(2))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = (
            layer(x).view(*x.shape[:2], self.heads, -1).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5 + mask
        joined = (torch.softmax(scores, -1) @ value).permute(0, 2, 1, 3).contiguous().view(x.shape)
        x = self.norm1(self.attention_output(joined) + x)
        return self.norm2(self.output(functional.gelu(self.intermediate(x))) + x)


class Bert(nn.Module):
    """BERT base, to the answer span of a question: embeddings, 12 layers, and two logits for each token."""

    def __init__(self, layers: int = 12, hidden: int = 768, heads: int = 12, wide: int = 3072) -> None:
        super().__init__()
        self.words = nn.Embedding(30522, hidden, padding_idx=0)
        self.positions = nn.Embedding(512, hidden)
        self.types = nn.Embedding(2, hidden)
        self.norm = nn.LayerNorm(hidden, eps=1e-12)
        self.layers = nn.ModuleList(BertLayer(hidden, heads, wide) for _ in range(layers))
        self.answer = nn.Linear(hidden, 2)

    def forward(self, ids: Tensor, types: Tensor, attention: Tensor) -> tuple[Tensor, Tensor]:
        positions = torch.arange(ids.shape[1], device=ids.device).unsqueeze(0)
        x = self.norm(self.words(ids) + self.types(types) + self.positions(positions))
        mask = (1.0 - attention[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        for layer in self.layers:
            x = layer(x, mask)
        start, end = self.answer(x).split(1, dim=-1)
        return start.squeeze(-1), end.squeeze(-1)


class Gpt2Block(nn.Module):
    """Causal self-attention and a feed-forward network, each with a norm before it and a residual."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.attention, self.projection = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
        self.wide, self.narrow = nn.Linear(hidden, 4 * hidden), nn.Linear(4 * hidden, hidden)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = (
            part.view(*x.shape[:2], self.heads, -1).transpose(1, 2)
            for part in self.attention(self.ln_1(x)).split(x.shape[-1], dim=-1)
        )
        scores = (query @ key.transpose(-1, -2)) / query.shape[-1] ** 0.5
        weights = torch.softmax(scores.masked_fill(mask, torch.finfo(x.dtype).min), -1)
        x = x + self.projection((weights @ value).transpose(1, 2).reshape(x.shape))
        return x + self.narrow(functional.gelu(self.wide(self.ln_2(x)), approximate="tanh"))


class Gpt2(nn.Module):
    """GPT-2, the smallest: 12 blocks, and a head that shares its weights with the embedding of the words."""

    def __init__(self, layers: int = 12, hidden: int = 768, heads: int = 12, words: int = 50257) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(words, hidden), nn.Embedding(1024, hidden)
        self.blocks = nn.ModuleList(Gpt2Block(hidden, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Linear(hidden, words, bias=False)
        self.head.weight = self.words.weight

    def forward(self, ids: Tensor) -> Tensor:
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.words(ids) + self.positions(places)
        mask = places[None, :] > places[:, None]
        for block in self.blocks:
            x = block(x, mask)
        return self.head(self.norm(x))


class Upsampler(nn.Module):
    """The decoder of a U-Net on three dimensions: transposed convolutions, beside a mirrored copy of the input."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(64, 32, 2, stride=2)
        self.conv = nn.Conv2d(64, 32, 3, padding=1)
        self.up_3d = nn.ConvTranspose3d(1, 1, 2, stride=2)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        up = self.up(x)
        joined = torch.cat([up, torch.flip(skip, [3])], dim=1)
        y = functional.log_softmax(functional.leaky_relu(self.conv(joined)), dim=1)
        return self.up_3d(y.unsqueeze(1)).squeeze(1)


def resnet18() -> tuple[nn.Module, Tensor]:
    """ResNet18 on one image."""
    return ResNet18().eval(), torch.randn(1, 3, 224, 224)


def bert() -> tuple[nn.Module, tuple[Tensor, Tensor, Tensor]]:
    """BERT base on 128 tokens."""
    ids = torch.randint(0, 30522, (1, 128))
    return Bert().eval(), (ids, torch.zeros_like(ids), torch.ones_like(ids))


def gpt2() -> tuple[nn.Module, Tensor]:
    """GPT-2 on 128 tokens."""
    return Gpt2().eval(), torch.randint(0, 50257, (1, 128))


def upsampler() -> tuple[nn.Module, tuple[Tensor, Tensor]]:
    """A decoder with transposed convolutions."""
    return Upsampler().eval(), (torch.randn(1, 64, 32, 32), torch.randn(1, 32, 64, 64))
