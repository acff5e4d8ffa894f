"""Repeated tries pay off by a power law."""

from collections.abc import Sequence
from typing import final

import numpy as np
from pydantic import Field

from holdfast.assumptions.forecasts import Range
from holdfast.assumptions.repeated import Counts, Foretold, RepeatedTries
from holdfast.stats.beta_binomial import share_won
from holdfast.stats.power_law import fit, log_odds, resampled, spread


@final
class BestOfNPowerLaw(RepeatedTries):
    """With ASR(N) the share of behaviours won in N tries: -log ASR(N) = a N^-b.

    Fitted by least squares in logarithms up to N0, at few N, from the first N0 samples of each behaviour; held
    against the share won in 10 N0, 100 N0 ... of the others. REFUTED where the intervals, each over behaviours, lie
    further apart than the tolerance. SUPPORTED up to the last decade at which both are narrow enough, and no
    further.

    Source: Hughes et al. 2024 (https://arxiv.org/abs/2412.03556). It is known to fail where no behaviour is nearly
    safe: Schaeffer et al. 2025 (https://arxiv.org/abs/2502.17578) find a model whose curve bends away. `a_worst` and
    `b_worst` are the resample at the upper end of the farthest forecast's interval.
    """

    points: int = Field(default=6, ge=2, description="how many N the line is fitted to")

    @classmethod
    def name(cls) -> str:
        """Its id."""
        return "best-of-n-power-law"

    def foretell(self, wins: Counts, tries: Counts, sizes: Sequence[int], level: float) -> Foretold | str:
        """The line and its resamples at each size."""
        if not wins.any():
            return "nothing was won"
        grid = spread(1, int(tries.min()), self.points)
        shares = np.stack([share_won(wins, tries, size) for size in grid], axis=1)
        if shares.mean(axis=0).max() >= 1:
            return "everything was won"
        law = fit(grid, shares.mean(axis=0))
        a, b = resampled(shares, grid, self.resamples, self.seed)
        drawn = [log_odds(a, b, size) for size in sizes]
        ends = [np.quantile(each, (level, 1 - level), method="nearest") for each in drawn]
        worst = int(np.flatnonzero(drawn[-1] == ends[-1][1])[0])
        forecasts = [float(log_odds(np.array([law.a]), np.array([law.b]), size)[0]) for size in sizes]
        return Foretold(
            values={"a": law.a, "b": law.b, "a_worst": float(a[worst]), "b_worst": float(b[worst])},
            forecasts=tuple(forecasts),
            intervals=tuple(Range(float(low), float(high)) for low, high in ends),
        )
