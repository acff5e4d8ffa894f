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
a failure of one kind: of several kinds it may learn one, and of the others it hears by plain draws alone. Places of
one kind (the words around a question) are favoured alike, so that what is learnt of one holds for all their orders.

Both are only as good as the score. Where no score leads up to a failure there is nothing to climb, and splitting
finds nothing. `learn` may then start from `flattened` odds, under which rare options are common: it finds failures
that are rare because what they need is, and learns from them. What is rare for another reason stays unseen, and the
interval, which is asymptotic, does not show it; the bound from the plain draws alone (`asis`) does. A failure of
known rate, planted beside it, does too.
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
    kinds: tuple[int, ...]      # one a place; places of one kind have the same options, and learn the same odds

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
    """An unbiased estimate with its interval, how many inputs were scored, and some that failed.

    `worth` is what each of those found adds to the rate. `asis` are the failures among inputs drawn as they come, and
    how many those were: an exact bound (Clopper & Pearson 1934) on what any search overlooked.
    """

    rate: float
    lower: float
    upper: float
    scored: int
    found: Inputs
    worth: Floats
    asis: tuple[int, int]


class Learnt(NamedTuple):
    """Odds that favour failing, after how many rounds, and whether the best share of the last one failed."""

    favoured: Space
    rounds: int
    reached: bool


class Mixed(NamedTuple):
    """Inputs drawn from several spaces: scores, weights that put right how they were drawn, which came plainly."""

    inputs: Inputs
    scores: Floats
    weights: Floats
    asis: npt.NDArray[np.bool_]

    def event(self, level: float, alpha: float, scored: int) -> RareEvent:
        """The mean of the weights of what fails; its logarithm plus and minus normal quantiles of its standard error.

        On that scale, since estimates that are too low look too sure. From 0 to the plain draws' exact bound where
        nothing fails; with plain draws alone their exact interval.
        """
        failed, n = self.scores >= level, len(self.scores)
        worth = np.where(failed, self.weights, 0.0)
        hit, of = int((failed & self.asis).sum()), int(self.asis.sum())
        if self.asis.all() or not failed.any():
            rate, (lower, upper) = hit / max(1, of), binomial.interval(hit, max(1, of), alpha)
        else:
            rate, off = float(worth.mean()), float(worth.std(ddof=1)) / math.sqrt(n) if n > 1 else math.inf
            reach = float(ndtri(1 - alpha / 2)) * off / rate
            lower, upper = rate * math.exp(-reach), min(1.0, rate * math.exp(min(reach, 700.0)))
        return RareEvent(rate, lower, upper, scored, self.inputs[failed], worth[failed] / n, (hit, of))


def space(odds: Sequence[Sequence[float]], kinds: Sequence[int] | None = None) -> Space:
    """A space from the odds at each place, and from its kind, of which each place has its own by default.

    ValueError unless odds are non-negative and sum to 1, and those of one kind are equally many.
    """
    out = tuple(np.asarray(p, dtype=np.float64) for p in odds)
    if not out or any(p.ndim != 1 or not len(p) or (p < 0).any() or abs(p.sum() - 1) > 1e-9 for p in out):
        raise ValueError("each place needs odds that are non-negative and sum to 1")
    kinds = tuple(range(len(out)) if kinds is None else kinds)
    if len(kinds) != len(out) or len({(kind, len(p)) for kind, p in zip(kinds, out, strict=True)}) > len(set(kinds)):
        raise ValueError("each place needs a kind, and places of one kind as many options")
    return Space(out, kinds)


def flattened(where: Space, power: float) -> Space:
    """The same options with their odds raised to a power: at 1 as they come, at 0 all alike."""
    raised = [np.where(p > 0, p**power, 0.0) for p in where.odds]
    return Space(tuple(p / p.sum() for p in raised), where.kinds)


def plain(where: Space, score: Score, level: float, samples: int, alpha: float, seed: int) -> RareEvent:
    """Plain sampling, to compare with: the share that fails, with its exact interval (Clopper & Pearson 1934)."""
    inputs = where.draw(at_least_one("samples", samples), np.random.default_rng(seed))
    failed = _scored(score, inputs) >= level
    count = int(failed.sum())
    return RareEvent(count / samples, *binomial.interval(count, samples, alpha), samples, inputs[failed],
                     np.full(count, 1 / samples), (count, samples))


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
    asis = (int((scores >= level).sum()), crowd)
    least = max(1, round(within("removed", removed) * crowd)) - 1
    while (worst := np.partition(scores, least)[least]) < level:
        dead, alive = np.flatnonzero(scores <= worst), np.flatnonzero(scores > worst)
        if not len(alive):      # nobody is left to copy
            upper = math.exp(log_rate) * binomial.upper(0, crowd, alpha / 2)
            return RareEvent(0.0, 0.0, upper, scored, inputs[:0], scores[:0], asis)
        kept = len(alive) / crowd
        log_rate, variance = log_rate + math.log(kept), variance + (1 - kept) / (kept * crowd)
        parents = rng.choice(alive, size=len(dead))
        inputs[dead], scores[dead] = _moved(ends, score, inputs[parents], scores[parents], worst, moves, rng)
        scored += moves * len(dead)
    failed = scores >= level
    kept = float(failed.mean())
    log_rate, variance = log_rate + math.log(kept), variance + (1 - kept) / (kept * crowd)
    reach = float(ndtri(1 - alpha / 2)) * math.sqrt(variance)
    lower, upper = math.exp(log_rate - reach), min(1.0, math.exp(log_rate + reach))
    rate, last = math.exp(log_rate), int(failed.sum())
    return RareEvent(rate, lower, upper, scored, inputs[failed], np.full(last, rate / last), asis)


