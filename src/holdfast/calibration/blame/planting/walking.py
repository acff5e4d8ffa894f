"""Faults in a walk that should take a mark off a text; the promise is the remover's."""

from holdfast.calibration.blame.cases import HOLDS, Case, Culprit, Fault
from holdfast.calibration.blame.minds import Mind, Style
from holdfast.calibration.blame.planting.base import PLANTED, TIMES, claim, honest, worded

ABOUT = "walking"
EPSILON = 0.25
WALKED = f"{PLANTED}/defences/walked.py:Walked"
BUGS = {"few edits": "edits", "first text": "last"}


def cases(seed: int) -> list[Case]:
    """A walk that forgets, one that remembers, and one that is built wrongly."""
    bug, sticks = list(BUGS)[seed % 2], (0.5, 0.6, 0.8)[seed % 3]
    return [
        _case("none", "forgets", seed, {}, quick=seed % 2 == 1),
        _case("assumption", f"remembers {sticks}", seed, {"sticks": sticks}, "rapid-mixing", quick=seed % 2 == 0),
        _case("assumption", f"spoils {sticks}", seed, {"spoils": sticks}, "quality-oracle", quick=seed % 2 == 1),
        _case("implementation", bug, seed, {"bug": bug}, BUGS[bug]),
        _derived(seed, trusted=True), _derived(seed, trusted=False),
    ]


def faint(seed: int) -> list[Case]:
    """Walks of which few remember, few are spoilt, or few are built wrongly: a break is hardly there."""
    found = []
    for times in TIMES:
        rate = times * EPSILON
        found += [case.model_copy(update={"rate": rate, "right": honest(rate, EPSILON)}) for case in (
            _case("faint assumption", f"remembers {times:g} times", seed, {"sticks": rate}, "rapid-mixing"),
            _case("faint assumption", f"spoils {times:g} times", seed, {"spoils": rate}, "quality-oracle"),
            _case("faint implementation", f"first text {times:g} times", seed, {"bug": "first text", "struck": rate},
                  BUGS["first text"]),
        )]
    return found


def two(seed: int) -> list[Case]:
    """A walk that remembers and is built wrongly: the bug. One that remembers, with an oracle that errs: both."""
    sticks = (0.3, 0.35, 0.4)[seed % 3]
    both = _case("two assumptions", f"remembers {sticks}, spoils 0.8", seed, {"sticks": sticks, "spoils": 0.8},
                 "rapid-mixing")
    return [
        _case("implementation + assumption", f"first text, remembers {sticks}", seed,
              {"bug": "first text", "struck": 0.5, "sticks": sticks}, BUGS["first text"], quick=seed % 2 == 0),
        both.model_copy(update={"second": Culprit(kind="assumption", id="quality-oracle")}),
    ]


def _derived(seed: int, trusted: bool) -> Case:
    """A walk that is said to forget in a hundred edits, and stopped after ten: blamed where all else is trusted."""
    case = _case("derivation" if trusted else "unseen derivation", "stops early", seed, {"edits": 10})
    part: dict[str, object] = {"use": f"{PLANTED}/guarantees/removal_misderived.py:RemovalMisderived", "edits": 10}
    if trusted:
        granted = f"{PLANTED}/assumptions/granted.py"
        part |= {"mixing": f"{granted}:GrantedMixing", "oracle": f"{granted}:GrantedOracle"}
    return case.model_copy(update={"claim": case.claim | {"guarantee": part}})


def _case(
    fault: Fault, strength: str, seed: int, settings: dict[str, object], culprit: str | None = None, *,
    quick: bool = False,
) -> Case:
    return Case(
        about=ABOUT, fault=fault, strength=strength, seed=seed, culprit=culprit, game="walk", epsilon=EPSILON,
        quick=quick, mind=Mind(seed=seed, open=0.1, styles={"suffix": Style(works=1.0)}),
        right=HOLDS if fault == "none" else ("BROKEN",),
        claim=claim(defences=[{"use": WALKED, **settings}], attacks=[worded("suffix")], promise=f"rate <= {EPSILON}",
                    guarantee={"use": "watermark-removal"}))
