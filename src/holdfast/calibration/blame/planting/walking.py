"""Faults in a walk that should take a mark off a text; the promise is the remover's."""

from holdfast.calibration.blame.cases import HOLDS, Case, Fault
from holdfast.calibration.blame.minds import Mind, Style
from holdfast.calibration.blame.planting.base import PLANTED, claim, worded

ABOUT = "walking"
WALKED = f"{PLANTED}/defences/walked.py:Walked"
BUGS = {"few edits": "edits", "first text": "last"}


def cases(seed: int) -> list[Case]:
    """A walk that forgets, one that remembers, and one that is built wrongly."""
    bug, sticks = list(BUGS)[seed % 2], (0.5, 0.6, 0.8)[seed % 3]
    return [
        _case("none", "forgets", seed, {}, quick=seed % 2 == 1),
        _case("assumption", f"remembers {sticks}", seed, {"sticks": sticks}, "rapid-mixing", quick=seed % 2 == 0),
        _case("implementation", bug, seed, {"bug": bug}, BUGS[bug]),
    ]


def _case(
    fault: Fault, strength: str, seed: int, settings: dict[str, object], culprit: str | None = None, *,
    quick: bool = False,
) -> Case:
    return Case(
        about=ABOUT, fault=fault, strength=strength, seed=seed, culprit=culprit, game="walk", epsilon=0.25,
        quick=quick, mind=Mind(seed=seed, open=0.1, styles={"suffix": Style(works=1.0)}),
        right=HOLDS if fault == "none" else ("BROKEN",),
        claim=claim(defences=[{"use": WALKED, **settings}], attacks=[worded("suffix")], promise="rate <= 0.25",
                    guarantee={"use": "watermark-removal"}))
