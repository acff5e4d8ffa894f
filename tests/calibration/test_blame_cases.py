"""Some planted faults of each kind, and whom the verdict blames."""

import pytest

from holdfast.calibration.blame.cases import CULPRITS, FAINT, Case
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
    walking,
)
from holdfast.calibration.blame.planting.base import TIMES, honest
from holdfast.calibration.blame.real import real_cases
from holdfast.calibration.blame.suite import HELD_OUT, simulated
from holdfast.calibration.blame.trial import tried

DEVELOPMENT = 3


def of(family, fault: str, which: int = 0) -> Case:
    return [case for case in family.cases(DEVELOPMENT) if case.fault == fault][which]


def both(family, fault: str) -> Case:
    (case,) = [case for case in family.two(DEVELOPMENT) if case.fault == fault]
    return case


def little(family, times: float, fault: str = "faint assumption", which: int = 0) -> Case:
    return [case for case in family.faint(DEVELOPMENT)
            if case.fault == fault and case.rate == times * case.epsilon][which]


@pytest.mark.parametrize("case", [
    of(smoothing, "none"), of(smoothing, "assumption"), of(smoothing, "assumption", 2), of(smoothing, "derivation"),
    of(smoothing, "implementation"), of(erasing, "assumption"), of(erasing, "derivation"), of(agreeing, "assumption"),
    of(counting, "implementation"), of(counting, "derivation"), of(monitoring, "assumption", 1),
    of(monitoring, "implementation"), of(ablating, "none"), of(ablating, "assumption"), of(filtering, "assumption"),
    of(relearning, "assumption"), of(measuring, "completeness"), of(measuring, "weak attack"),
    of(measuring, "leaky split"), of(measuring, "biased judge"), of(measuring, "not replayed"),
    of(walking, "assumption", 1), of(agreeing, "derivation"), of(walking, "derivation"), of(monitoring, "derivation"),
    of(ablating, "derivation"), of(filtering, "derivation"), of(relearning, "derivation"),
    of(walking, "unseen derivation"), of(monitoring, "unseen derivation"), of(ablating, "unseen derivation"),
    of(relearning, "unseen derivation"), both(monitoring, "implementation + assumption"),
    both(counting, "implementation + derivation"),
    both(walking, "two assumptions"), both(agreeing, "two assumptions"), both(erasing, "assumption + derivation"),
    both(filtering, "completeness + assumption"), both(measuring, "weak attack + implementation"),
    both(measuring, "leaky split + assumption"), little(smoothing, 0.5), little(filtering, 1), little(walking, 3),
    little(walking, 2, which=1), little(monitoring, 3, "faint implementation"),
], ids=lambda case: case.name)
def test_the_culprit_is_named_and_nobody_where_there_is_none(case: Case) -> None:
    found = tried(case)
    assert found.right, (found.said, found.blame, found.reason)


def test_a_search_for_luck_breaks_nothing_and_blames_nobody() -> None:
    found = tried(of(measuring, "lucky search"))
    assert (found.said != "BROKEN", found.blame) == (True, ())


def test_what_is_not_built_as_derived_does_not_stand_on_the_derivation() -> None:
    sound, broken = of(smoothing, "none"), of(smoothing, "implementation")
    wrong = sound.model_copy(update={"claim": sound.claim | {"system": broken.claim["system"] | {"defences": [
        broken.claim["system"]["defences"][0] | {"bug": "few copies"}]}}})
    assert (tried(sound).said, tried(wrong).said) == ("STANDS", "CONDITIONAL")


def test_the_same_case_gets_the_same_answer() -> None:
    case = of(agreeing, "implementation")
    first, second = (tried(case).model_copy(update={"seconds": 0.0}) for _ in range(2))
    assert first == second


def test_the_suite_is_as_large_as_is_claimed_and_its_seeds_are_held_out() -> None:
    scripted, quick = simulated(quick=False), simulated(quick=True)
    real = real_cases((HELD_OUT, HELD_OUT + 1))
    assert (len(scripted) >= 200, 30 <= len(quick) <= 50, len(real) >= 60) == (True, True, True)
    assert min(case.seed for case in (*scripted, *real)) >= HELD_OUT > 1030 > 100 > max(case.seed for case in quick)
    assert len({case.name for case in (*scripted, *real)}) == len(scripted) + len(real)
    guilty = {case.fault for case in quick} & set(CULPRITS)
    assert guilty >= {"assumption", "implementation", "derivation", "completeness", "implementation + assumption"}
    assert {case.fault for case in scripted} >= {*CULPRITS, *FAINT}


def test_faint_faults_lie_on_one_grid_and_none_may_be_said_to_hold_at_twice_the_promise() -> None:
    cases = [case for case in simulated(quick=False) if case.fault in FAINT]
    assert {round((case.rate or 0) / case.epsilon, 6) for case in cases} == set(TIMES)
    assert "BROKEN" not in honest(0.05, 0.05)
    assert not {"STANDS", "CONDITIONAL", "UNEXPLAINED"} & set(honest(0.1, 0.05))


def test_real_cases_take_turns_at_organisms_that_differ_in_all_that_is_drawn() -> None:
    one, other = real_cases((3, 4)), real_cases((5, 6))
    assert {case.organism for case in one} == {3, 4}
    assert [case.organism == 3 for case in one] == [case.organism == 5 for case in other]
    assert all(case.claim["system"]["target"].startswith("{organism}/") for case in one)
    holes = [case for case in one if "skips" in str(case.claim)]
    assert all(case.claim["system"]["defences"][0]["draw"] == case.organism for case in holes)


def test_ten_systems_with_a_guarantee_have_faults_planted() -> None:
    def guarantee(case: Case) -> str | None:
        part = case.claim["guarantee"]
        return part["use"] if isinstance(part, dict) else None if part == "none" else part

    used = {guarantee(case) for case in (*simulated(quick=False), *real_cases((0, 1)))} - {None}
    assert len(used) >= 10
