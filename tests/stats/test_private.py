"""A private counter, and the audit that finds a sensitivity off by a factor."""

import math

import numpy as np
import pytest

from holdfast.stats.private import advantage, audited_epsilon, discrete_laplace, too_small


def test_noise_has_its_law() -> None:
    noise = discrete_laplace(2.0, 200_000, np.random.default_rng(0))
    q = math.exp(-1 / 2)
    for x in range(-4, 5):
        assert (noise == x).mean() == pytest.approx((1 - q) / (1 + q) * q ** abs(x), abs=0.004)


def test_noise_as_declared_passes_and_noise_cut_by_a_factor_does_not() -> None:
    rng = np.random.default_rng(0)
    honest = [too_small(discrete_laplace(5.0, 50, rng), 5.0) for _ in range(400)]
    assert np.mean(np.array(honest) < 0.05) <= 0.05
    assert too_small(discrete_laplace(5.0 / 8, 50, rng), 5.0) < 1e-9
    assert too_small([], 5.0) == 1.0


def test_advantage_by_hand() -> None:
    assert advantage(0.0, 0.0) == 0.0
    assert advantage(math.log(3), 0.0) == pytest.approx(0.5)
    assert advantage(0.0, 0.1) == pytest.approx(0.1)
    assert advantage(1e6, 0.0) == 1.0


def test_no_test_of_the_mechanism_has_a_larger_advantage() -> None:
    epsilon, x = 0.7, np.arange(-400, 401)
    q = math.exp(-epsilon)
    law = (1 - q) / (1 + q) * q ** np.abs(x)
    gains = np.cumsum(law)[:-1] - np.cumsum(np.roll(law, 1))[:-1]
    assert gains.max() == pytest.approx(advantage(epsilon, 0.0), abs=1e-9)


def test_the_audit_is_a_lower_bound_and_finds_the_planted_factor() -> None:
    """Claimed 0.21; with a sensitivity that is off by a batch of 16 it is 3.36, and the audit shows more than 2."""
    rng = np.random.default_rng(0)

    def outputs(epsilon: float, n: int) -> tuple[list[float], list[float]]:
        present, absent = (base + discrete_laplace(1 / epsilon, n, rng) for base in (10, 9))
        return present.tolist(), absent.tolist()

    honest = [audited_epsilon(*outputs(0.21, 300), 0.0, 0.05) for _ in range(100)]
    assert np.mean(np.array(honest) > 0.21) <= 0.05
    assert audited_epsilon(*outputs(0.21 * 16, 3000), 1e-5, 1e-9) > 2.0


def test_a_delta_is_granted() -> None:
    present, absent = [1.0] * 50 + [0.0] * 950, [0.0] * 1000
    present = present[::2] + present[1::2]
    assert audited_epsilon(present, absent, 0.0, 0.05) > 1.0
    assert audited_epsilon(present, absent, 0.06, 0.05) == 0.0


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="two outputs"):
        audited_epsilon([1.0], [0.0, 1.0], 0.0, 0.05)
    with pytest.raises(ValueError, match="positive"):
        discrete_laplace(0.0, 1, np.random.default_rng(0))
