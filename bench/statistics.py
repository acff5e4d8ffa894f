"""Whether the statistics keep what they promise: rules tried on systems whose true rate is known."""

from statistics import median

from bench.measure import Note, Row
from bench.simulated import best_of, certified, judged, looks_needed, naive_peeking, peeked, sequential
from holdfast.stats.binomial import zero_wins_needed
from holdfast.stats.eprocess import Side
from holdfast.stats.judge_error import dead_zone, smallest_certifiable
from holdfast.verdicts.yardstick import Yardstick

EPSILON = ALPHA = 0.05
LOOKS = 2000
ATTACKERS, EACH = 20, 100
SENSITIVITY, SPECIFICITY = 0.85, 0.98


def statistics(quick: bool) -> list[Row | Note]:
    """Peeking, choosing the best attacker, attempts needed without a win, and a fallible judge's dead zone."""
    return [*_peeking(100 if quick else 8000), *_best(1000 if quick else 20_000), *_needed(),
            *_judge(100 if quick else 2000)]


def _peeking(streams: int) -> list[Note]:
    sides: tuple[Side, ...] = ("broken", "holds")
    rules = [(name, side, rule) for side in sides for name, rule in (
        ("a fixed-number bound at every look", naive_peeking(side, EPSILON, ALPHA, LOOKS)),
        ("the e-process", sequential(side, EPSILON, ALPHA)),
    )]
    found = peeked([rule for _, _, rule in rules], EPSILON, LOOKS, streams, seed=1)
    return [
        Note(f"false {side.upper()} within {LOOKS} looks at a true {EPSILON:.0%}, {name}", str(share),
             _at_most_alpha(name.startswith("the")))
        for (name, side, _), share in zip(rules, found, strict=True)
    ]


def _best(runs: int) -> list[Note]:
    found = best_of(ATTACKERS, EACH, EPSILON, EPSILON, ALPHA, runs, seed=2)
    what = f"'above {EPSILON:.0%}' of {ATTACKERS} attackers at a true {EPSILON:.0%}, {EACH} behaviours each"
    return [
        Note(f"{what}, the best as it was found", str(found.naive)),
        Note(f"{what}, ranked on explore and confirmed on sealed", str(found.confirmed), _at_most_alpha(True)),
    ]


def _needed() -> list[Note]:
    return [
        Note(f"attempts without a win that bound a rate by {epsilon:.0%}",
             f"{zero_wins_needed(epsilon, ALPHA)} fixed, {looks_needed(epsilon, ALPHA)} looked at one by one")
        for epsilon in (0.05, 0.01)
    ]


def _judge(runs: int) -> list[Note]:
    stick = Yardstick(EPSILON, ALPHA, 0.0, SENSITIVITY, SPECIFICITY)
    who = f"judge of sensitivity {SENSITIVITY:g} and specificity {SPECIFICITY:g}"
    least = smallest_certifiable(SENSITIVITY, SPECIFICITY)
    zone = dead_zone(EPSILON, SENSITIVITY, SPECIFICITY)
    sizes = (1000, 10_000, 100_000, 1_000_000)
    simulated = ", ".join(f"{median(certified(stick, n, runs, seed=3)):.2%} of {n:,}" for n in sizes)
    never = judged(stick._replace(epsilon=0.01), 0.0, sizes[-1], runs, seed=4)
    notes = [
        Note(f"{who}: least rate certified of a system that never loses", f"{simulated}; by formula {least:.2%}"),
        Note(f"{who}: a promise of 1 % certified of that system", f"{never.holds} of {sizes[-1]:,} behaviours"),
        Note(f"{who}: dead zone of a promise of {EPSILON:.0%}",
             f"flag rates {zone.holds:.4f} to {zone.broken:.4f}, true rates {_true(zone.holds):.4f} to "
             f"{_true(zone.broken):.4f}, by formula"),
    ]
    for rate in (0.0, 0.02, 0.03, 0.04, EPSILON, 0.055, 0.065, 0.08):
        found = judged(stick, rate, 100_000, runs, seed=5)
        notes.append(Note(f"{who}: a true {rate:.1%} seen on 100,000 behaviours",
                          f"holds {found.holds}, open {found.open}, broken {found.broken}"))
    return notes


def _true(flag_rate: float) -> float:
    return (flag_rate - (1 - SPECIFICITY)) / (SENSITIVITY + SPECIFICITY - 1)


def _at_most_alpha(promised: bool) -> str:
    return f"at most {ALPHA:.0%}" if promised else ""
