"""The largest chance among many: closed forms by hand, exponential tails, and a mode that few queries miss."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from tests.assumptions.simulated_worlds import Array
from tests.tiny_models import mini_world, tiny

from holdfast.assumptions.assumption import Subject
from holdfast.assumptions.statistics.rare_tail import RareTail
from holdfast.core import seeds
from holdfast.core.errors import UsageError
from holdfast.core.evidence import Sample
from holdfast.core.plugins import load_plugin
from holdfast.core.records import Transcript
from holdfast.stats import binomial, extremes
from holdfast.stats.extremes import Tail
from holdfast.targets.local import as_target

LAW = RareTail(tolerance=0.5, widest=4, resamples=300)


def sample_of(scores: Array, a_behaviour: int = 1) -> Sample:
    """One query a score psi, so many of them a behaviour."""
    units = tuple(f"q{i}" for i in range(len(scores)))
    return Sample(
        units=units,
        columns={"log_chance": tuple(-math.exp(-x) for x in scores)},
        texts={"behaviour": tuple(f"b{i // a_behaviour:05d}" for i in range(len(scores)))},
    )


def exponential(queries: int, seed: int) -> Array:
    """S(psi) = exp(-2 (psi + 3)): p_max = 1e-9 .. 1e-2 at these sizes."""
    return np.random.default_rng(seed).exponential(0.5, queries) - 3


def test_the_plug_in_is_found() -> None:
    assert load_plugin("assumptions", "rare-tail") is RareTail


def test_psi_and_back() -> None:
    # p = 1/e: -log p = 1, psi = 0. p = exp(-e): psi = -1.
    assert extremes.psi([-1.0, -math.e]) == pytest.approx([0, -1])
    assert extremes.log_chance(-1.0) == pytest.approx(-math.e)
    assert np.isfinite(extremes.psi([0.0])).all()
    with pytest.raises(ValueError, match="above 0"):
        extremes.psi([0.1])


def test_a_tail_by_hand() -> None:
    # The top 2 of 5 are 3 and 5, the next is 1: mean excess 3, S(psi) = 2/5 exp(-(psi - 1) / 3).
    tail = extremes.fit(np.array([0.0, 1.0, 5.0, 3.0, -2.0]), 2)
    assert tail == Tail(above=1.0, excess=3.0, share=0.4)
    # The published form at 50 queries: psi where S is 1/50. The median of the largest lies ln(1/ln 2) excesses above.
    published = (math.log(50) - tail.b) / tail.a
    assert published == pytest.approx(1 + 3 * math.log(0.4 * 50))
    assert tail.largest(50) == pytest.approx(published - 3 * math.log(math.log(2)))
    assert -extremes.log_chance(published) == pytest.approx(math.exp(tail.b / tail.a) * 50 ** (-1 / tail.a))
    for scores in ([1.0, 2.0], [1.0, 1.0, 1.0]):
        with pytest.raises(ValueError, match=r"top|alike"):
            extremes.fit(np.array(scores), 2)


def test_the_exponent_comes_back() -> None:
    tail = extremes.fit(exponential(100_000, 0), 2_000)
    assert tail.a == pytest.approx(2, rel=0.06)
    assert tail.b == pytest.approx(6, rel=0.06)


def test_exponential_tails_are_seldom_refuted_and_mostly_supported() -> None:
    # No tolerance to speak of: what is refuted is chance, and must stay under alpha.
    law = RareTail(tolerance=1e-9, widest=9, resamples=200)
    found = Counter(law.check(sample_of(exponential(1_100, s)), 0.1).status for s in range(60))
    assert binomial.lower(found["REFUTED"], 60, 0.001) <= 0.1
    assert found["SUPPORTED"] >= 30


def test_resampling_alone_is_too_sure_of_a_short_tail() -> None:
    """The mean of ten exponentials: without its own error, upper ends at 5 % are passed twice as often and more."""
    passed = {"ours": 0, "alone": 0}
    for seed in range(150):
        rng, scores = np.random.default_rng(seed), exponential(100, seed)
        largest = exponential(1_000, 10_000 + seed).max()
        draws = []
        for _ in range(100):
            tail = extremes.fit(scores[rng.integers(100, size=100)], 10)
            draws.append(tail.largest(1_000, rng.uniform()))
        ours = extremes.resampled([np.array([x]) for x in scores], 10, 1_000, 100, seed)
        passed["alone"] += largest > np.quantile(draws, 0.95)
        passed["ours"] += largest > np.quantile(ours, 0.95)
    assert binomial.lower(passed["alone"], 150, 0.01) > 0.05
    assert binomial.lower(passed["ours"], 150, 0.01) <= 0.05


def missed_mode(queries: int, seed: int) -> Array:
    """A rarer behaviour, but that one query in 1000 is nearly certain: the first 300 hold none, mostly."""
    scores = exponential(queries, seed) - 5
    scores[np.random.default_rng(seed + 1).random(queries) < 1 / 1000] = 2.0
    return scores


def test_a_mode_that_few_queries_missed_refutes() -> None:
    law = RareTail(tolerance=0.5, top=30, resamples=200)
    found = [law.check(sample_of(missed_mode(3_300, s)), 0.05) for s in range(12)]
    refuted = [each for each in found if each.status == "REFUTED"]
    assert len(refuted) >= 5
    for each in refuted:
        assert each.lower is not None
        assert each.threshold is not None
        assert each.lower > each.threshold
        assert each.witnesses


def test_chances_are_those_of_the_whole_answer_in_each_plain_phrasing() -> None:
    target, hazards = as_target(tiny("llama")), mini_world().behaviours("hazards/explore")
    subject = Subject(system=target, model=target, control=None, hazards=hazards, benign=(), won=lambda *_: False,
                      refused=lambda _: False, asked=(), seed=0)
    sample = RareTail().sample(subject)
    plain = [p.text for b in hazards for p in b.phrasings if p.form == "plain"]
    assert sorted(sample.units) == sorted(plain)
    assert set(sample.texts["behaviour"]) == {b.id for b in hazards}
    assert target.logits is not None
    first = next(b for b in hazards if b.id == sample.texts["behaviour"][0])
    (alone,) = target.logits([Transcript.ask(sample.units[0])], [first.answer or ""])
    assert len(alone) > 1
    assert sample.columns["log_chance"][0] == pytest.approx(float(alone.sum()), rel=1e-4)
    for wrong in (subject._replace(hazards=()), subject._replace(system=replace(target, logits=None))):
        with pytest.raises(UsageError, match=r"no hazardous|shows no"):
            RareTail().sample(wrong)


def test_too_high_a_forecast_is_no_fault() -> None:
    scores = exponential(1_100, 0)
    names = [f"b{i:05d}" for i in range(1_100)]
    seeds.rng("rare-tail", 0).shuffle(names)
    first = {int(name[1:]) for name in names[:100]}
    lower = np.array([x if i in first else min(x, -2.9) for i, x in enumerate(scores)])
    found = LAW.check(sample_of(lower), 0.05)
    assert found.values["miss"] < 0
    assert found.status != "REFUTED"


def test_phrasings_of_a_behaviour_are_resampled_together() -> None:
    scores = np.repeat(exponential(1_100, 3), 8)
    together = LAW.check(sample_of(scores, 8), 0.05).values
    apart = RareTail(tolerance=0.5, widest=4, resamples=300, fitted=800).check(sample_of(scores), 0.05).values
    def width(v: dict[str, float]) -> float:
        return math.log(v["forecast_upper"] / v["forecast_lower"])

    assert width(together) > width(apart)


def test_little_data_and_certainty_are_open() -> None:
    assert RareTail().check(Sample(crash="out of memory"), 0.05).status == "UNTESTED"
    few = RareTail().check(sample_of(exponential(60, 0)), 0.05)
    assert (few.status, few.lower) == ("INCONCLUSIVE", None)
    assert few.needed.startswith("440 behaviours")
    certain = RareTail(widest=9).check(sample_of(exponential(1_100, 0) + 12), 0.05)
    assert certain.status == "INCONCLUSIVE"
    assert "certainty" in certain.reason
    alike = RareTail().check(sample_of(np.zeros(1_100)), 0.05)
    assert "alike" in alike.reason
    wide = RareTail(widest=0.01).check(sample_of(exponential(1_100, 0)), 0.05)
    assert wide.status == "INCONCLUSIVE"
    assert wide.needed


def test_the_same_sample_gives_the_same_result() -> None:
    sample = sample_of(exponential(1_100, 5))
    assert LAW.check(sample, 0.05) == LAW.check(sample, 0.05)
