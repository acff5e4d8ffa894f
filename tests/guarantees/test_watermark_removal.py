"""Removing a watermark by a walk: the sum in a world where it holds, and what falls when it does not."""

from itertools import pairwise

import numpy as np
import pytest
from tests.guarantees.taken import bound, granted, value

from holdfast.assumptions.finding import AssumptionResult
from holdfast.claims.threat_model import Budget
from holdfast.core import seeds
from holdfast.core.evidence import InnerCall, Trace
from holdfast.core.records import Transcript
from holdfast.guarantees.guarantee import Granted, Terms

GREEN = {f"w{n}" for n in range(0, 100, 2)}


def part(edits: int, distance: float = 0.1, wrong: float = 0.1, **more: object) -> dict[str, object]:
    return {"use": "watermark-removal", "mixing": {"use": "rapid-mixing", "edits": edits, "distance": distance},
            "oracle": {"use": "quality-oracle", "wrong": wrong}, "edits": edits, **more}


def detected(text: str) -> bool:
    """More than three quarters of twenty words are green, of which half are: 0.6 % of unmarked texts."""
    words = text.split()
    return sum(word in GREEN for word in words) > 0.75 * len(words)


def walk(seed: int, edits: int) -> Trace:
    rng = seeds.rng("walk", seed)
    words = rng.choices(sorted(GREEN), k=20)
    texts = [" ".join(words)]
    for _ in range(edits):
        words[rng.randrange(20)] = f"w{rng.randrange(100)}"
        texts.append(" ".join(words))
    calls = tuple(InnerCall(prompt=Transcript.ask(a), reply=b, won=None) for a, b in pairwise(texts))
    return Trace(behaviour=str(seed), question=texts[0], prompt=Transcript.ask(texts[0]), inner=calls,
                 reply=texts[-1], won=detected(texts[-1]))


def test_marks_are_gone_once_the_walk_has_forgotten_and_not_before() -> None:
    long, short = (np.mean([bool(walk(seed, edits).won) for seed in range(300)]) for edits in (100, 5))
    assert long <= value(part(100, 0.05, 0.01), None) < short


def test_the_sum_by_hand_and_what_falls() -> None:
    assert value(part(100), None) == pytest.approx(0.01 + 0.1 + 0.1)
    assert value(part(100, 0.45, 0.9), None) == 1.0
    assert "is said to forget after 200" in str(bound({**part(200), "edits": 100}))
    assert "the budget has 50" in str(bound(part(100), 50))
    guarantee, slots = granted(part(100))
    refuted = AssumptionResult(id="rapid-mixing", status="REFUTED")
    slots["mixing"] = Granted(slots["mixing"].assumption, refuted)
    assert "remember" in str(guarantee.bound(slots, Terms(Budget(queries=160), 0.05)))


def test_planted_faults_are_named() -> None:
    guarantee, _ = granted(part(20))
    made = walk(0, 20)
    assert guarantee.broken_invariants([made], ()) == ()

    def violated(**changes: object) -> list[str]:
        return [v.invariant for v in guarantee.broken_invariants([made.model_copy(update=changes)], ())]

    assert violated(inner=made.inner[:19], reply=made.inner[18].reply) == ["edits"]     # one edit short
    assert violated(reply=made.question) == ["last"]
    assert "one word" in violated(question=" ".join(reversed(made.question.split())))


def test_a_mark_that_stays_is_a_witness_against_mixing() -> None:
    guarantee, slots = granted(part(5))
    won = next(t for t in (walk(seed, 5) for seed in range(99)) if t.won)
    (witness,) = guarantee.reduce(slots, won)
    assert (witness.slot, witness.violated) == ("mixing", 1)
    assert "of 20 words left" in witness.why


def test_a_text_that_has_forgotten_and_is_won_all_the_same_does_not_speak_against_mixing() -> None:
    """What a bad quality oracle lets through."""
    guarantee, slots = granted(part(200))
    spoilt = walk(0, 200).model_copy(update={"won": True})
    (witness,) = guarantee.reduce(slots, spoilt)
    assert (witness.slot, witness.tried, witness.violated) == ("mixing", 1, 0)


def test_a_walk_that_stops_sooner_than_mixing_asks_for_is_no_witness() -> None:
    guarantee, slots = granted(part(100) | {"edits": 5})
    assert guarantee.reduce(slots, walk(0, 5).model_copy(update={"won": True})) == ()
