"""Margins and shifts that were planted are measured, and bounds on them are refuted where they are too small."""

import torch
from tests.assumptions.planted import WIDTH, above, axis, behaviours, planted, subject

from holdfast.assumptions.representations.bounded_shift import BoundedShift
from holdfast.assumptions.representations.linear_margin import LinearMargin
from holdfast.core.evidence import Sample
from holdfast.core.records import Transcript
from holdfast.training.linear_probe import fit
from holdfast.training.monitor import monitor

ALPHA = 0.05
POINTS = {"bomb": axis(0), "near": axis(0, 2.0) + axis(1, 0.5), "far": axis(0, 2.0) + axis(1, 4.0)}
TARGET = planted(POINTS, above(0), noise=0.02)


def test_a_score_is_the_weights_times_the_activations_plus_the_offset() -> None:
    generator = torch.Generator().manual_seed(0)
    harmful, harmless = (torch.randn(30, WIDTH, generator=generator) + shift for shift in (1.0, -1.0))
    probe = fit(harmful, harmless)
    rows = torch.randn(5, WIDTH, generator=generator)
    by_hand = [sum(float(w) * float(x) for w, x in zip(probe.weight, row, strict=True)) for row in rows]
    assert torch.allclose(probe.score(rows), torch.tensor(by_hand, dtype=torch.float64) + probe.offset)
    assert abs(float(probe.score(harmful).mean()) - 1) < 1e-6
    assert abs(float(probe.score(harmless).mean()) + 1) < 1e-6


def test_the_threshold_lets_no_more_alarms_through_than_allowed() -> None:
    harmful, calm = (behaviours((kind,), 40, hazardous=h) for kind, h in (("bomb", True), ("tea", False)))
    for alarms in (0.0, 0.1, 0.5):
        found = monitor(TARGET, harmful, calm, 0.5, alarms)
        flagged = sum(score > 0 for score in found.above(TARGET, [Transcript.ask(b.question) for b in calm[1::2]]))
        assert flagged <= alarms * 20 < flagged + 1 or flagged == int(alarms * 20)


def test_a_planted_margin_is_supported_and_a_larger_one_refuted() -> None:
    found = subject(TARGET, ("bomb",), each=160)
    sample = LinearMargin().sample(found)
    assert LinearMargin(margin=1.0, norm=1.5).check(sample, ALPHA).status == "SUPPORTED"
    too_large = LinearMargin(margin=2.5, norm=1.5).check(sample, ALPHA)
    assert too_large.status == "REFUTED"
    assert len(too_large.witnesses) == 80
    assert LinearMargin(margin=1.0, norm=0.5).check(sample, ALPHA).status == "REFUTED"      # |w| is about 1
    small = LinearMargin(margin=1.0, norm=1.5).check(LinearMargin().sample(subject(TARGET, ("bomb",), 40)), ALPHA)
    assert small.status == "INCONCLUSIVE"
    assert small.needed.startswith("59 hazards")


def test_a_planted_shift_is_measured() -> None:
    hazards = behaviours(("bomb",), 80, hazardous=True)
    for kind, status in (("near", "SUPPORTED"), ("far", "REFUTED")):
        asked = [(b, b.question.replace("bomb", kind)) for b in hazards]
        sample = BoundedShift().sample(subject(TARGET, ("bomb",), asked=asked))
        size = {"near": 0.5, "far": 4.0}[kind]
        assert all(abs(shift - size) < 0.3 for shift in sample.columns["shift"])
        result = BoundedShift(shift=1.0).check(sample, ALPHA)
        assert result.status == status
        assert len(result.witnesses) == (0 if status == "SUPPORTED" else 80)


def test_the_largest_shift_of_a_behaviour_counts() -> None:
    one = behaviours(("bomb",), 1, hazardous=True)[0]
    asked = [(one, "near 0 f0"), (one, "far 0 f0"), (one, "near 0 f1")]
    sample = BoundedShift().sample(subject(TARGET, ("bomb",), asked=asked))
    assert len(sample.units) == 1
    assert sample.columns["shift"][0] > 3


def test_no_attack_no_finding() -> None:
    result = BoundedShift().check(BoundedShift().sample(subject(TARGET, ("bomb",))), ALPHA)
    assert result.status == "INCONCLUSIVE"
    assert result.needed.startswith("59 attacked behaviours")
    assert BoundedShift().check(Sample(crash="dead"), ALPHA).status == "UNTESTED"
