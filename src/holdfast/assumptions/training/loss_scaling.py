"""The loss of small models foretells that of larger ones on more data."""

import math
from importlib.resources.abc import Traversable
from typing import ClassVar, NamedTuple, final

import numpy as np
import numpy.typing as npt
from pydantic import Field

from holdfast.assumptions.assumption import SampledAssumption, Subject
from holdfast.assumptions.finding import AssumptionKind, AssumptionResult, AssumptionStatus
from holdfast.assumptions.forecasts import Range, held
from holdfast.assumptions.sweeps import found_sweep, read_runs
from holdfast.core.errors import UsageError
from holdfast.core.evidence import Sample
from holdfast.stats.loss_law import LossLaw, fit

ID = "loss-scaling"
LEAST = 4           # sizes, and amounts of data: three to fit, one to judge
COMMAND = "python -m bench scaling"
LOSS = "loss/"      # columns of losses, one a behaviour

Array = npt.NDArray[np.float64]


class _Cells(NamedTuple):
    """Runs of one size and amount of data put together; `losses` has shape (cells, seeds, behaviours)."""

    sizes: Array
    data: Array
    losses: Array


@final
class LossScaling(SampledAssumption):
    """With N parameters and D examples seen in training, the loss on phrasings that no training saw is

        L(N, D) = E + A / N^alpha + B / D^beta.

    Read from a table of runs. The largest size and the most data are held out of the fit and then forecast: each
    with the next smaller other, and both together. REFUTED where what was measured there and the forecast lie
    further apart than the tolerance; intervals resample behaviours, and seeds where a run has several.

    Source: Hoffmann et al. 2022 (https://arxiv.org/abs/2203.15556), equation 2. The shipped table is of organisms,
    which see few facts many times, and its command is `python -m bench scaling`.
    """

    kind: ClassVar[AssumptionKind] = "extrapolation"
    quantity: ClassVar[str] = "loss at a size and an amount of data"

    sweep: str = Field(default="loss-nano", description="the table of runs: one that ships, or a .json file")
    tolerance: float = Field(
        default=0.05, gt=0, description="orders of magnitude by which a forecast may miss; 0.05 are 12 %")
    resamples: int = Field(default=200, ge=100, description="of the behaviours, for the intervals")
    seed: int = Field(default=0, description="of the resampling")

    def sample(self, subject: Subject) -> Sample:
        """The table as it stands; the subject's models are not asked."""
        return read_losses(found_sweep(self.sweep))

    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """Judged at three held-out cells, which share alpha, as do both ends of the gap's interval."""
        if sample.crash is not None or not sample.units:
            return self._open("UNTESTED", sample.crash or "the table holds no run", COMMAND)
        cells = _cells(sample)
        sizes, data = np.unique(cells.sizes), np.unique(cells.data)
        if min(len(sizes), len(data)) < LEAST or len(cells.sizes) < len(sizes) * len(data):
            return self._open("INCONCLUSIVE", f"there are {len(sizes)} sizes and {len(data)} amounts of data",
                              f"every pair of {LEAST} sizes and {LEAST} amounts of data")
        fitted = (cells.sizes < sizes[-1]) & (cells.data < data[-1])
        corners = ((sizes[-1], data[-1]), (sizes[-1], data[-2]), (sizes[-2], data[-1]))
        places = [int(np.flatnonzero((cells.sizes == n) & (cells.data == d))[0]) for n, d in corners]
        law = _law(cells, fitted, cells.losses.mean(axis=(1, 2)))
        gaps = self._gaps(cells, fitted, places, law)
        level = alpha / (2 * len(places))
        every = []
        for i, place in enumerate(places):
            gap = Range(*np.quantile(gaps[:, i], (level, 1 - level)))
            every.append((place, gap, held(Range(0, 0), gap, self.tolerance, math.inf, cells.losses.shape[2])))
        order: tuple[AssumptionStatus, ...] = ("REFUTED", "INCONCLUSIVE", "SUPPORTED")
        place, gap, outcome = min(every, key=lambda each: order.index(each[2].status))
        n, d = cells.sizes[place], cells.data[place]
        forecast, side = law.loss(n, d), -self.tolerance if outcome.miss < 0 else self.tolerance
        return AssumptionResult(
            id=ID, status=outcome.status, kind=self.kind, quantity=self.quantity, threshold=forecast * 10**side,
            lower=forecast * 10**gap.lower, upper=forecast * 10**gap.upper,
            valid=f"{sizes[0]:.0f} to {sizes[-1]:.0f} parameters, {data[0]:.0f} to {data[-1]:.0f} examples, as "
                  f"{self.sweep}",
            reason=f"{outcome.reason}, at {n:.0f} parameters and {d:.0f} examples", needed=outcome.needed,
            values={**law._asdict(), "at_size": float(n), "at_data": float(d), "forecast": forecast,
                    "seen": float(cells.losses[place].mean()), "miss": outcome.miss,
                    "error": _error(cells, fitted, law)})

    def _gaps(self, cells: _Cells, fitted: npt.NDArray[np.bool_], places: list[int], law: LossLaw) -> Array:
        """log10 of measured over forecast loss at `places`, shape (resamples, places).

        Both are of the same behaviours, so that how hard those are cancels.
        """
        rng = np.random.default_rng(self.seed)
        count, seeds, behaviours = cells.losses.shape
        gaps = np.empty((self.resamples, len(places)))
        for r in range(self.resamples):
            drawn = cells.losses[:, :, rng.integers(behaviours, size=behaviours)].mean(axis=2)
            losses = drawn[np.arange(count)[:, None], rng.integers(seeds, size=(count, seeds))].mean(axis=1)
            again = _law(cells, fitted, losses, law)
            gaps[r] = [math.log10(losses[p] / again.loss(cells.sizes[p], cells.data[p])) for p in places]
        return gaps

    def _open(self, status: AssumptionStatus, reason: str, needed: str) -> AssumptionResult:
        return AssumptionResult(id=ID, status=status, kind=self.kind, quantity=self.quantity, reason=reason,
                                needed=needed)


