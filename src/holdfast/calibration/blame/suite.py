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

HELD_OUT = 1000
"""Seeds from here on are reported on. Seeds below 100 are for whoever works on attribution."""

FAMILIES = (smoothing, erasing, agreeing, counting, walking, monitoring, ablating, filtering, relearning, trying,
            measuring)
SEEDS, QUICK_SEEDS = 6, 2
RATES = 30          # seeds of attacks that win just what is promised, or twice that: they take little time


def simulated(*, quick: bool, first: int = HELD_OUT) -> list[Case]:
    """The cases with scripted minds; the quick ones are a part of them, some of each family and fault."""
    seeds = range(first, first + (QUICK_SEEDS if quick else SEEDS))
    found = [case for seed in seeds for family in FAMILIES for case in family.cases(seed) if case.quick or not quick]
    if not quick:
        found += [case for seed in range(first + SEEDS, first + RATES) for case in measuring.rates(seed)]
    return found


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
