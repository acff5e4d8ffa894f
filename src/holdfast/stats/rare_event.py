"""Failures too rare for plain sampling: how likely a score is to reach a level, over inputs put together from parts.

An input has a part at each of several places, each drawn on its own from the options there; a score says how near an
input comes to failing. A rate of 1e-4 asks some 10^5 plain samples for a digit. Two ways to find out with fewer:

`splitting` keeps a crowd of inputs, removes the worst, and replaces each by a changed copy of another that is better
than what was removed, until all have failed. The product of the shares kept is unbiased for the rate whatever is
removed at a time, also where scores tie (Bréhier, Lelièvre & Rousset 2015, hal-00987297, for exact redraws; Walter
2015, arXiv:1507.00919, on ties). Copies are changed by as many redraws of single places as `moves` says, kept where
the score stays above the level: each leaves the conditional distribution as it is, and many make the copy a new one.

`importance` learns places' odds from the inputs that come nearest (the cross-entropy method, Rubinstein 1999; de Boer
et al. 2005), then draws anew and weighs each failure by the odds it was favoured with. A share of plain draws is
mixed in (Hesterberg 1995), so that no weight exceeds one over that share. Places are favoured one by one, which suits
a failure of one kind: of several kinds it may learn one, and of the others it hears by plain draws alone.

Both are only as good as the score. A failure that no score leads up to is found by neither, and the interval, which
is asymptotic, does not show it. A failure of known rate, planted beside it, does.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from holdfast.stats import binomial
from holdfast.stats.checks import at_least_one, within

Inputs = npt.NDArray[np.int64]      # (inputs, places): which option stands where
Floats = npt.NDArray[np.float64]
Score = Callable[[Inputs], Floats]

_ROUNDS = 30        # of learning, at most
_KEPT = 0.3         # of the odds before, when new ones are learnt


class Space(NamedTuple):
    """Places with the odds of their options: what inputs are put together from."""

    odds: tuple[Floats, ...]

    def draw(self, n: int, rng: np.random.Generator) -> Inputs:
        """Inputs as they come; shape (n, places)."""
        return np.stack([_drawn(ends, rng.random(n)) for ends in self.ends()], axis=1)

    def ends(self) -> Floats:
        """Where the options of each place end between 0 and 1, short places filled up; shape (places, options)."""
        out = np.full((len(self.odds), max(map(len, self.odds))), 2.0)
        for place, odds in enumerate(self.odds):
            out[place, : len(odds)] = np.cumsum(odds) / odds.sum()
        return out

    def log_density(self, inputs: Inputs) -> Floats:
        """ln of how likely each input is; shape (n,)."""
        out = np.zeros(len(inputs))
        with np.errstate(divide="ignore"):
            for i, p in enumerate(self.odds):
                out += np.log(p[inputs[:, i]])
        return out


class RareEvent(NamedTuple):
    """An unbiased estimate with its interval, how many inputs were scored, and some that failed."""

    rate: float
    lower: float
    upper: float
    scored: int
    found: Inputs


def space(odds: Sequence[Sequence[float]]) -> Space:
    """A space from the odds at each place; ValueError unless each are non-negative and sum to 1."""
    out = tuple(np.asarray(p, dtype=np.float64) for p in odds)
    if not out or any(p.ndim != 1 or not len(p) or (p < 0).any() or abs(p.sum() - 1) > 1e-9 for p in out):
        raise ValueError("each place needs odds that are non-negative and sum to 1")
    return Space(out)


def plain(where: Space, score: Score, level: float, samples: int, alpha: float, seed: int) -> RareEvent:
    """Plain sampling, to compare with: the share that fails, with its exact interval (Clopper & Pearson 1934)."""
    inputs = where.draw(at_least_one("samples", samples), np.random.default_rng(seed))
    failed = _scored(score, inputs) >= level
    count = int(failed.sum())
    return RareEvent(count / samples, *binomial.interval(count, samples, alpha), samples, inputs[failed])


def splitting(
    where: Space, score: Score, level: float, *, crowd: int, moves: int, alpha: float, seed: int, removed: float = 0.1
) -> RareEvent:
    """Adaptive multilevel splitting with a crowd of inputs; a rate of 0 with an upper bound where it died out.

    A share `removed` goes at a time, and whoever ties with them. The interval is ln rate plus and minus normal
    quantiles of sqrt(sum of (1 - q) / (q crowd)) over the shares q kept (Cérou & Guyader 2007), for redraws that
    forget where they came from: take `moves` large. ValueError for an empty crowd or no moves.
    """
    within("alpha", alpha)
    at_least_one("moves", moves)
    rng = np.random.default_rng(seed)
    inputs = where.draw(at_least_one("crowd", crowd), rng)
    scores = _scored(score, inputs)
    scored, log_rate, variance, ends = crowd, 0.0, 0.0, where.ends()
    least = max(1, round(within("removed", removed) * crowd)) - 1
    while (worst := np.partition(scores, least)[least]) < level:
        dead, alive = np.flatnonzero(scores <= worst), np.flatnonzero(scores > worst)
        if not len(alive):      # nobody is left to copy
            upper = math.exp(log_rate) * binomial.upper(0, crowd, alpha / 2)
            return RareEvent(0.0, 0.0, upper, scored, inputs[:0])
        kept = len(alive) / crowd
        log_rate, variance = log_rate + math.log(kept), variance + (1 - kept) / (kept * crowd)
        parents = rng.choice(alive, size=len(dead))
        inputs[dead], scores[dead] = _moved(ends, score, inputs[parents], scores[parents], worst, moves, rng)
        scored += moves * len(dead)
    failed = scores >= level
    last = float(failed.mean())
    log_rate, variance = log_rate + math.log(last), variance + (1 - last) / (last * crowd)
    reach = float(ndtri(1 - alpha / 2)) * math.sqrt(variance)
    lower, upper = math.exp(log_rate - reach), min(1.0, math.exp(log_rate + reach))
    return RareEvent(math.exp(log_rate), lower, upper, scored, inputs[failed])


def importance(
    where: Space, score: Score, level: float, *, batch: int, samples: int, alpha: float, seed: int,
    elite: float = 0.1, plainly: float = 0.1,
) -> RareEvent:
    """Importance sampling with odds learnt by cross-entropy, a share `plainly` of the draws as they come.

    Learning draws `batch` inputs a round until the best `elite` of them fail; what counts are `samples` drawn after
    that, so that the estimate is unbiased whatever was learnt. The interval is the mean's plus and minus normal
    quantiles of its standard error; from 0 to the plain bound where nothing failed. ValueError as `splitting`.
    """
    within("alpha", alpha)
    within("elite", elite)
    rng = np.random.default_rng(seed)
    favoured, rounds = _learnt(where, score, level, at_least_one("batch", batch), elite, rng)
    at_least_one("samples", samples)
    asis = rng.random(samples) < within("plainly", plainly)
    inputs = np.where(asis[:, None], where.draw(samples, rng), favoured.draw(samples, rng))
    failed = _scored(score, inputs) >= level
    worth = np.where(failed, _weights(where, favoured, inputs, plainly), 0.0)
    scored, rate = rounds * batch + samples, float(worth.mean())
    if not failed.any():
        return RareEvent(0.0, 0.0, binomial.upper(0, max(1, int(asis.sum())), alpha / 2), scored, inputs[:0])
    reach = float(ndtri(1 - alpha / 2)) * float(worth.std(ddof=1)) / math.sqrt(samples) if samples > 1 else 1.0
    return RareEvent(rate, max(0.0, rate - reach), min(1.0, rate + reach), scored, inputs[failed])


def _scored(score: Score, inputs: Inputs) -> Floats:
    """One score for each input; ValueError for anything else, since what is no number is neither near nor far."""
    out = np.asarray(score(inputs), dtype=np.float64)
    if out.shape != (len(inputs),) or np.isnan(out).any():
        raise ValueError(f"{len(inputs)} inputs need as many scores, none of them NaN")
    return out


def _drawn(ends: Floats, uniform: Floats) -> Inputs:
    """The option that each uniform number falls on, `ends` of one place or of one each; one of chance 0 never is."""
    out: Inputs = (uniform[:, None] >= ends).sum(axis=1)
    return out


def _moved(
    ends: Floats, score: Score, inputs: Inputs, scores: Floats, above: float, moves: int, rng: np.random.Generator
) -> tuple[Inputs, Floats]:
    """Copies after redraws of single places, each undone where the score would not stay above."""
    inputs, scores = inputs.copy(), scores.copy()
    rows = np.arange(len(inputs))
    for _ in range(moves):
        tried = inputs.copy()
        places = rng.integers(len(ends), size=len(inputs))
        tried[rows, places] = _drawn(ends[places], rng.random(len(inputs)))
        new = _scored(score, tried)
        better = new > above
        inputs[better], scores[better] = tried[better], new[better]
    return inputs, scores


def _learnt(
    where: Space, score: Score, level: float, batch: int, elite: float, rng: np.random.Generator
) -> tuple[Space, int]:
    """Odds under which failing is common, and after how many rounds."""
    favoured, rounds, aim = where, 0, -math.inf
    while aim < level and rounds < _ROUNDS:
        rounds += 1
        inputs = favoured.draw(batch, rng)
        scores = _scored(score, inputs)
        aim = min(level, float(np.quantile(scores, 1 - elite)))
        best = inputs[scores >= aim]
        # each counts as likely as it comes, not as often as it was favoured
        weights = np.exp(where.log_density(best) - favoured.log_density(best))
        shares = [np.bincount(best[:, i], weights=weights, minlength=len(p)) / weights.sum()
                  for i, p in enumerate(where.odds)]
        favoured = Space(tuple(_KEPT * old + (1 - _KEPT) * new
                               for old, new in zip(favoured.odds, shares, strict=True)))
    return favoured, rounds


def _weights(where: Space, favoured: Space, inputs: Inputs, plainly: float) -> Floats:
    """How much likelier an input is as it comes than as it was drawn; at most 1 / plainly."""
    ratio = favoured.log_density(inputs) - where.log_density(inputs)
    out: Floats = 1 / (plainly + (1 - plainly) * np.exp(ratio))
    return out
