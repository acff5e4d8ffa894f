"""The bound against an attacker who shifts every question straight at the threshold; twins that err are caught."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.assumptions.planted import REFUSAL, above, axis, behaviours, planted
from tests.guarantees.weights_terms import QUESTION, Bounding, granted, terms, trace, value

from holdfast.assumptions.representations.bounded_shift import BoundedShift
from holdfast.assumptions.representations.linear_margin import LinearMargin
from holdfast.core.records import Transcript
from holdfast.guarantees.declared import declared
from holdfast.guarantees.guarantee import Bound, Granted, Layers, Terms
from holdfast.guarantees.weights.linear_monitor_margin import LinearMonitorMargin
from holdfast.targets.target import Sampling


def given(margin: float = 1.0, norm: float = 2.0, shift: float = 0.4, depth: float = 0.5,
          witnesses: tuple[str, ...] = ()) -> dict[str, Granted]:
    return {"margin": granted(LinearMargin(margin=margin, norm=norm, within=0.02)),
            "shift": granted(BoundedShift(shift=shift, beyond=0.03, depth=depth), witnesses=witnesses)}


def test_by_hand() -> None:
    assert value(LinearMonitorMargin().bound(given(), terms())) == pytest.approx(0.05)
    assert value(LinearMonitorMargin().bound(given(shift=0.499), terms(submissions=9))) == pytest.approx(0.05)
    for shift in (0.5, 0.6):                # 0.5 x 2 reaches the margin of 1
        assert isinstance(LinearMonitorMargin().bound(given(shift=shift), terms()), str)
    assert "the same depth" in str(LinearMonitorMargin().bound(given(depth=0.6), terms()))


class _ForgetsTheNorm:
    def bound(self, found: Mapping[str, Granted], _: Terms) -> Bound | str:
        return _rate(found) if _of(found, "shift", "shift") < _of(found, "margin", "margin") else "too far"


class _MultipliesByTheNorm:
    def bound(self, found: Mapping[str, Granted], _: Terms) -> Bound | str:
        reach = _of(found, "margin", "margin") * _of(found, "margin", "norm")
        return _rate(found) if _of(found, "shift", "shift") < reach else "too far"


class _ForgetsTheShiftedOnes:
    def bound(self, found: Mapping[str, Granted], at: Terms) -> Bound | str:
        right = LinearMonitorMargin().bound(found, at)
        if isinstance(right, str):
            return right
        return Bound(quantity="rate", value=_of(found, "margin", "within"), why="")


def _of(found: Mapping[str, Granted], slot: str, name: str) -> float:
    out = declared(found, slot, name)
    assert out is not None
    return out


def _rate(found: Mapping[str, Granted]) -> Bound:
    return Bound(quantity="rate", value=_of(found, "margin", "within") + _of(found, "shift", "beyond"), why="")


def exceeded(bounding: Bounding) -> bool:
    """Whether some attacker within the assumptions wins more than the bound: a shift along -w, as long as allowed."""
    rng = np.random.default_rng(0)
    for length in (0.2, 1.0, 5.0):
        for margin, shift in ((1.0, 0.15), (1.0, 0.9), (1.0, 3.0), (0.3, 1.0)):
            w = rng.normal(size=8)
            w *= length / np.linalg.norm(w)
            x = rng.normal(size=(500, 8)) * 4 / length
            x = x[x @ w > 0]                                    # the threshold is 0: what is flagged
            far = np.arange(len(x)) < 0.03 * len(x)             # these few are shifted as far as one likes
            reach = np.where(far, 1e3, shift)[:, None]
            won = ((x - reach * w / length) @ w <= 0).mean()
            found = {
                "margin": granted(LinearMargin(
                    margin=margin, norm=length, within=float((x @ w < margin).mean()) + 1e-9)),
                "shift": granted(BoundedShift(shift=shift, beyond=float(far.mean())))}
            bound = bounding.bound(found, terms())
            if isinstance(bound, Bound) and won > bound.value + 1e-6:
                return True
    return False


def test_no_shift_within_the_assumptions_beats_the_bound() -> None:
    assert not exceeded(LinearMonitorMargin())


@pytest.mark.parametrize("twin", [_ForgetsTheNorm(), _MultipliesByTheNorm(), _ForgetsTheShiftedOnes()])
def test_a_wrong_twin_is_caught(twin: Bounding) -> None:
    assert exceeded(twin)


@pytest.mark.parametrize(("inner", "reply", "broken"), [
    ((QUESTION + " x", "with care"), "with care", "asks-what-it-looked-at"),
    ((QUESTION, "no"), "with care", "asks-what-it-looked-at"),
    (None, "with care", "flagged-is-refused"),
    ((QUESTION, "with care"), "with care", None),
])
def test_invariants(inner: tuple[str, str] | None, reply: str, broken: str | None) -> None:
    found = LinearMonitorMargin().broken_invariants([trace(inner=inner, reply=reply)], [])
    assert [each.invariant for each in found] == ([broken] if broken else [])
    assert not LinearMonitorMargin().broken_invariants([trace(inner=inner, reply=reply, won=False)], [])


def test_witnesses() -> None:
    reduce = LinearMonitorMargin().reduce
    assert [w.slot for w in reduce(given(), trace())] == ["margin"]
    assert [w.slot for w in reduce(given(witnesses=("b",)), trace(QUESTION + " x"))] == ["shift"]
    assert not reduce(given(), trace(QUESTION + " x"))
    assert not reduce(given(), trace(won=False))


def layers(points: Mapping[str, Any]) -> Layers:
    class World:
        refusal = REFUSAL

        def splits(self) -> tuple[str, ...]:
            return ("all",)

        def behaviours(self, split: str) -> Sequence[Any]:
            return behaviours(("bomb",), 10, hazardous=True) + behaviours(("tea",), 3, hazardous=False)

    material: Any = SimpleNamespace(world=World())
    return Layers(planted(points, above(5), noise=0.02), (), material)


def test_the_hybrid_refuses_what_is_shifted_too_far() -> None:
    built = layers({"bomb": axis(0), "near": axis(0) + axis(1, 0.5), "far": axis(0) + axis(1, 4.0)})
    system = LinearMonitorMargin().enforce({"shift"}, built, given(shift=1.0))
    assert system is not None
    asked = [Transcript.ask(text) for text in ("bomb 3 f0", "near 3 f0", "far 3 f0", "tea 1 f0")]
    assert system.generate(asked, Sampling()) == ["answer bomb 3", "answer near 3", REFUSAL, REFUSAL]
    assert LinearMonitorMargin().enforce({"margin"}, built, given()) is None
    assert LinearMonitorMargin().enforce({"margin", "shift"}, built, given()) is None
