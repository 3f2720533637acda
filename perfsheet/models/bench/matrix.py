"""Variants from what the user has written: every combination, or single ones."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from perfsheet.errors import usage
from perfsheet.models.bench.model import Variant

_MOST = 1000


def variants(vary: Sequence[str], single: Sequence[str]) -> tuple[Variant, ...]:
    """`name=a,b` gives every combination of the values; each of `single` (`name=a other=b`) one row more.

    Without any there is one variant without parameters. Raises PerfsheetError (exit status 2).
    """
    axes = [_axis(text) for text in vary]
    if twice := [name for name, _ in axes if sum(name == other for other, _ in axes) > 1]:
        raise usage(f"--vary gives {twice[0]} twice", f"give it once: --vary {twice[0]}=A,B")
    found = [
        Variant(tuple(zip((name for name, _ in axes), values, strict=True)))
        for values in itertools.islice(itertools.product(*(values for _, values in axes)), _MOST + 1)
    ]
    if len(found) > _MOST:
        raise usage(f"more than {_MOST:,} variants", "vary less")
    ours = found if axes or not single else []
    return (*ours, *map(_single, single))


def place(baseline: str | None, found: Sequence[Variant]) -> int:
    """Which variant is the baseline: the first with the values `name=a,other=b`, by default the first of all.

    Raises PerfsheetError (exit status 2) when none has them.
    """
    if baseline is None:
        return 0
    pairs = [part.partition("=") for part in baseline.split(",")]
    wanted = [(name.strip(), value.strip()) for name, _, value in pairs]
    for number, variant in enumerate(found):
        if set(wanted) <= set(variant.values):
            return number
    raise usage(f"--baseline {baseline}: no variant has these values", "give NAME=VALUE of one of the rows")


def _axis(text: str) -> tuple[str, tuple[str, ...]]:
    name, mark, values = text.partition("=")
    given = tuple(value.strip() for value in values.split(","))
    if not mark or not name.strip().isidentifier() or "" in given:
        raise usage(f"--vary {text}: no parameter with values", "give NAME=A,B")
    if len(set(given)) < len(given):
        raise usage(f"--vary {text}: a value twice", "give each once")
    return name.strip(), given


def _single(text: str) -> Variant:
    pairs = [part.partition("=") for part in text.split()]
    if not pairs or any(not mark or not name.isidentifier() or not value for name, mark, value in pairs):
        raise usage(f"--variant {text!r}: no parameters with a value each", 'give "NAME=A OTHER=B"')
    if len({name for name, _, _ in pairs}) < len(pairs):
        raise usage(f"--variant {text!r} gives a parameter twice", "give each once")
    return Variant(tuple((name, value) for name, _, value in pairs))
