"""Every slot is filled by an assumption about what it asks for, and a swap for another kind is refused."""

import pytest

from holdfast.claims.goal import UsePart
from holdfast.core.errors import UsageError
from holdfast.guarantees.choosing import choose

OURS = ("data-filtering", "direction-ablation-resistance", "linear-monitor-margin", "relearning-floor")


@pytest.mark.parametrize("name", OURS)
def test_slots_are_filled(name: str) -> None:
    chosen = choose(UsePart(use=name))
    assert chosen.id == name
    assert set(chosen.assumptions) == set(chosen.guarantee.slots)


def test_another_quantity_is_refused_with_what_would_fit() -> None:
    with pytest.raises(UsageError, match="refusal-cone"):
        choose(UsePart(use="direction-ablation-resistance", settings={"cone": "single-refusal-direction"}))


def test_a_declared_parameter_moves_with_the_swap() -> None:
    cone = {"use": "refusal-cone", "dimensions": 4, "standing": 0.7}
    chosen = choose(UsePart(use="direction-ablation-resistance", settings={"cone": cone, "directions": 3}))
    assert chosen.assumptions["cone"].model_dump()["standing"] == 0.7
