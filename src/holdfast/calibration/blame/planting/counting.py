"""Faults in a private count."""

from holdfast.calibration.blame.cases import HOLDS, Case, Fault
from holdfast.calibration.blame.minds import Mind, Style
from holdfast.calibration.blame.planting.base import PLANTED, claim, worded

ABOUT = "counting"
COUNTED = f"{PLANTED}/defences/counted.py:Counted"
MISDERIVED = f"{PLANTED}/guarantees/count_misderived.py:CountMisderived"
BUGS = {"uncut": "sensitivity", "small noise": "noise"}


def cases(seed: int) -> list[Case]:
    """A counter as derived, one with the sensitivity or the noise wrong, and one that may be asked too often."""
    bug = list(BUGS)[seed % 2]
    return [
        _case("none", "as derived", seed, {"epsilon": 0.001}, quick=seed % 2 == 0),
        _case("implementation", bug, seed, {"epsilon": 0.001, "bug": bug}, BUGS[bug], quick=True),
        _case("derivation", "epsilons do not add up", seed, {"epsilon": 0.5, "seen": 160},
              guarantee=MISDERIVED),
    ]


def two(seed: int) -> list[Case]:
    """A bug in a counter whose releases do not add up as derived either: the bug."""
    bug = list(BUGS)[seed % 2]
    return [_case("implementation + derivation", f"{bug}, epsilons do not add up", seed,
                  {"epsilon": 0.5, "seen": 160, "bug": bug}, BUGS[bug], guarantee=MISDERIVED)]


def _case(
    fault: Fault, strength: str, seed: int, settings: dict[str, object], culprit: str | None = None, *,
    guarantee: str = "private-count", quick: bool = False,
) -> Case:
    mind = Mind(seed=seed, open=0.1, styles={"suffix": Style(works=1.0)})
    part = {"use": guarantee, "epsilon": settings["epsilon"]}
    return Case(
        about=ABOUT, fault=fault, strength=strength, seed=seed, mind=mind, culprit=culprit, game="count", quick=quick,
        right=HOLDS if fault == "none" else ("BROKEN",),
        claim=claim(defences=[{"use": COUNTED, **settings}], attacks=[worded("suffix")],
                    guarantee=part, promise="rate <= 0.1"), epsilon=0.1)