def importance(
    where: Space, score: Score, level: float, *, batch: int, samples: int, alpha: float, seed: int,
    elite: float = 0.1, plainly: float = 0.1,
) -> RareEvent:
    """Importance sampling with odds learnt by cross-entropy, a share `plainly` of the draws as they come.

    Learning draws `batch` inputs a round until the best `elite` of them fail; what counts are `samples` drawn after
    that, so that the estimate is unbiased whatever was learnt. For the interval see `Mixed.event`. ValueError as
    `splitting`.
    """
    within("alpha", alpha)
    rng = np.random.default_rng(seed)
    learnt = learn(where, score, level, batch=batch, elite=elite, rng=rng)
    within("plainly", plainly)
    drawn = mixed(where, [(plainly, where), (1 - plainly, learnt.favoured)], score, samples, rng)
    return drawn.event(level, alpha, learnt.rounds * batch + samples)


def learn(
    where: Space, score: Score, level: float, *, batch: int, rng: np.random.Generator, elite: float = 0.1,
    rounds: int = _ROUNDS, start: Space | None = None, prior: float = 0.0,
) -> Learnt:
    """Odds learnt in rounds of `batch` inputs, from those of `start` on, until the best `elite` of a round fail.

    Where so many score alike that the best share is everybody, only those above the rest teach anything; where all
    score alike nothing is learnt and the round is drawn again. With a `prior` each option counts as met so many times
    before, on average, in proportion to its odds: places that do not matter then stay as they are though few failures
    were met. ValueError for an empty batch.
    """
    within("elite", elite)
    favoured, reached, number = start or where, False, 0
    while not reached and number < rounds:
        number += 1
        inputs = favoured.draw(at_least_one("batch", batch), rng)
        scores = _scored(score, inputs)
        aim = min(level, float(np.quantile(scores, 1 - elite)))
        reached = aim >= level
        best = inputs[scores >= aim if aim > scores.min() or reached else scores > aim]
        if len(best):
            favoured = _towards(best, favoured, where, prior)
    return Learnt(favoured, number, reached)


def mixed(
    where: Space, parts: Sequence[tuple[float, Space]], score: Score, samples: int, rng: np.random.Generator
) -> Mixed:
    """Inputs drawn from each part with its share; the first part is `where` itself, so that weights are bounded.

    The mixture's density is what weights are by, whichever part an input came from (the balance heuristic: Veach &
    Guibas 1995). ValueError where there are no samples, or the shares do not sum to 1.
    """
    shares = np.array([share for share, _ in parts])
    if abs(shares.sum() - 1) > 1e-9 or (shares < 0).any():
        raise ValueError("the shares of the parts must be non-negative and sum to 1")
    origin = _drawn(np.cumsum(shares) / np.cumsum(shares)[-1], rng.random(at_least_one("samples", samples)))
    every = np.stack([part.draw(samples, rng) for _, part in parts])
    inputs = every[origin, np.arange(samples)]
    return Mixed(inputs, _scored(score, inputs), _weights(where, parts, inputs), origin == 0)


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


def _towards(best: Inputs, favoured: Space, where: Space, prior: float) -> Space:
    """The odds moved to those of the best, of which each counts as likely as it comes, not as it was favoured."""
    log_worth = where.log_density(best) - favoured.log_density(best)
    weights = np.exp(log_worth - log_worth.max())
    weights *= weights.sum() / (weights**2).sum()       # they sum to how many inputs are as good (Kish 1965)
    counts = {kind: prior * len(p) * p for kind, p in zip(where.kinds, where.odds, strict=True)}
    for i, (kind, p) in enumerate(zip(where.kinds, where.odds, strict=True)):
        counts[kind] = counts[kind] + np.bincount(best[:, i], weights=weights, minlength=len(p))
    return Space(tuple(_KEPT * old + (1 - _KEPT) * counts[kind] / counts[kind].sum()
                       for old, kind in zip(favoured.odds, where.kinds, strict=True)), where.kinds)


def _weights(where: Space, parts: Sequence[tuple[float, Space]], inputs: Inputs) -> Floats:
    """How much likelier an input is as it comes than as it was drawn; at most 1 / the share that came plainly."""
    plain = where.log_density(inputs)
    ratios = [share * np.exp(part.log_density(inputs) - plain) for share, part in parts]
    out: Floats = 1 / np.sum(ratios, axis=0)
    return out
