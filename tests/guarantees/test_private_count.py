"""The private counter, and the planted sensitivity that is off by the size of a batch."""

import numpy as np
import pytest
from tests.guarantees.taken import bound, granted, value

from holdfast.core.evidence import Trace
from holdfast.guarantees.counting import ABSENT, PRESENT, count_privately, releases, traced
from holdfast.guarantees.guarantee import Guarantee
from holdfast.stats.private import advantage, discrete_laplace

EPSILON, BATCH = 0.21, 16
GUARANTEE: dict[str, object] = {"use": "private-count", "epsilon": EPSILON}
RECORDS = {f"record {i}": 1.0 for i in range(10)}
INPUTS = {PRESENT: RECORDS, ABSENT: dict.fromkeys(list(RECORDS)[1:], 1.0)}


def counted(n: int = 200) -> list[Trace]:
    rng = np.random.default_rng(0)
    return [count_privately(name, INPUTS[name], 1.0, EPSILON, rng) for _ in range(n) for name in INPUTS]


def small_noise(n: int = 200) -> list[Trace]:
    """The sensitivity of a mean over a batch, put where that of the sum belongs: too little noise by a factor."""
    rng = np.random.default_rng(0)
    return [count_privately(name, INPUTS[name], 1.0, EPSILON * BATCH, rng) for _ in range(n) for name in INPUTS]


def heavy_records(n: int = 200) -> list[Trace]:
    """The same factor on the other side: the noise is as declared, and each record is counted once a batch."""
    rng = np.random.default_rng(0)
    out = []
    for _ in range(n):
        for name, records in INPUTS.items():
            added = {record: each * BATCH for record, each in records.items()}
            noise = int(discrete_laplace(1 / EPSILON, 1, rng)[0])
            out.append(traced(name, added, sum(added.values()) + noise))
    return out


def violated(made: list[Trace]) -> list[str]:
    part, _ = granted(GUARANTEE)
    return [v.invariant for v in part.broken_invariants(made, ())]


def test_the_counter_as_it_should_be_keeps_every_invariant() -> None:
    assert violated(counted()) == []
    assert violated([]) == []


def test_the_planted_factor_is_the_implementations_and_no_assumption_is_charged() -> None:
    part, slots = granted(GUARANTEE)
    assert violated(small_noise()) == ["noise", "epsilon"]
    assert violated(heavy_records()) == ["sensitivity", "epsilon"]
    assert {slot: each.result.status for slot, each in slots.items()} == {"sensitivity": "TRUSTED"}
    for trace in (*small_noise(5), *heavy_records(5)):
        assert part.reduce(slots, trace) == ()


def test_a_bug_that_shows_in_the_releases_alone_is_found_by_the_audit() -> None:
    """What each record added is reported as cut, and what is released counts it a batch of times."""
    hidden = [t.model_copy(update={"inner": ()}) for t in heavy_records()]
    assert "epsilon" in violated([t.model_copy(update={"reply": t.reply}) for t in hidden])


def test_outputs_that_tell_no_more_than_they_may() -> None:
    """Who guesses from one release by the best threshold has no more than the bound, and with the bug much more."""
    def gain(made: list[Trace]) -> float:
        by_name = {name: np.array([r.released for r in releases(made) if r.name == name]) for name in INPUTS}
        cuts = np.unique(np.concatenate(list(by_name.values())))
        return max(float((by_name[PRESENT] >= c).mean() - (by_name[ABSENT] >= c).mean()) for c in cuts)

    assert gain(counted(800)) <= value(GUARANTEE, 1) + 0.08
    assert gain(small_noise(800)) > value(GUARANTEE, 1) + 0.3      # the planted-wrong twin


def test_the_bound_by_hand_and_over_many_queries() -> None:
    assert value(GUARANTEE, 1) == pytest.approx((np.exp(0.21) - 1) / (np.exp(0.21) + 1))
    assert value(GUARANTEE, 10) == pytest.approx(advantage(2.1, 0.0))
    assert value({**GUARANTEE, "sensitivity": {"use": "declared-sensitivity", "sensitivity": 3}}, 1) == pytest.approx(
        advantage(0.63, 0.0))
    assert value({**GUARANTEE, "cut": 3, "sensitivity": {"use": "declared-sensitivity", "sensitivity": 3}}, 1) == (
        pytest.approx(advantage(0.21, 0.0)))
    assert isinstance(bound(GUARANTEE, None), str)


def test_records_are_cut_to_whole_numbers_within_the_sensitivity() -> None:
    made = count_privately("x", {"a": 9.0, "b": -9.0, "c": 1.7}, 2.0, 1e9, np.random.default_rng(0))
    assert releases([made])[0].added == (2.0, -2.0, 1.0)
    assert float(made.reply) == 1.0


def test_nothing_makes_a_definition_true() -> None:
    part, given = granted(GUARANTEE)
    assert isinstance(part, Guarantee)
    assert part.enforce(("sensitivity",), None, given) is None  # type: ignore[arg-type]
