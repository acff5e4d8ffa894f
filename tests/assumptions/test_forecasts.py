"""A forecast against what was seen: every way that two intervals can lie."""

import math

import pytest

from holdfast.assumptions.finding import AssumptionResult
from holdfast.assumptions.forecasts import Range, held, log_odds, share_at, worst

WITHIN = Range(0.0, 0.4)


@pytest.mark.parametrize(
    ("seen", "status", "miss"),
    [
        (Range(0.1, 0.3), "SUPPORTED", 0.0),
        (Range(0.6, 0.8), "SUPPORTED", 0.2),
        (Range(-0.4, -0.3), "SUPPORTED", -0.3),
        (Range(0.6, 1.0), "INCONCLUSIVE", 0.2),
        (Range(-0.7, 0.1), "INCONCLUSIVE", 0.0),
        (Range(0.1, math.inf), "INCONCLUSIVE", 0.0),
        (Range(1.0, 1.1), "REFUTED", 0.6),
        (Range(1.0, math.inf), "REFUTED", 0.6),
        (Range(-9.0, -0.6), "REFUTED", -0.6),
    ],
)
def test_where_it_was_seen_decides(seen: Range, status: str, miss: float) -> None:
    found = held(WITHIN, seen, tolerance=0.5, widest=1, n=100)
    assert (found.status, found.miss) == (status, pytest.approx(miss))
    assert bool(found.needed) == (status == "INCONCLUSIVE")


def test_a_wide_forecast_shows_nothing_unless_even_it_is_missed() -> None:
    wide = Range(-2, 1)
    found = held(wide, Range(0, 0.1), tolerance=0.5, widest=1, n=100)
    assert (found.status, found.needed) == ("INCONCLUSIVE", "about 900 behaviours instead of 100")
    assert held(wide, Range(2, 2.1), tolerance=0.5, widest=1, n=100).status == "REFUTED"
    assert held(Range(-math.inf, 0), Range(0, 0), 0.5, 1, 100).needed.startswith("many more than 100")


def test_too_high_a_forecast_may_be_safe() -> None:
    low = Range(-9, -8)
    assert held(WITHIN, low, 0.5, 1, 9).status == "REFUTED"
    assert held(WITHIN, low, 0.5, 1, 9, safe_above=True).status == "SUPPORTED"
    assert held(WITHIN, Range(8, 9), 0.5, 1, 9, safe_above=True).status == "REFUTED"


def test_odds_and_back() -> None:
    assert log_odds(0.5) == 0
    assert log_odds(10 / 11) == pytest.approx(1)
    assert (log_odds(0), log_odds(1)) == (-math.inf, math.inf)
    for rate in (0.0, 1e-9, 0.3, 0.999, 1.0):
        assert share_at(log_odds(rate)) == pytest.approx(rate)


def test_the_worst_of_several_decides() -> None:
    every = [AssumptionResult.model_validate({"id": str(i), "status": status})
             for i, status in enumerate(("SUPPORTED", "INCONCLUSIVE", "REFUTED", "REFUTED"))]
    assert [worst(every[:n]).id for n in (1, 2, 3, 4)] == ["0", "1", "2", "2"]
    with pytest.raises(ValueError, match="no results"):
        worst([])
