"""Arrays: medians without numpy's masked arrays are those of numpy."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from perfsheet.capture.arrays import known_medians, median


@pytest.mark.parametrize("count", range(1, 9))
def test_the_median_is_that_of_numpy(count):
    values = np.random.default_rng(count).normal(size=count)
    assert median(values) == np.median(values)
    assert np.isnan(median([*values, np.nan]))


def test_nothing_has_no_median():
    assert np.isnan(median([]))


@pytest.mark.parametrize("count", range(1, 7))
def test_medians_of_columns_are_those_of_numpy(count):
    rows = np.random.default_rng(count).normal(size=(count, 50))
    rows[np.random.default_rng(9).random(rows.shape) < 0.4] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # columns without a known value
        expected = np.nanmedian(rows, axis=0)
    np.testing.assert_array_equal(known_medians(rows), expected)
