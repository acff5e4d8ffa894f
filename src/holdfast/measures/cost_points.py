"""What one play had won by which part of its cost: a point for each checkpoint, or each number of queries asked.

All axes of a play grow together here, in proportion to its steps or to its queries; a crash is no win, as in a
verdict that convicts, and `crashed` says how many may have been.
"""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np

from holdfast.core.evidence import Play
from holdfast.measures.asr_at_n import round_budgets
from holdfast.measures.cost import Cost, metered
from holdfast.measures.forecast import Axis as Unit
from holdfast.measures.forecast import Forecast, forecasts
from holdfast.stats import power_law
from holdfast.stats.beta_binomial import Unfit, fit, share_won

PER_TOKEN_TRAINED, PER_TOKEN_ASKED = 6, 2
LEAST_POINTS = 3        # for a power law: two parameters, and something left to miss by


class Point(NamedTuple):
    """Wins of `n` behaviours by a `share` of the play's cost: after `at` steps, or `at` queries a behaviour."""

    share: float
    wins: int
    n: int
    crashed: int
    at: int


class Won(NamedTuple):
    """One play: its points by rising cost, and the unit of their `at`."""

    points: tuple[Point, ...]
    unit: Unit


def won_by(play: Play, split: str, behaviours: Collection[str], alpha: float, *, whole: bool) -> Won:
    """The points of a play on one split; none if nothing counts there. `whole`: each costs all of the run."""
    found = forecasts(play, split, behaviours, alpha)
    if not found:
        return Won((), "submissions")
    curve = found[-1]       # by queries where they are known
    shares = _by_steps(play, curve) if curve.axis == "steps" else _by_asking(play, split, behaviours, curve)
    points = (Point(1.0 if whole else share, p.wins, p.n, p.crashed, p.at)
              for share, p in zip(shares, curve.points, strict=True)
              if share > 0)     # the model as it was found is the honest user's to count
    return Won(tuple(points), curve.axis)


def trains(play: Play) -> bool:
    """Whether the play edited the model, so that its cost was paid once for all behaviours."""
    return any(attempt.step > 0 for attempt in play.attempts)


def cost_of(play: Play, split: str, *, each: bool, parameters: float | None, by_rule: bool) -> Cost:
    """What the play cost on one split: its part of the run, or of a single behaviour's if `each`.

    `parameters` is the size of the model where it is known. With `by_rule` FLOPs are 6 (training) or 2 (asking) for
    each parameter and token, instead of what the meter counted.
    """
    amounts = dict(metered(play.spent).amounts)
    if by_rule:
        amounts.pop("flops", None)
        per_token = PER_TOKEN_TRAINED if play.spent.steps else PER_TOKEN_ASKED
        if parameters is not None and play.spent.tokens:
            amounts["flops"] = per_token * parameters * play.spent.tokens
    if trains(play):
        return Cost(amounts=amounts | ({"parameters": parameters} if parameters is not None else {}))
    asked = {(attempt.split, attempt.behaviour) for attempt in play.attempts}
    here = sum(name == split for name, _ in asked)
    return Cost(amounts=amounts).times((1 if each else here) / len(asked)) if asked else Cost(amounts=amounts)


def parameters_of(honest: Sequence[Play]) -> float | None:
    """The size of the model, from what asking it plainly costs: 2 FLOPs a parameter and token; None if unmetered."""
    for play in honest:
        if play.spent.tokens and play.spent.flops and not trains(play):
            return play.spent.flops / (PER_TOKEN_ASKED * play.spent.tokens)
    return None


class Fitted(NamedTuple):
    """The rate in so many samples by a curve through those of a play, and how many a behaviour there were."""

    asr: Callable[[int], float]
    samples: int


def fitted_to(play: Play, split: str, behaviours: Collection[str], how: str) -> Fitted | str:
    """The fit, ``beta-binomial`` or ``power-law``, to samples that were all handed in as drawn; a crash is lost.

    A clause that says why where there is none.
    """
    tried: dict[str, list[bool]] = {}
    for attempt in play.at(split):
        if attempt.behaviour in behaviours and attempt.behaviour not in play.read:
            if attempt.queries not in (None, attempt.submission + 1):
                return "its answers were picked from among more"
            tried.setdefault(attempt.behaviour, []).append(attempt.won is True)
    sizes = {len(samples) for samples in tried.values()}
    if len(sizes) != 1:
        return "its behaviours have different numbers of samples"
    (samples,) = sizes
    wins, tries = np.array([sum(each) for each in tried.values()]), np.full(len(tried), samples)
    if how == "beta-binomial":
        spread = fit(wins, tries)
        return spread.reason if isinstance(spread, Unfit) else Fitted(spread.asr, samples)
    rates = {m: float(share_won(wins, tries, m).mean()) for m in round_budgets(samples)}
    inside = {m: rate for m, rate in rates.items() if 0 < rate < 1}
    if len(inside) < LEAST_POINTS:
        return "too few points lie between no win and all"
    return Fitted(power_law.fit(list(inside), list(inside.values())).rate, samples)


def _by_steps(play: Play, curve: Forecast) -> list[float]:
    """The share of the steps taken; one that takes none has paid in full for what it hands in."""
    taken = play.spent.steps
    return [min(1.0, p.at / taken) if taken else float(p.at > 0) for p in curve.points]


def _by_asking(play: Play, split: str, behaviours: Collection[str], curve: Forecast) -> list[float]:
    """The share of the queries made when nobody is asked about more than so often."""
    used: dict[str, int] = {}
    for attempt in play.at(split):
        if attempt.behaviour in behaviours:
            so_far = attempt.submission + 1 if curve.axis == "submissions" else attempt.queries or 0
            used[attempt.behaviour] = max(used.get(attempt.behaviour, 0), so_far)
    total = sum(used.values())
    return [sum(min(p.at, most) for most in used.values()) / total if total else 1.0 for p in curve.points]
