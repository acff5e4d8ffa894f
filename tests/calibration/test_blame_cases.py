"""Some planted faults of each kind, and whom the verdict blames."""

import pytest

from holdfast.calibration.blame.cases import CULPRITS, Case
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
)
from holdfast.calibration.blame.real import real_cases
from holdfast.calibration.blame.suite import HELD_OUT, simulated
from holdfast.calibration.blame.trial import tried

DEVELOPMENT = 3


def of(family, fault: str, which: int = 0) -> Case:
    return [case for case in family.cases(DEVELOPMENT) if case.fault == fault][which]


@pytest.mark.parametrize("case", [
    of(smoothing, "none"), of(smoothing, "assumption"), of(smoothing, "assumption", 2), of(smoothing, "derivation"),
    of(smoothing, "implementation"), of(erasing, "assumption"), of(erasing, "derivation"), of(agreeing, "assumption"),
    of(counting, "implementation"), of(counting, "derivation"), of(monitoring, "assumption", 1),
    of(monitoring, "implementation"), of(ablating, "none"), of(ablating, "assumption"), of(filtering, "assumption"),
    of(relearning, "assumption"), of(measuring, "completeness"), of(measuring, "weak attack"),
    of(measuring, "leaky split"), of(measuring, "biased judge"), of(measuring, "not replayed"),
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
    scripted, quick, real = simulated(quick=False), simulated(quick=True), real_cases()
    assert (len(scripted) >= 200, 30 <= len(quick) <= 50, len(real) >= 60) == (True, True, True)
    assert min(case.seed for case in scripted) >= HELD_OUT
    assert len({case.name for case in (*scripted, *real)}) == len(scripted) + len(real)
    guilty = {case.fault for case in quick} & set(CULPRITS)
    assert guilty == set(CULPRITS)


def test_ten_systems_with_a_guarantee_have_faults_planted() -> None:
    def guarantee(case: Case) -> str | None:
        part = case.claim["guarantee"]
        return part["use"] if isinstance(part, dict) else None if part == "none" else part

    used = {guarantee(case) for case in (*simulated(quick=False), *real_cases())} - {None}
    assert len(used) >= 10
