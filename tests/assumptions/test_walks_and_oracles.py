"""Walks that forget and that do not, oracles that see and that do not."""

import pytest
from tests.assumptions.subjects import subject
from tests.defences.scripted import Scripted, behaviour
from tests.trained_models import BENIGN, behaviours, knowing

from holdfast.assumptions.parties.quality_oracle import QualityOracle
from holdfast.assumptions.parties.rapid_mixing import RapidMixing
from holdfast.assumptions.walking import walked
from holdfast.core import seeds
from holdfast.core.errors import UsageError
from holdfast.core.evidence import Sample
from holdfast.core.records import Transcript
from holdfast.targets.local import as_target

WORDS = [f"w{n}" for n in range(200)]
SOURCES = [behaviour(f"write number {n}", " ".join(seeds.rng("text", n).choices(WORDS, k=20))) for n in range(160)]
NEXT = seeds.rng("next")
TEXTS = {b.question: b.answer or "" for b in SOURCES}


def says(prompt: Transcript) -> str:
    """The text asked for; asked to go on, any word at all."""
    question = prompt.turns[0].content
    return TEXTS[question] if question in TEXTS else NEXT.choice(WORDS)


def mixing(edits: int) -> Sample:
    return RapidMixing(edits=edits).sample(subject(says, benign=SOURCES))


def test_each_edit_replaces_a_word() -> None:
    model = Scripted(says).target
    before = [SOURCES[0].answer or "", SOURCES[1].answer or "", ""]
    assert walked(model, "q", before, 0, 0) == before
    (once, _, empty) = walked(model, "q", before, 1, 0)
    assert sum(a != b for a, b in zip(before[0].split(), once.split(), strict=True)) == 1
    assert empty == ""


def test_a_word_is_replaced_by_what_the_model_says_there() -> None:
    read: list[Transcript] = []

    def goes_on(prompt: Transcript) -> str:
        read.append(prompt)
        return "new words" if len(read) % 2 else "  "

    after = walked(Scripted(goes_on).target, "q", ["a b c"], 6, 0)
    assert set(after[0].split()) <= {"a", "b", "c", "new"}
    for prompt in read:
        begun = prompt.turns[1].content.split() if len(prompt.turns) > 1 else []
        assert len(begun) <= 2


def test_a_long_walk_forgets_and_a_short_one_does_not() -> None:
    forgotten = RapidMixing(distance=0.2).check(mixing(400), 0.05)
    assert forgotten.status == "SUPPORTED"
    remembered = RapidMixing(distance=0.2).check(mixing(5), 0.05)
    assert remembered.status == "REFUTED"
    assert remembered.lower is not None
    assert remembered.lower > 0.4
    assert RapidMixing().check(Sample(), 0.05).status == "INCONCLUSIVE"


def test_telling_by_chance_refutes_no_more_often_than_said() -> None:
    statuses = []
    for seed in range(200):
        told = tuple(float(seeds.rng("coin", seed, n).random() < 0.6) for n in range(60))
        sample = Sample(units=("u",) * 60, columns={"told": told})
        statuses.append(RapidMixing(distance=0.1).check(sample, 0.05).status)
    assert statuses.count("REFUTED") <= 16
    assert statuses.count("SUPPORTED") <= 16


def test_a_model_that_knows_its_answers_is_an_oracle_and_a_blind_one_is_not() -> None:
    knows = subject(says, benign=behaviours(BENIGN))._replace(model=as_target(knowing()))
    sample = QualityOracle(wrong=0.2).sample(knows)
    assert len(sample.units) >= 10
    assert all(good != bad for good, bad in zip(sample.texts["good"], sample.texts["spoilt"], strict=True))
    assert sum(sample.columns["right"]) >= 0.9 * len(sample.units)
    blind = QualityOracle(wrong=0.2).sample(subject(says, benign=behaviours(BENIGN)))
    assert QualityOracle(wrong=0.2).check(blind, 0.05).status == "REFUTED"
    right = Sample(units=("u",) * 60, columns={"right": (1.0,) * 60})
    assert QualityOracle(wrong=0.2).check(right, 0.05).status == "SUPPORTED"
    assert QualityOracle(wrong=0.01).check(right, 0.05).status == "INCONCLUSIVE"


def test_an_oracle_needs_log_probabilities() -> None:
    from dataclasses import replace

    mute = replace(Scripted(says).target, logits=None)
    with pytest.raises(UsageError, match="no log-probabilities"):
        QualityOracle().sample(subject(says)._replace(model=mute))
