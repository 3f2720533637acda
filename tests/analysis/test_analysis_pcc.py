"""perfsheet.pcc: the correlation of two tensors, also where it is undefined."""

from __future__ import annotations

import numpy as np
import pytest

import perfsheet
from perfsheet.accuracy import possible, text, why_impossible
from perfsheet.errors import PerfsheetError
from perfsheet.text import formats

X = np.random.default_rng(7).normal(size=(1, 1, 32, 64))
NAN, INF = float("nan"), float("inf")


def changed(value: float, place: int = 3) -> np.ndarray:
    tensor = X.copy()
    tensor.flat[place] = value
    return tensor


class Tensor:
    """A tensor of torch, as far as it is used: numpy has no type for its bfloat16."""

    dtype = "torch.bfloat16"

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.steps = values, []

    def detach(self):
        self.steps.append("detach")
        return self

    def cpu(self):
        self.steps.append("cpu")
        return self

    def float(self):
        self.steps.append("float")
        other = Tensor(self.values)
        other.numpy = lambda: self.values.astype(np.float32)
        return other

    def numpy(self):
        raise TypeError("Got unsupported ScalarType BFloat16")


def test_it_is_the_correlation():
    noisy = X + 0.1 * np.roll(X, 1)
    assert perfsheet.pcc(X, noisy) == pytest.approx(np.corrcoef(X.ravel(), noisy.ravel())[0, 1], abs=1e-12)
    assert perfsheet.pcc(X, 3 * X + 1) == pytest.approx(1.0)
    assert perfsheet.pcc(X, -X) == pytest.approx(-1.0)


def test_float16_is_summed_in_float64():
    big = (X * 3000).astype(np.float16)
    assert perfsheet.pcc(big, big * np.float16(0.5)) == pytest.approx(1.0, abs=1e-6)
    assert perfsheet.pcc(X * 1e300, X * 1e-300 + 1e-300) == pytest.approx(1.0)
    assert perfsheet.pcc(np.int8([100, 120, -128]), np.int8([100, 120, -127])) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (X, X, 1.0),
        (changed(NAN), changed(NAN), 1.0),
        (np.full(4, NAN), np.full(4, NAN), 1.0),
        (np.full(4, NAN), np.ones(4), 0.0),
        (changed(NAN), X, 0.0),
        (X, changed(INF), 0.0),
        (changed(INF), changed(-INF), 0.0),
        (changed(INF), changed(NAN), 0.0),
        (X, np.ones_like(X), 0.0),
        (np.ones(4), np.ones(4) + 5e-5, 1.0),
        (np.ones(4), np.full(4, 1.01), 0.0),
        (np.ones(4, np.float16), np.full(4, 1.003), 1.0),
        (np.zeros(4), np.full(4, 5e-5), 1.0),
        (3.0, 3.0, 1.0),
        (3.0, 4.0, 0.0),
        (np.zeros((0, 4)), np.zeros((0, 4)), 1.0),
    ],
)
def test_where_there_is_no_correlation(a, b, expected):
    assert perfsheet.pcc(a, b) == expected
    assert perfsheet.pcc(b, a) == expected


def test_what_is_nan_or_infinite_in_both_is_left_out():
    both = np.where(np.arange(X.size).reshape(X.shape) % 2 == 0, -INF, X)
    noisy = both + 0.1
    noisy.flat[1] += 5
    kept = np.isfinite(both)
    assert perfsheet.pcc(both, noisy) == pytest.approx(np.corrcoef(both[kept], noisy[kept])[0, 1])


def test_complex_numbers_count_as_two():
    one, other = X + 1j * np.roll(X, 1), X + 1j * np.roll(X, 2)
    parts = [np.concatenate([tensor.real.ravel(), tensor.imag.ravel()]) for tensor in (one, other)]
    assert perfsheet.pcc(one, other) == pytest.approx(np.corrcoef(*parts)[0, 1])


def test_tensors_of_torch():
    tensor = Tensor(X)
    assert perfsheet.pcc(tensor, X) == pytest.approx(1.0)
    assert tensor.steps == ["detach", "cpu", "float"]
    assert perfsheet.pcc(Tensor(np.ones(4)), np.full(4, 1.01)) == 1.0  # a step of bfloat16
    torch = pytest.importorskip("torch")
    assert perfsheet.pcc(torch.tensor(X, requires_grad=True), torch.tensor(X).bfloat16()) == pytest.approx(1, abs=1e-4)


def test_shapes_agree_but_for_ones():
    assert perfsheet.pcc(X, X[0, 0]) == 1.0
    with pytest.raises(PerfsheetError, match=r"shapes \[32, 64\] and \[64, 32\]"):
        perfsheet.pcc(X[0, 0], X[0, 0].T)
    with pytest.raises(PerfsheetError, match="holds no numbers"):
        perfsheet.pcc(["a", "b"], [1, 2])
    with pytest.raises(PerfsheetError, match="holds no numbers"):
        perfsheet.pcc([[1], [1, 2]], [1, 2])


@pytest.mark.parametrize(("value", "usable"), [(0.5, 0.5), (1.000001, 1.0), (1.2, None), (NAN, None), (-INF, None)])
def test_values_that_cannot_be(value, usable):
    assert possible(value) == usable
    assert bool(why_impossible(value)) == (usable is None)
    assert possible(None) is None


@pytest.mark.parametrize(
    ("value", "written"),
    [(1.0, "1"), (0.99999999, "0.999999"), (0.9998, "0.9998"), (0.5, "0.5"), (0.0, "0"), (-0.25, "-0.25")],
)
def test_text(value, written):
    assert text(value) == formats.pcc(value) == written


def test_text_of_unknown():
    assert formats.pcc(None) == formats.pcc(NAN) == "–"
