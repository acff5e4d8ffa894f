"""Why repeated tries pay off: how many behaviours hardly ever fall."""

from collections.abc import Sequence
from typing import final

import numpy as np
from pydantic import Field

from holdfast.assumptions.forecasts import Range, log_odds
from holdfast.assumptions.repeated import Counts, Foretold, RepeatedTries
from holdfast.stats.beta_binomial import Unfit, resampled
from holdfast.stats.beta_binomial_rivals import contest


@final
class BetaBinomialTail(RepeatedTries):
    """Each try wins behaviour i with a chance p_i of its own, and the p_i are Beta(b, c), of density ~ p^(b-1) near
    0:

        ASR(N) = E[1 - (1 - p)^N] = 1 - B(b, c + N) / B(b, c),    so that    1 - ASR(N) ~ N^-b.

    Fitted by maximum likelihood to the first N0 samples of each behaviour. REFUTED where a likelihood ratio prefers
    that some behaviours never fall (then N^-b promises too many wins), or that none has a chance near 0 (too few);
    or where the share won in 10 N0, 100 N0 ... of the other samples misses the forecast by more than the tolerance.
    A quarter of alpha goes to the two ratios.

    Source: Schaeffer et al. 2025 (https://arxiv.org/abs/2502.17578) for the mechanism, Kazdan et al. 2025
    (https://arxiv.org/abs/2510.05197) for fitting it in place of the curve.
    """

    resamples: int = Field(default=400, ge=100, description="of the behaviours, for the forecast's interval")

    @classmethod
    def name(cls) -> str:
        """Its id."""
        return "beta-binomial-tail"

    def foretell(self, wins: Counts, tries: Counts, sizes: Sequence[int], level: float) -> Foretold | str:
        """The fit, its rivals, and its resamples at each size."""
        found = contest(wins, tries)
        if isinstance(found, Unfit):
            return found.reason
        ends = np.quantile(resampled(wins, tries, sizes, self.resamples, self.seed), (level / 2, 1 - level / 2),
                           axis=0, method="nearest")
        alpha = 4 * level * len(sizes)
        lost = {
            f"a share of {found.never.value:.2g} that never falls": found.never.p,
            f"a chance of at least {found.floor.value:.2g} for every behaviour": found.floor.p,
        }
        against = next((f"the tries speak for {rival}, and against this tail (p = {p:.2g})"
                        for rival, p in lost.items() if p <= alpha / 8), "")
        return Foretold(
            values={"b": found.fit.alpha, "c": found.fit.beta, "never": found.never.value, "floor": found.floor.value,
                    "p_never": found.never.p, "p_floor": found.floor.p},
            forecasts=tuple(log_odds(found.fit.asr(size)) for size in sizes),
            intervals=tuple(Range(log_odds(float(low)), log_odds(float(high))) for low, high in ends.T),
            against=against,
        )
