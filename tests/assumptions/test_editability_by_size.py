"""The law of removals over size: supported where it holds, refuted where larger models cost more, else open."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from holdfast.assumptions.sweeps import found_sweep
from holdfast.assumptions.training.editability_by_size import EditabilityBySize, read_removals
from holdfast.core.errors import UsageError
from holdfast.core.evidence import Sample
from holdfast.core.plugins import load_plugin

SIZES = (4e4, 1e5, 2e5, 4e5, 8e5, 1.6e6)


def removals(
    steps: Callable[[float], float], damage: Callable[[float], float] = lambda _: 0.0,
    sizes: tuple[float, ...] = SIZES, seeds: int = 2, n: int = 20, noise: float = 0.3, removed: float = 1.0,
    seed: int = 0,
) -> Sample:
    """Removals whose steps are lognormal about a curve, and whose damage is as given for all."""
    rng = np.random.default_rng(seed)
    rows = [(size, float(s), math.ceil(steps(size) * math.exp(rng.normal(0, noise))), float(rng.random() < removed),
             damage(size), f"b{i}") for size in sizes for s in range(seeds) for i in range(n)]
    names = ("parameters", "seed", "steps", "removed", "damage")
    return Sample(units=tuple(map(str, rows)), texts={"behaviour": tuple(row[5] for row in rows)}, columns={
        name: tuple(float(row[i]) for row in rows) for i, name in enumerate(names)})


def falling(size: float) -> float:
    return 400 * (size / 4e4) ** -0.5


def rising(size: float) -> float:
    return 100 * (size / 4e4) ** 0.5


def test_the_plug_in_is_found() -> None:
    assert load_plugin("assumptions", "editability-by-size") is EditabilityBySize


@pytest.mark.parametrize(("truth", "exponent", "status"), [
    (falling, 0.0, "SUPPORTED"), (falling, -0.4, "SUPPORTED"), (falling, -1.0, "REFUTED"),
    (rising, 0.0, "REFUTED"), (rising, 0.6, "SUPPORTED")])
def test_growth_at_most_as_declared(truth: Callable[[float], float], exponent: float, status: str) -> None:
    found = EditabilityBySize(exponent=exponent, resamples=200).check(removals(truth), 0.05)
    assert found.status == status, found.reason
    slope = 0.5 if truth is rising else -0.5
    assert found.values["seen_exponent_lower"] < slope < found.values["seen_exponent_upper"]
    if status == "REFUTED":
        assert found.lower is not None
        assert found.threshold is not None
        assert found.lower > found.threshold


def test_the_law_itself_is_seldom_refuted_and_often_supported() -> None:
    check = EditabilityBySize(exponent=-0.5, resamples=100).check
    found = [check(removals(falling, n=40, seed=seed), 0.05).status for seed in range(20)]
    assert found.count("REFUTED") <= 2
    assert found.count("SUPPORTED") >= 5


def test_what_is_judged_is_not_fitted_to() -> None:
    def breaks(size: float) -> float:
        return falling(size) * (3 if size > 5e5 else 1)

    one, other = (EditabilityBySize(exponent=-0.5, resamples=100).check(removals(f), 0.05) for f in (falling, breaks))
    assert one.values["constant"] == pytest.approx(other.values["constant"])
    assert other.status == "REFUTED"


def test_damage_at_a_held_out_size_refutes() -> None:
    found = EditabilityBySize(resamples=100).check(removals(falling, damage=lambda n: 0.3 if n > 1e6 else 0.0), 0.05)
    assert found.status == "REFUTED"
    assert found.values["at_size"] == SIZES[-1]
    assert "20 of 20 took more than 10%" in found.reason
    early = EditabilityBySize(resamples=100).check(removals(falling, damage=lambda n: 0.3 if n < 1e5 else 0.0), 0.05)
    assert early.status == "SUPPORTED"      # what small models lose is not what is forecast


def test_too_few_sizes_or_behaviours_are_open() -> None:
    assert EditabilityBySize().check(Sample(), 0.05).status == "UNTESTED"
    assert EditabilityBySize().check(removals(falling, sizes=SIZES[:3]), 0.05).needed == "4 sizes"
    few = EditabilityBySize(resamples=100).check(removals(falling, n=5), 0.05)
    assert few.status == "INCONCLUSIVE"     # five behaviours do not bound the share that is spoilt
    assert few.needed


def test_removals_that_do_not_come_off_are_not_left_out() -> None:
    found = EditabilityBySize(resamples=100).check(removals(falling, removed=0.3), 0.05)
    assert found.status == "INCONCLUSIVE"
    assert "half" in found.reason
    unsure = EditabilityBySize(resamples=100).check(removals(falling, removed=0.55), 0.05)
    assert unsure.status != "SUPPORTED"


def test_a_table_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    run = {"parameters": 10, "seed": 1, "behaviours": ["a", "b"], "removal_steps": [3, 4], "removed": [True, False],
           "damage": [0.0, 0.5]}
    path.write_text(json.dumps({"runs": [run]}))
    sample = EditabilityBySize(sweep=str(path)).sample(None)  # type: ignore[arg-type]
    assert sample.columns["removed"] == (1.0, 0.0)
    assert sample.texts["behaviour"] == ("a", "b")
    path.write_text(json.dumps({"runs": [{**run, "damage": [0.0]}]}))
    with pytest.raises(UsageError, match="differ in length"):
        read_removals(path)


def test_the_shipped_table_supports_the_law_and_shows_its_exponent() -> None:
    found = EditabilityBySize().check(read_removals(found_sweep("editing-mini")), 0.05)
    assert found.status == "SUPPORTED", found.reason
    assert -0.6 < found.values["seen_exponent_lower"] < found.values["seen_exponent_upper"] < -0.4
    steep = EditabilityBySize(exponent=-1.0).check(read_removals(found_sweep("editing-mini")), 0.05)
    assert steep.status == "REFUTED"
