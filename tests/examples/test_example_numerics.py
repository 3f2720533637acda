import numpy as np
import pytest

from examples.encoder_block.numerics import pcc, to_bfloat8_b, to_bfloat16


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, 1.0),
        (1 + 2**-8, 1.0),  # a tie: to the even neighbour below
        (1 + 3 * 2**-8, 1 + 2**-6),  # a tie: to the even neighbour above
        (1 + 2**-8 + 2**-20, 1 + 2**-7),
        (-3.14159, -3.140625),
        (0.0, 0.0),
        (np.inf, np.inf),
        (3.4e38, np.inf),  # above the largest bfloat16
    ],
)
def test_bfloat16_rounds_to_nearest_even(value, expected):
    assert to_bfloat16(np.array([value]))[0] == np.float32(expected)


def test_bfloat16_keeps_nan():
    quiet_with_full_mantissa = np.array([0x7FFFFFFF], dtype=np.uint32).view(np.float32)
    assert np.isnan(to_bfloat16(quiet_with_full_mantissa)).all()


def test_bfloat16_is_idempotent_and_as_precise_as_eight_bits():
    values = np.random.default_rng(5).standard_normal(10_000) * 100
    once = to_bfloat16(values)
    assert np.array_equal(to_bfloat16(once), once)
    assert (np.abs(once - values) <= np.abs(values) * 2.0**-8).all()


def test_bfloat8_b_shares_the_largest_exponent_of_sixteen():
    block = np.zeros((1, 32), dtype=np.float32)
    block[0, :3] = [1.5, 1 / 128, 1 / 1024]
    block[0, 16:18] = [1 / 128, 1 / 1024]
    stored = to_bfloat8_b(block)[0]
    # Beside 1.5 the step is 1/64: half a step goes to the even neighbour, less than that to nothing.
    assert stored[:3].tolist() == [1.5, 0.0, 0.0]
    assert stored[16:18].tolist() == [1 / 128, 1 / 1024]


def test_bfloat8_b_error_is_at_most_half_a_step_unless_the_largest_saturates():
    values = np.random.default_rng(6).standard_normal((64, 64)).astype(np.float32)
    stored = to_bfloat8_b(values)
    largest = np.abs(values.reshape(64, 4, 16)).max(axis=-1)
    step = 2.0 ** (np.floor(np.log2(largest)) - 6)
    error = np.abs(stored - values).reshape(64, 4, 16)
    assert (error <= step[..., None]).all()
    assert (error <= step[..., None] / 2).mean() > 0.99
    assert np.array_equal(to_bfloat8_b(stored), stored)


def test_bfloat8_b_refuses_partial_blocks():
    with pytest.raises(ValueError, match="multiple of 16, not 20"):
        to_bfloat8_b(np.ones((2, 20)))


def test_pcc():
    x = np.random.default_rng(7).standard_normal((20, 30))
    assert pcc(x, 3 * x + 1) == pytest.approx(1.0)
    assert pcc(x, -x) == pytest.approx(-1.0)
    assert pcc(x, np.ones_like(x)) == 0.0
    assert pcc(x, np.where(x > 2, np.nan, x)) == 0.0
    assert pcc(x, x + np.roll(x, 1)) == pytest.approx(np.corrcoef(x.ravel(), (x + np.roll(x, 1)).ravel())[0, 1])
    with pytest.raises(ValueError, match="shapes differ"):
        pcc(x, x.T)
