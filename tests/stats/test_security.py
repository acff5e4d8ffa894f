"""Bits, costs between checkpoints, and the samples that a rate takes, against numbers worked out by hand."""

import math

import pytest

from holdfast.stats.beta_binomial import Fit
from holdfast.stats.power_law import PowerLaw
from holdfast.stats.security import bits, log_linear, samples_to_reach


def test_bits_are_the_logarithm_of_cost_over_advantage():
    assert bits(8, 0.5) == 4            # 2^3 for half the success: 2^4 for one
    assert bits(1024, 1) == 10
    assert bits(1, 2**-40) == 40        # a guess that seldom works


@pytest.mark.parametrize(("cost", "advantage"), [(0, 0.5), (8, 0.0), (8, -0.1)])
def test_nothing_spent_or_nothing_gained_has_no_bits(cost, advantage):
    assert bits(cost, advantage) is None


@pytest.mark.parametrize(("cost", "advantage"), [(-1, 0.5), (8, 1.5)])
def test_what_is_no_cost_or_no_advantage_is_refused(cost, advantage):
    with pytest.raises(ValueError):
        bits(cost, advantage)


def test_the_cost_between_two_checkpoints_is_linear_in_its_logarithm():
    assert log_linear((1, 0.2), (100, 0.6), 0.4) == pytest.approx(10)       # half way in rate, half of two decades
    assert log_linear((1, 0.2), (100, 0.6), 0.6) == pytest.approx(100)
    for before, after, rate in [((0, 0.2), (100, 0.6), 0.4), ((1, 0.2), (100, 0.6), 0.2), ((1, 0.2), (9, 0.6), 0.7)]:
        with pytest.raises(ValueError):
            log_linear(before, after, rate)


def test_samples_to_reach_a_rate_invert_the_power_law():
    law = PowerLaw(3.0, 0.3)
    closed = (3.0 / math.log(2)) ** (1 / 0.3)       # N(tau) = (a / -ln tau)^(1/b) = 132.1: about 7 bits
    assert samples_to_reach(law.rate, 0.5, 10_000) == math.ceil(closed) == 133
    assert math.log2(closed) == pytest.approx(7, abs=0.05)
    assert samples_to_reach(law.rate, 0.5, 132) is None
    assert samples_to_reach(law.rate, 0.5, 133) == 133


def test_samples_to_reach_a_rate_invert_the_beta_binomial():
    flat = Fit(1.0, 1.0)        # ASR@N = 1 - 1/(N + 1)
    assert samples_to_reach(flat.asr, 0.9, 1000) == 9
    assert samples_to_reach(flat.asr, 0.5, 1000) == 1
