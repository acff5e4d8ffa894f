"""A harm axis that all families share is found to transfer; one that a family turns round is not."""

import pytest
import torch
from tests.assumptions.planted import FAMILIES, above, axis, planted, subject

from holdfast.assumptions.representations.linear_harm import LinearHarm
from holdfast.core.evidence import Sample

ALPHA = 0.05


def test_an_axis_common_to_all_families_is_supported() -> None:
    found = subject(planted({"bomb": axis(0)}, above(0)), ("bomb",))
    result = LinearHarm().check(LinearHarm().sample(found), ALPHA)
    assert result.status == "SUPPORTED", result.reason
    assert result.lower is not None
    assert result.lower > 0.8


def test_a_family_that_turns_it_round_refutes() -> None:
    points = {f"bomb/{family}": axis(0, -2.0 if family == "f2" else 2.0) for family in FAMILIES}
    result = LinearHarm().check(LinearHarm().sample(subject(planted(points, above(0)), ("bomb",))), ALPHA)
    assert result.status == "REFUTED"
    assert "worst family f2" in result.reason


def test_a_probe_is_not_asked_about_what_it_learnt() -> None:
    """Without any axis a probe that knew the very questions would tell them; this one is at chance."""
    result = LinearHarm().check(LinearHarm().sample(subject(planted({}, above(0)), ("bomb",))), ALPHA)
    assert result.status == "REFUTED"


def test_too_little_says_what_is_needed() -> None:
    found = subject(planted({"bomb": axis(0)}, above(0)), ("bomb",), each=12)
    result = LinearHarm().check(LinearHarm().sample(found), ALPHA)
    assert result.status == "INCONCLUSIVE"
    assert "17 of either kind" in result.needed
    single = Sample(units=("a",), columns={"hazardous": (1.0,), "right f0": (1.0,)})
    assert "two phrasing families" in LinearHarm().check(single, ALPHA).needed
    assert LinearHarm().check(Sample(crash="dead"), ALPHA).status == "UNTESTED"


@pytest.mark.parametrize("accuracy", [0.8, 0.6])
def test_error_rates(accuracy: float) -> None:
    generator = torch.Generator().manual_seed(0)
    found = []
    for _ in range(300):
        columns = {f"right {n}": tuple((torch.rand(80, generator=generator) < accuracy).float().tolist())
                   for n in range(3)}
        columns["hazardous"] = (1.0,) * 40 + (0.0,) * 40
        found.append(LinearHarm().check(Sample(units=tuple(map(str, range(80))), columns=columns), ALPHA).status)
    if accuracy == 0.8:
        assert found.count("REFUTED") / 300 <= ALPHA
        assert found.count("SUPPORTED") / 300 <= ALPHA
    else:
        assert found.count("REFUTED") / 300 > 0.8
