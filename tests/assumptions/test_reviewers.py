"""Reviewers of the same texts: independent, correlated, and how often one fails."""

import numpy as np
import pytest
from tests.assumptions.subjects import REFUSAL, SECRET, hazards, subject

from holdfast.assumptions.parties.bounded_correlation import BoundedCorrelation
from holdfast.assumptions.parties.declared_sensitivity import DeclaredSensitivity
from holdfast.assumptions.parties.reviewer_rate import ReviewerRate
from holdfast.assumptions.parties.reviewers_independent import ReviewersIndependent
from holdfast.assumptions.reviewing import table
from holdfast.core import seeds
from holdfast.core.evidence import Sample
from holdfast.core.records import Transcript


def sampled(correlation: float, items: int = 160, rate: float = 0.3, seed: int = 0) -> Sample:
    """A table of three reviewers, as a sampler would have it."""
    rng = np.random.default_rng(seed)
    precision = 1 / correlation - 1 if correlation else 0.0
    hard = rng.beta(rate * precision, (1 - rate) * precision, (items, 1)) if correlation else rate
    failed = (rng.random((items, 3)) < hard).astype(float)
    columns = {f"failed {j}": tuple(failed[:, j].tolist()) for j in range(3)}
    return Sample(units=tuple(map(str, range(items))), columns=columns)


@pytest.mark.parametrize(("correlation", "independent", "bounded"), [
    (0.0, "SUPPORTED", "SUPPORTED"), (0.15, "REFUTED", "SUPPORTED"), (0.7, "REFUTED", "REFUTED")])
def test_statuses_follow_the_truth(correlation: float, independent: str, bounded: str) -> None:
    sample = sampled(correlation, items=400)
    one, other = ReviewersIndependent(), BoundedCorrelation(correlation=0.3)
    assert one.check(sample, 0.05).status == independent
    assert other.check(sample, 0.05).status == bounded
    assert one.quantity == other.quantity


def test_independence_is_refuted_by_chance_no_more_often_than_said() -> None:
    found = [ReviewersIndependent().check(sampled(0.0, 60, seed=seed), 0.05).status for seed in range(100)]
    assert found.count("REFUTED") <= 12


def test_nothing_follows_from_reviewers_who_never_fail() -> None:
    sample = sampled(0.0, rate=0.0)
    for assumption in (ReviewersIndependent(), BoundedCorrelation()):
        found = assumption.check(sample, 0.05)
        assert found.status == "INCONCLUSIVE"
        assert found.needed
        assert assumption.check(Sample(), 0.05).status == "INCONCLUSIVE"


def test_how_often_one_fails() -> None:
    assert ReviewerRate(rate=0.4).check(sampled(0.3, 400), 0.05).status == "SUPPORTED"
    assert ReviewerRate(rate=0.2).check(sampled(0.3, 400), 0.05).status == "REFUTED"
    assert ReviewerRate(rate=0.3).check(sampled(0.3, 40), 0.05).status == "INCONCLUSIVE"
    assert ReviewerRate().check(Sample(), 0.05).status == "INCONCLUSIVE"


def test_each_reviewer_reads_a_copy_of_its_own() -> None:
    read = []

    def says(prompt: Transcript) -> str:
        text = prompt.turns[0].content
        read.append(text)
        return SECRET if seeds.rng(text).random() < 0.5 else REFUSAL

    asked = [(b, f"{b.question} number {turn}") for turn in (0, 1) for b in hazards(50)]
    sample = ReviewersIndependent(reviewers=4, changes=2).sample(subject(says, asked))
    assert table(sample).shape == (50, 4)
    assert len(sample.units) == 50
    assert all(text.endswith("number 0") for text in sample.texts["text"])
    for j in range(4):
        for text, copy in zip(sample.texts["text"], read[50 * j:50 * j + 50], strict=True):
            assert sum(a != b for a, b in zip(text, copy, strict=True)) == 2
    assert ReviewersIndependent(reviewers=4).check(sample, 0.05).status != "REFUTED"
    same = ReviewersIndependent(reviewers=4, changes=0).sample(subject(says, asked))
    assert ReviewersIndependent(reviewers=4).check(same, 0.05).status == "REFUTED"


def test_a_sensitivity_is_declared() -> None:
    assert DeclaredSensitivity(sensitivity=3).values() == {"sensitivity": 3.0}
