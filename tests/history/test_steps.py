"""Change points on series whose steps are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfsheet.history.steps import LEAST, PERSISTENCE, find_steps

RUNS, CV = 300, 0.012


def series(seed: int, *steps: tuple[int, float], runs: int = RUNS, cv: float = CV) -> np.ndarray:
    values = 100 * (1 + cv * np.random.default_rng(seed).standard_normal(runs))
    for at, size in steps:
        values[at:] *= 1 + size
    return values


@pytest.mark.parametrize("size", [0.04, -0.04, 0.06, 0.5])
def test_every_step_above_the_noise_is_found_where_it_is(size: float) -> None:
    in_range = 0
    for seed in range(20):
        at = 20 + 13 * seed
        (step,) = find_steps(series(seed, (at, size))).found
        assert abs(step.at - at) <= 3
        assert step.size == pytest.approx(size, abs=0.01)
        assert step.confidence > 0.999
        in_range += step.earliest <= at <= step.latest
    assert in_range >= 19


def test_flat_series_have_no_step_but_one_in_twenty_at_the_most() -> None:
    for first in (0, 1000, 2000):
        assert sum(len(find_steps(series(first + seed)).found) for seed in range(20)) <= 1


def test_three_steps_in_one_series() -> None:
    found = find_steps(series(5, (80, 0.05), (150, -0.07), (230, 0.06))).found
    assert [round(step.at / 10) * 10 for step in found] == [80, 150, 230]


def test_steps_below_the_least_size_are_none() -> None:
    assert not find_steps(series(1, (150, 0.5 * LEAST), cv=0.0005)).found


def test_steps_below_twice_the_noise_are_none() -> None:
    assert not find_steps(series(1, (150, 0.06), cv=0.05)).found


def test_a_series_that_alternates_is_bimodal_and_has_no_step() -> None:
    for seed in range(10):
        random = np.random.default_rng(seed)
        steps = find_steps(series(seed) * np.where(random.random(RUNS) < 0.4, 1.08, 1.0))
        assert steps.bimodal is not None
        assert steps.bimodal.apart == pytest.approx(0.08, abs=0.01)
        assert steps.bimodal.upper_share == pytest.approx(0.4, abs=0.12)
        assert not steps.found


def test_a_series_that_steps_is_not_bimodal() -> None:
    steps = find_steps(series(3, (150, 0.08)))
    assert steps.bimodal is None
    assert len(steps.found) == 1


def test_a_step_of_a_bimodal_series_is_found() -> None:
    random = np.random.default_rng(9)
    steps = find_steps(series(9, (150, 0.6)) * np.where(random.random(RUNS) < 0.5, 1.05, 1.0))
    assert [abs(step.at - 150) <= 3 for step in steps.found] == [True]


def test_outliers_are_no_steps() -> None:
    found = 0
    for seed in range(20):
        values = series(seed)
        values[np.random.default_rng(seed).integers(0, RUNS, 6)] *= 1.5
        found += len(find_steps(values).found)
    assert found <= 1


def test_what_lasts_for_too_few_runs_is_no_step() -> None:
    values = series(4)
    values[-(PERSISTENCE - 1) :] *= 1.2
    assert not find_steps(values).found
    values = series(4)
    values[-PERSISTENCE:] *= 1.2
    assert [step.at for step in find_steps(values).found] == [RUNS - PERSISTENCE]


def test_short_series() -> None:
    assert [step.at for step in find_steps(series(1, (3, 0.5), runs=6)).found] == [3]
    short = find_steps(series(1, (2, 0.5), runs=5))
    assert (short.found, short.enough) == ((), False)
    assert find_steps([5.0]).cv is None
    assert find_steps([]).cv is None


def test_zeros_and_constants() -> None:
    assert not find_steps([0.0] * 20).found
    assert not find_steps([7.0] * 20).found
    (step,) = find_steps([0.0] * 10 + [4.0] * 10).found
    assert (step.at, step.before, step.after) == (10, 0.0, 4.0)
    (gone,) = find_steps([4.0] * 10 + [0.0] * 10).found
    assert (gone.at, gone.size) == (10, -1.0)


def test_series_of_thousands_are_searched_in_blocks() -> None:
    found = find_steps(series(2, (900, 0.05), (2500, -0.04), (4990, 0.2), runs=5000)).found
    assert len(found) == 3
    assert all(abs(step.at - at) <= 3 for step, at in zip(found, (900, 2500, 4990), strict=True))


@given(st.lists(st.floats(min_value=0, max_value=1e12), max_size=40))
def test_any_series_has_an_answer(values: list[float]) -> None:
    steps = find_steps(values)
    places = [step.at for step in steps.found]
    assert places == sorted(set(places))
    assert all(PERSISTENCE <= place <= len(values) - PERSISTENCE for place in places)
    assert all(abs(step.size) >= LEAST for step in steps.found)


@given(st.integers(0, 1000), st.floats(1e-3, 1e9))
def test_the_unit_does_not_matter(seed: int, unit: float) -> None:
    values = series(seed, (40, 0.1), runs=80)
    places = [step.at for step in find_steps(values).found]
    assert [step.at for step in find_steps(values * unit).found] == places