def read_losses(table: Traversable) -> Sample:
    """A sweep's table: `runs`, each with parameters, examples, seed and one loss a behaviour.

    Raises UsageError where it is not there, or not that.
    """
    runs = read_runs(table, ("parameters", "examples", "seed", "losses"), COMMAND)
    try:
        names = tuple(f"{r['parameters']} parameters, {r['examples']} examples, seed {r['seed']}" for r in runs)
        columns = {name: tuple(float(r[name]) for r in runs) for name in ("parameters", "examples", "seed")}
        losses = [tuple(map(float, each)) for each in zip(*(r["losses"] for r in runs), strict=True)]
    except (TypeError, ValueError) as error:
        raise UsageError(f"{table} holds runs whose losses are no numbers, or not one a behaviour.") from error
    return Sample(units=names, columns=columns | {f"{LOSS}{i}": each for i, each in enumerate(losses)})


def _cells(sample: Sample) -> _Cells:
    """Runs by size and amount of data. Cells with fewer seeds than others keep as many as all have."""
    losses = np.array([column for name, column in sample.columns.items() if name.startswith(LOSS)]).T
    keys = list(zip(sample.columns["parameters"], sample.columns["examples"], strict=True))
    rows = {key: [i for i, other in enumerate(keys) if other == key] for key in dict.fromkeys(keys)}
    seeds = min(map(len, rows.values()))
    return _Cells(np.array([n for n, _ in rows]), np.array([d for _, d in rows]),
                  np.stack([losses[each[:seeds]] for each in rows.values()]))


def _law(cells: _Cells, fitted: npt.NDArray[np.bool_], losses: Array, start: LossLaw | None = None) -> LossLaw:
    return fit(cells.sizes[fitted], cells.data[fitted], losses[fitted], start)


def _error(cells: _Cells, fitted: npt.NDArray[np.bool_], law: LossLaw) -> float:
    """The largest relative error of the law at the cells that it was fitted to."""
    means = cells.losses.mean(axis=(1, 2))
    return max(abs(law.loss(n, d) / float(loss) - 1)
               for n, d, loss in zip(cells.sizes[fitted], cells.data[fitted], means[fitted], strict=True))
