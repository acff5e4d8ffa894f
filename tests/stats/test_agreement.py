"""The correlation of reviewers' failures: by hand, and how often its bounds are wrong."""

import numpy as np
import pytest

from holdfast.stats.agreement import agreement


def table(rng: np.random.Generator, items: int, correlation: float, rate: float = 0.3, reviewers: int = 3):
    if not correlation:
        return (rng.random((items, reviewers)) < rate).astype(float)
    precision = 1 / correlation - 1
    hard = rng.beta(rate * precision, (1 - rate) * precision, (items, 1))
    return (rng.random((items, reviewers)) < hard).astype(float)


def test_by_hand() -> None:
    # Half of the items fail with all, half with none: correlation 1. Failures that avoid one another: -1 for two.
    together = np.array([[1, 1], [0, 0]] * 20, dtype=float)
    found = agreement(together, 0.05, 0)
    assert found is not None
    assert found.correlation == pytest.approx(1.0)
    assert found.p < 0.001
    apart = agreement(np.array([[1, 0], [0, 1]] * 20, dtype=float), 0.05, 0)
    assert apart is not None
    assert apart.correlation == pytest.approx(-1.0)
    assert apart.p == 1.0


def test_nothing_is_said_where_nothing_varies() -> None:
    assert agreement(np.zeros((10, 3)), 0.05, 0) is None
    assert agreement(np.ones((10, 3)), 0.05, 0) is None
    assert agreement(np.zeros((0, 3)), 0.05, 0) is None
    with pytest.raises(ValueError, match="no two reviewers"):
        agreement(np.zeros((10, 1)), 0.05, 0)


@pytest.mark.parametrize("truth", [0.0, 0.3])
def test_bounds_are_wrong_about_as_often_as_they_say(truth: float) -> None:
    rng = np.random.default_rng(0)
    found = [agreement(table(rng, 160, truth), 0.05, seed) for seed in range(60)]
    assert np.mean([each is not None and each.lower > truth for each in found]) <= 0.15
    assert np.mean([each is not None and each.upper < truth for each in found]) <= 0.15
    if not truth:
        assert np.mean([each is not None and each.p <= 0.05 for each in found]) <= 0.12
    else:
        assert np.mean([each is not None and each.p <= 0.05 for each in found]) >= 0.95
