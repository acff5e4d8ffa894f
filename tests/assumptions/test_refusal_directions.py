"""One planted direction is supported and a planted cone refutes it, and the other way round."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from tests.assumptions.planted import above, axis, planted, subject

from holdfast.assumptions import ablating
from holdfast.assumptions.assumption import Subject
from holdfast.assumptions.refusals import counted
from holdfast.assumptions.representations.refusal_cone import RefusalCone
from holdfast.assumptions.representations.single_refusal_direction import SingleRefusalDirection
from holdfast.core.evidence import Sample

ALPHA = 0.05


def one() -> Subject:
    return subject(planted({"bomb": axis(0), "gas": axis(0)}, above(0)), ("bomb", "gas"), 40)


def cone(k: int) -> Subject:
    kinds = ("bomb", "gas", "acid")[:k]
    return subject(planted({kind: axis(n) for n, kind in enumerate(kinds)}, above(*range(k))), kinds, 40)


def test_one_planted_direction_is_supported() -> None:
    result = SingleRefusalDirection().check(SingleRefusalDirection().sample(one()), ALPHA)
    assert result.status == "SUPPORTED", result.reason
    assert result.upper is not None
    assert result.upper <= 0.2


@pytest.mark.parametrize("k", [2, 3])
def test_a_planted_cone_refutes_the_single_direction(k: int) -> None:
    result = SingleRefusalDirection().check(SingleRefusalDirection().sample(cone(k)), ALPHA)
    assert result.status == "REFUTED", result.reason


@pytest.mark.parametrize("k", [2, 3])
def test_a_planted_cone_is_supported_at_its_dimensions(k: int) -> None:
    assumption = RefusalCone(dimensions=k, standing=0.2)
    result = assumption.check(assumption.sample(cone(k)), ALPHA)
    assert result.status == "SUPPORTED", result.reason


def partly(edits: Any) -> Any:
    return {n: lambda x, edit=edit: (x + edit(x)) / 2 for n, edit in edits.items()}


def first_layer_only(edits: Any) -> Any:
    return {n: edit for n, edit in edits.items() if n == 0}


@pytest.mark.parametrize("fault", [partly, first_layer_only])
def test_an_ablation_that_does_not_take_all_out_is_caught(monkeypatch: pytest.MonkeyPatch, fault: Any) -> None:
    right = ablating._Model.without
    monkeypatch.setattr(ablating._Model, "without", lambda self, units: fault(right(self, units)))
    result = RefusalCone(dimensions=1).check(RefusalCone(dimensions=1).sample(one()), ALPHA)
    assert result.status == "REFUTED", result.reason


def test_one_planted_direction_is_a_cone_of_one() -> None:
    assumption = RefusalCone(dimensions=1)
    assert assumption.check(assumption.sample(one()), ALPHA).status == "SUPPORTED"


def test_fewer_dimensions_than_planted_are_refuted() -> None:
    assumption = RefusalCone(dimensions=2, standing=0.2)
    assert assumption.check(assumption.sample(cone(3)), ALPHA).status == "REFUTED"


def test_more_dimensions_than_planted_are_refuted() -> None:
    assumption = RefusalCone(dimensions=2)
    assert assumption.check(assumption.sample(one()), ALPHA).status == "REFUTED"


def test_a_second_direction_steers_in_a_cone_and_not_where_there_is_one() -> None:
    seen = counted(SingleRefusalDirection().sample(cone(2)))
    assert seen.steered == seen.harmless > 0
    seen = counted(SingleRefusalDirection().sample(one()))
    assert seen.steered == 0


def test_a_second_direction_that_steers_refutes_even_where_the_first_is_needed() -> None:
    sample = _made({"refused 0": 1.0, "random": 1.0}, {"steered": 1.0, "answered 0": 1.0, "answered 1": 1.0})
    result = SingleRefusalDirection().check(sample, ALPHA)
    assert result.status == "REFUTED"
    assert result.upper is not None
    assert result.upper < 0.2


def _made(hazards: Mapping[str, float], harmless: Mapping[str, float], n: int = 30) -> Sample:
    names = ("refused 0", "refused 1", "refused 2", "answered 0", "answered 1", "answered 2", "random", "steered")
    columns = {name: (hazards.get(name, 0.0),) * n + (harmless.get(name, 0.0),) * n for name in names}
    columns["hazardous"] = (1.0,) * n + (0.0,) * n
    return Sample(units=tuple(map(str, range(2 * n))), columns=columns)


def test_an_ablation_that_destroys_the_model_supports_nothing() -> None:
    hazards = {"refused 0": 1.0, "random": 1.0}
    broken = _made(hazards, {"answered 0": 1.0})
    sound = _made(hazards, {"answered 0": 1.0, "answered 1": 1.0, "answered 2": 1.0})
    check = SingleRefusalDirection().check
    assert check(sound, ALPHA).status == "SUPPORTED"
    result = check(broken, ALPHA)
    assert result.status == "INCONCLUSIVE"
    assert "0 of 30 harmless answers" in result.reason


def test_refusals_that_random_directions_remove_support_nothing() -> None:
    result = SingleRefusalDirection().check(
        _made({"refused 0": 1.0}, {"answered 0": 1.0, "answered 1": 1.0}), ALPHA)
    assert result.status == "INCONCLUSIVE"
    assert "random" in result.reason


def test_too_little_data_says_what_is_needed() -> None:
    hazards, harmless = {"refused 0": 1.0, "random": 1.0}, {"answered 0": 1.0, "answered 1": 1.0}
    result = SingleRefusalDirection().check(_made(hazards, harmless, n=8), ALPHA)
    assert result.status == "INCONCLUSIVE"
    assert result.needed
    enough = SingleRefusalDirection().check(_made(hazards, harmless, n=14), ALPHA)     # ln .05 / ln .8 = 13.4
    assert enough.status == "SUPPORTED"
    none = SingleRefusalDirection().check(_made({}, harmless), ALPHA)
    assert none.status == "INCONCLUSIVE"
    assert "refuses" in none.needed


def test_a_sample_is_the_same_again() -> None:
    assumption = SingleRefusalDirection()
    assert assumption.sample(cone(2)) == assumption.sample(cone(2))


@pytest.mark.parametrize("rate", [0.2, 0.6])
def test_error_rates(rate: float) -> None:
    """At its threshold a rate is refuted, or supported, no more often than alpha."""
    generator = torch.Generator().manual_seed(1)
    found = []
    for _ in range(400):
        left = (torch.rand(40, generator=generator) < rate).float().tolist()
        columns = {"hazardous": (1.0,) * 40 + (0.0,) * 40, "refused 0": (1.0,) * 40 + (0.0,) * 40,
                   "refused 1": (*left, *(0.0,) * 40), "random": (1.0,) * 80, "steered": (0.0,) * 80,
                   "refused 2": (0.0,) * 80, **{f"answered {n}": (0.0,) * 40 + (1.0,) * 40 for n in range(3)}}
        sample = Sample(units=tuple(map(str, range(80))), columns=columns)
        found.append(SingleRefusalDirection().check(sample, ALPHA).status)
    if rate == 0.2:
        assert found.count("REFUTED") / 400 <= ALPHA
        assert found.count("SUPPORTED") / 400 <= ALPHA
    else:
        assert found.count("REFUTED") / 400 > 0.9


def test_a_crash_leaves_it_untested() -> None:
    for assumption in (SingleRefusalDirection(), RefusalCone()):
        result = assumption.check(Sample(crash="KeyError: x"), ALPHA)
        assert result.status == "UNTESTED"
        assert result.reason == "KeyError: x"
