"""What does it cost to remove one behaviour from a larger model, and what goes with it?"""

import math
from importlib.resources.abc import Traversable
from typing import ClassVar, NamedTuple, final

import numpy as np
import numpy.typing as npt
from pydantic import Field

from holdfast.assumptions.assumption import SampledAssumption, Subject
from holdfast.assumptions.finding import AssumptionKind, AssumptionResult, AssumptionStatus
from holdfast.assumptions.forecasts import Range, held
from holdfast.assumptions.rates import Rate, rate
from holdfast.assumptions.sweeps import found_sweep, read_runs
from holdfast.core.errors import UsageError
from holdfast.core.evidence import Sample

ID = "editability-by-size"
LEAST = 4           # sizes: two to fit, two to judge
COMMAND = "python -m bench editing-by-size"
ORDER: tuple[AssumptionStatus, ...] = ("REFUTED", "INCONCLUSIVE", "SUPPORTED")

Array = npt.NDArray[np.float64]


class _Size(NamedTuple):
    """Removals from the models of one size, one array a model: steps (infinite where it did not come off)."""

    parameters: float
    steps: list[Array]
    spoilt: Rate


@final
class EditabilityBySize(SampledAssumption):
    """Removing one behaviour takes at most C N^exponent gradient steps in a model of N parameters, by the median.

    C is fitted to the smaller sizes of a table of removals; the largest are held out, forecast, and compared. REFUTED
    where more steps were needed there than the forecast by more than the tolerance, fewer being no fault; or where
    more than the share `failing` of the behaviours take more than `damage` of the other answers with them. Intervals
    resample behaviours, and models where a size has several. FLOPs grow by one power more, as each step costs ~ N.

    Source: editing single facts and its side effects, Meng et al. 2022 (https://arxiv.org/abs/2202.05262), Cohen et
    al. 2023 (https://arxiv.org/abs/2307.12976). That sizes alike but for their width are comparable: Kaplan et al.
    2020 (https://arxiv.org/abs/2001.08361). The shipped table's command is `python -m bench editing-by-size`.
    """

    kind: ClassVar[AssumptionKind] = "extrapolation"
    quantity: ClassVar[str] = "median steps to remove one behaviour at a size"

    sweep: str = Field(default="editing-mini", description="the table of removals: one that ships, or a .json file")
    exponent: float = Field(default=0.0, description="the steps grow at most as this power of the parameters")
    held_out: int = Field(default=2, ge=1, description="of the largest sizes, forecast and not fitted to")
    tolerance: float = Field(default=0.1, gt=0, description="orders of magnitude above the forecast; 0.1 are 26 %")
    damage: float = Field(default=0.1, gt=0, lt=1, description="largest share of other answers that may be lost")
    failing: float = Field(default=0.2, gt=0, lt=1, description="largest share of behaviours that may cost more")
    resamples: int = Field(default=1000, ge=100, description="of the behaviours, for the intervals")
    seed: int = Field(default=0, description="of the resampling")

    def sample(self, subject: Subject) -> Sample:
        """The table as it stands; the subject's models are not asked."""
        return read_removals(found_sweep(self.sweep))

    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """Judged at the held-out sizes, on steps and on damage, which share alpha; the worst place is reported."""
        if sample.crash is not None or not sample.units:
            return self._open("UNTESTED", sample.crash or "the table holds no removal", COMMAND)
        level = alpha / (2 * self.held_out)
        sizes = _sizes(sample, self.damage, level)
        first = len(sizes) - self.held_out
        if len(sizes) < LEAST or first < 2:
            return self._open("INCONCLUSIVE", f"there are {len(sizes)} sizes, of which {self.held_out} are held out",
                              f"{max(LEAST, self.held_out + 2)} sizes")
        medians = np.array([_median(size.steps) for size in sizes])
        if not np.isfinite(medians).all():
            return self._open("INCONCLUSIVE", "at some size not even half of the removals came off",
                              "a table with more steps a removal")
        logs = np.log10([size.parameters for size in sizes])
        drawn = np.log10(self._resampled(sizes))
        forecasts = _forecast(np.log10(medians), logs, first, self.exponent)
        with np.errstate(invalid="ignore"):     # where most of a resample did not come off, on both sides of a gap
            gaps = drawn[:, first:] - np.stack([_forecast(row, logs, first, self.exponent) for row in drawn])
        slopes = [np.polyfit(logs, row, 1)[0] for row in drawn if np.isfinite(row).all()]
        every = []
        for place, size in enumerate(sizes[first:]):
            gap = Range(*np.quantile(gaps[:, place], (level, 1 - level), method="nearest"))
            n = min(map(len, size.steps))
            steps = held(Range(0, 0), gap, self.tolerance, math.inf, n, safe_above=True)
            if math.isnan(gap.lower) or math.isnan(gap.upper):
                steps = held(Range(0, 0), Range(-math.inf, math.inf), self.tolerance, math.inf, n)
            every.append((min(steps.status, size.spoilt.at_most(self.failing), key=ORDER.index), place, gap, steps))
        status, place, gap, steps = min(every, key=lambda each: ORDER.index(each[0]))
        size, seen, forecast = sizes[first + place], float(medians[first + place]), float(10 ** forecasts[place])
        return AssumptionResult(
            id=ID, status=status, kind=self.kind, quantity=self.quantity, threshold=forecast * 10**self.tolerance,
            lower=forecast * 10**gap.lower if math.isfinite(gap.lower) else 0.0,
            upper=forecast * 10**gap.upper if math.isfinite(gap.upper) else None,
            valid=f"{sizes[0].parameters:.0f} to {sizes[-1].parameters:.0f} parameters, as {self.sweep}",
            reason=f"{steps.reason}, at {size.parameters:.0f} parameters (median {seen:g} steps, forecast "
                   f"{forecast:.3g}); {size.spoilt} took more than {self.damage:.0%} of other answers along",
            needed=steps.needed or ("more behaviours" if status == "INCONCLUSIVE" else ""),
            values={"exponent": self.exponent, "constant": forecast / size.parameters**self.exponent,
                    "at_size": size.parameters, "forecast": forecast, "seen": seen, "miss": steps.miss,
                    **_slope(np.polyfit(logs, np.log10(medians), 1)[0], slopes, alpha)})

    def _resampled(self, sizes: list[_Size]) -> Array:
        """Medians of resampled models and behaviours, shape (resamples, sizes); infinite where most did not fall."""
        rng = np.random.default_rng(self.seed)
        out = np.empty((self.resamples, len(sizes)))
        for r in range(self.resamples):
            for i, size in enumerate(sizes):
                models = rng.integers(len(size.steps), size=len(size.steps))
                out[r, i] = _median([rng.choice(size.steps[m], size=len(size.steps[m])) for m in models])
        return out

    def _open(self, status: AssumptionStatus, reason: str, needed: str) -> AssumptionResult:
        return AssumptionResult(id=ID, status=status, kind=self.kind, quantity=self.quantity, reason=reason,
                                needed=needed)


