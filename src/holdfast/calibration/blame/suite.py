"""All cases of the benchmark, and the trial of them over processes."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from holdfast.calibration.blame.cases import Case, Outcome
from holdfast.calibration.blame.planting import (
    ablating,
    agreeing,
    counting,
    erasing,
    filtering,
    measuring,
    monitoring,
    relearning,
    smoothing,
    trying,
    walking,
)
from holdfast.calibration.blame.trial import tried
from holdfast.engine.threads import settle_worker

HELD_OUT = 20_000
"""Seeds from here on are reported on, and were run once. Those below 100 are for whoever works on attribution."""

FAMILIES = (smoothing, erasing, agreeing, counting, walking, monitoring, ablating, filtering, relearning, trying,
            measuring)
FAINT = (smoothing, erasing, agreeing, walking, monitoring, filtering, relearning)
TWO = (smoothing, erasing, agreeing, counting, walking, monitoring, filtering, measuring)
SEEDS, QUICK_SEEDS, FAINT_SEEDS, TWO_SEEDS = 6, 2, 3, 4
RATES = 30          # seeds of attacks that win just what is promised, or twice that: they take little time


def simulated(*, quick: bool, first: int = HELD_OUT) -> list[Case]:
    """The cases with scripted minds, from the seed `first` on.

    The quick ones, some of each family, are of the first development seeds: who works on attribution runs them often.
    """
    if quick:
        seeds = range(QUICK_SEEDS)
        found = [case for seed in seeds for family in FAMILIES for case in family.cases(seed) if case.quick]
        return found + [case for seed in seeds for family in TWO for case in family.two(seed) if case.quick]
    found = [case for seed in range(first, first + SEEDS) for family in FAMILIES for case in family.cases(seed)]
    found += [case for seed in range(first + SEEDS, first + RATES) for case in measuring.rates(seed)]
    found += [case for seed in range(first, first + TWO_SEEDS) for family in TWO for case in family.two(seed)]
    return found + [case for seed in range(first, first + FAINT_SEEDS) for family in FAINT
                    for case in family.faint(seed)]


def run_simulated(cases: Sequence[Case], say: Callable[[str], None], workers: int | None = None) -> list[Outcome]:
    """Their outcomes, in order."""
    count = workers or max(1, min(os.cpu_count() or 1, 8))
    found: dict[int, Outcome] = {}
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=settle_worker) as pool:
        running = {pool.submit(tried, case): number for number, case in enumerate(cases)}
        for done, future in enumerate(as_completed(running), 1):
            number = running[future]
            found[number] = future.result()
            say(f"{done}/{len(cases)} {cases[number].name}: {found[number].said}")
    return [found[number] for number in range(len(cases))]
