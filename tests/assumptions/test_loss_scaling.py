"""The law of size and data: recovered where it holds, refuted where it breaks, open where there is too little."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from holdfast.assumptions.sweeps import found_sweep
from holdfast.assumptions.training.loss_scaling import LossScaling, read_losses
from holdfast.core.errors import UsageError
from holdfast.core.evidence import Sample
from holdfast.core.plugins import load_plugin
from holdfast.stats import loss_law
from holdfast.stats.loss_law import LossLaw

TRUTH = LossLaw(E=1.2, A=30.0, alpha=0.35, B=500.0, beta=0.5)
SIZES, DATA = (40e3, 100e3, 220e3, 400e3), (2560.0, 5120.0, 10240.0, 20480.0)


def sweep(loss: Callable[[float, float], float], noise: float = 0.02, seeds: int = 2, behaviours: int = 60,
          sizes: tuple[float, ...] = SIZES, seed: int = 0) -> Sample:
    """Runs whose behaviours differ by half, and each measurement by the noise."""
    rng = np.random.default_rng(seed)
    hard = np.exp(rng.normal(0, 0.5, behaviours))
    runs = [(n, d, s) for s in range(seeds) for n in sizes for d in DATA]
    table = np.array([loss(n, d) * hard * np.exp(rng.normal(0, noise) + rng.normal(0, 0.1, behaviours))
                      for n, d, _ in runs])
    columns = zip(("parameters", "examples", "seed"), zip(*runs, strict=True), strict=True)
    return Sample(units=tuple(map(str, runs)), columns={
        **{name: tuple(map(float, column)) for name, column in columns},
        **{f"loss/{i}": tuple(map(float, column)) for i, column in enumerate(table.T)}})


def test_the_plug_in_is_found() -> None:
    assert load_plugin("assumptions", "loss-scaling") is LossScaling


def test_the_law_by_hand_and_back() -> None:
    # 1.2 + 30 / 10^(0.35 * 4) + 500 / 10^(0.5 * 4)
    assert TRUTH.loss(1e4, 1e4) == pytest.approx(1.2 + 30 / 10**1.4 + 5)
    n, d = (np.array(x) for x in zip(*((n, d) for n in SIZES[:3] for d in DATA[:3]), strict=True))
    found = loss_law.fit(n, d, np.array([TRUTH.loss(*nd) for nd in zip(n, d, strict=True)]))
    assert tuple(found) == pytest.approx(tuple(TRUTH), rel=0.01)
    for wrong in ((n[:4], d[:4], n[:4]), (n, np.ones(9), n), (n, d, np.zeros(9))):
        with pytest.raises(ValueError, match=r"needs three|positive"):
            loss_law.fit(*wrong)


def test_a_law_that_holds_is_supported_and_seldom_refuted() -> None:
    found = [LossScaling(resamples=100).check(sweep(TRUTH.loss, noise=0.004, seed=s), 0.05) for s in range(4)]
    assert [each.status for each in found].count("SUPPORTED") >= 3
    assert not any(each.status == "REFUTED" for each in found)


def broken(n: float, d: float) -> float:
    """The most data help three times less than the law says."""
    return TRUTH.loss(n, d) * (1.35 if d == DATA[-1] else 1.0)


def test_a_break_at_the_held_out_end_refutes() -> None:
    found = LossScaling(resamples=100).check(sweep(broken), 0.05)
    assert found.status == "REFUTED"
    assert found.values["at_data"] == DATA[-1]
    assert found.lower is not None
    assert found.threshold is not None
    assert found.lower > found.threshold > found.values["forecast"]


def test_what_is_judged_is_not_fitted_to() -> None:
    one, other = (LossScaling(resamples=100).check(sweep(loss), 0.05).values for loss in (TRUTH.loss, broken))
    assert [one[k] for k in LossLaw._fields] == [other[k] for k in LossLaw._fields]


def test_more_tolerance_refutes_less() -> None:
    assert LossScaling(resamples=100, tolerance=0.5).check(sweep(broken), 0.05).status != "REFUTED"


def test_seeds_that_differ_widen_the_interval() -> None:
    steady, shaky = (LossScaling(resamples=100).check(sweep(TRUTH.loss, noise=x, seeds=3), 0.05) for x in (0.0, 0.2))
    widths = [math.log(each.upper / each.lower) for each in (steady, shaky) if each.upper and each.lower]
    assert widths[1] > 2 * widths[0] > 0


def test_too_few_sizes_are_open() -> None:
    assert LossScaling().check(Sample(), 0.05).status == "UNTESTED"
    found = LossScaling().check(sweep(TRUTH.loss, sizes=SIZES[:3]), 0.05)
    assert (found.status, found.lower) == ("INCONCLUSIVE", None)
    assert "4 sizes" in found.needed


def test_a_table_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "sweep.json"
    run = {"parameters": 10, "examples": 64, "seed": 1, "losses": [1.5, 2.5]}
    path.write_text(json.dumps({"runs": [run, {**run, "seed": 2, "losses": [1.0, 2.0]}]}))
    sample = read_losses(path)
    assert sample.columns == {"parameters": (10.0, 10.0), "examples": (64.0, 64.0), "seed": (1.0, 2.0),
                              "loss/0": (1.5, 1.0), "loss/1": (2.5, 2.0)}
    for wrong in ({"losses": [1.5]}, {"losses": ["x", "y"]}, {"losses": 3}):
        path.write_text(json.dumps({"runs": [run, {**run, **wrong}]}))
        with pytest.raises(UsageError, match="not one a behaviour"):
            read_losses(path)


def test_the_shipped_sweep_refutes_the_law() -> None:
    """Organisms learn in two stages: the answers' form, a plateau, and then the facts, which no fit foresaw."""
    sample = read_losses(found_sweep("loss-nano"))
    found = LossScaling().check(sample, 0.05)
    assert len(sample.units) == 32
    assert found.status == "REFUTED"
    assert (found.values["at_size"], found.values["at_data"]) == (397_536, 20_480)
    assert found.values["seen"] < 0.7 * found.values["forecast"]
    assert found.upper is not None
    assert found.threshold is not None
    assert found.upper < found.threshold