def read_removals(table: Traversable) -> Sample:
    """A table of removals, a unit each: columns `parameters`, `seed`, `steps`, `removed` and `damage`.

    Raises UsageError where it is not there, or not that.
    """
    keys = ("parameters", "seed", "behaviours", "removal_steps", "removed", "damage")
    runs = read_runs(table, keys, COMMAND)
    try:
        rows = [(r["parameters"], r["seed"], *row) for r in runs
                for row in zip(*(r[key] for key in keys[2:]), strict=True)]
        names = ("parameters", "seed", "steps", "removed", "damage")
        columns = {name: tuple(float(row[i]) for row in rows) for name, i in zip(names, (0, 1, 3, 4, 5), strict=True)}
    except (TypeError, ValueError) as error:
        raise UsageError(f"{table} holds a run whose lists differ in length; name another table.") from error
    return Sample(units=tuple(f"{row[2]}, {row[0]} parameters, seed {row[1]}" for row in rows), columns=columns,
                  texts={"behaviour": tuple(str(row[2]) for row in rows)})


def _sizes(sample: Sample, damage: float, level: float) -> list[_Size]:
    """The removals by size, smallest first. A behaviour is spoilt where it took too much along in any model."""
    columns = sample.columns
    rows = list(zip(*(columns[name] for name in ("parameters", "seed", "steps", "removed", "damage")),
                    sample.texts["behaviour"], strict=True))
    out = []
    for size in sorted(set(columns["parameters"])):
        mine = [row for row in rows if row[0] == size]
        steps = [np.array([row[2] if row[3] else math.inf for row in mine if row[1] == seed])
                 for seed in sorted({row[1] for row in mine})]
        every, spoilt = {row[5] for row in mine}, {row[5] for row in mine if row[4] > damage}
        out.append(_Size(size, steps, rate(len(spoilt), len(every), level)))
    return out


def _median(steps: list[Array]) -> float:
    """Over all behaviours of all models; of two in the middle the larger, so that nothing is added to infinity."""
    every = np.sort(np.concatenate(steps))
    return float(every[len(every) // 2])


def _forecast(log_medians: Array, log_sizes: Array, first: int, exponent: float) -> Array:
    """log10 of the steps forecast at the sizes from `first` on, C being fitted to those before."""
    constant = np.mean(log_medians[:first] - exponent * log_sizes[:first])
    out: Array = constant + exponent * log_sizes[first:]
    return out


def _slope(slope: float, drawn: list[float], alpha: float) -> dict[str, float]:
    """The exponent that all sizes together suggest, for reading: the law is judged at the one declared."""
    if not drawn:
        return {"seen_exponent": float(slope)}
    low, high = np.quantile(drawn, (alpha, 1 - alpha))
    return {"seen_exponent": float(slope), "seen_exponent_lower": float(low), "seen_exponent_upper": float(high)}
