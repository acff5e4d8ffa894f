"""What N tries win: the upper end of a law, in a world that follows it and in one that does not."""

import math

import numpy as np
import pytest
from tests.guarantees.taken import bound, value

from holdfast.assumptions.samples import Drawn
from holdfast.assumptions.statistics.best_of_n_power_law import BestOfNPowerLaw
from holdfast.assumptions.statistics.beta_binomial_tail import BetaBinomialTail
from holdfast.claims.threat_model import Budget
from holdfast.guarantees.attackers.best_of_n_residual import BestOfNResidual
from holdfast.guarantees.guarantee import Bound, Granted, Terms

POWER: dict[str, object] = {"use": "best-of-n-residual", "tail": {"use": "best-of-n-power-law", "tolerance": 0.001}}
BETA: dict[str, object] = {"use": "best-of-n-residual", "tail": {"use": "beta-binomial-tail", "tolerance": 0.001}}
LAW = {"at": 1000.0, "a_worst": 3.0, "b_worst": 0.3}
TAIL = {"at": 1000.0, "b": 0.3, "c": 3.0, "forecast": 0.8, "forecast_upper": 0.8}


def test_by_hand() -> None:
    assert value({**POWER, "tries": 100}, tail=LAW) == pytest.approx(math.exp(-3 * 100**-0.3), rel=2e-3)
    assert value({**BETA, "tries": 1}, tail=TAIL) == pytest.approx(0.3 / 3.3, rel=3e-3)
    odds = 0.3 / 3.0 * (0.9 / 0.1) / (0.8 / 0.2)
    raised = value({**BETA, "tries": 1}, tail={**TAIL, "forecast_upper": 0.9})
    assert raised == pytest.approx(odds / (1 + odds), rel=3e-3)
    tolerant = value({**BETA, "tries": 1, "tail": {"use": "beta-binomial-tail", "tolerance": 1}}, tail=TAIL)
    assert tolerant == pytest.approx(1 / 2, rel=1e-6)               # odds of 1/10, ten times as high


def test_more_tries_win_more_and_submissions_are_tries() -> None:
    rates = [value({**POWER, "tries": n}, tail=LAW) for n in (1, 10, 100, 1000)]
    assert rates == sorted(rates)
    found = BestOfNResidual(tail=POWER["tail"]).bound(     # type: ignore[arg-type]
        {"tail": _granted(BestOfNPowerLaw(tolerance=0.001), LAW)}, Terms(Budget(submissions=100), 0.05))
    assert isinstance(found, Bound)
    assert found.value == rates[2]


def _granted(assumption: BestOfNPowerLaw | BetaBinomialTail, values: dict[str, float]) -> Granted:
    from holdfast.assumptions.finding import AssumptionResult

    return Granted(assumption, AssumptionResult(id="x", status="SUPPORTED", values=values))


def test_nothing_follows_without_a_law_or_beyond_it() -> None:
    assert "no law" in str(bound(POWER))
    assert "no more than 1000" in str(bound({**POWER, "tries": 1001}, tail=LAW))
    assert "no parameters" in str(bound(POWER, tail={"at": 10.0}))


def _drawn(chances: np.ndarray, tries: int, seed: int) -> Drawn:
    table = (np.random.default_rng(seed).random((len(chances), tries)) < chances[:, None]).astype(np.int8)
    return Drawn("best-of-n", table)


@pytest.mark.parametrize("assumption", [BestOfNPowerLaw(), BetaBinomialTail()])
def test_in_a_world_with_the_tail_fresh_behaviours_stay_below(assumption: BestOfNPowerLaw | BetaBinomialTail) -> None:
    rng = np.random.default_rng(0)
    found = assumption.on(_drawn(rng.beta(0.4, 4.0, 600), 1100, 1), 0.05)
    assert found.status == "SUPPORTED"
    fresh = _drawn(rng.beta(0.4, 4.0, 400), 1000, 2).table
    for tries in (1, 10, 100, 1000):
        made = BestOfNResidual(tries=tries)
        limit = made.bound({"tail": Granted(assumption, found)}, Terms(Budget(), 0.05))
        assert isinstance(limit, Bound)
        assert fresh[:, :tries].any(axis=1).mean() <= limit.value
        if tries == 100:
            assert limit.value < 1.0


def test_one_try_taken_for_all_is_caught() -> None:
    """The planted-wrong twin reads the law at one try, whatever the budget."""
    rng = np.random.default_rng(0)
    fresh = _drawn(rng.beta(0.4, 4.0, 400), 1000, 2).table
    assumption = BetaBinomialTail()
    found = assumption.on(_drawn(rng.beta(0.4, 4.0, 200), 1100, 1), 0.05)
    twin = BestOfNResidual(tries=1).bound({"tail": Granted(assumption, found)}, Terms(Budget(), 0.05))
    assert isinstance(twin, Bound)
    assert fresh.any(axis=1).mean() > twin.value + 0.1
