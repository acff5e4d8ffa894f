"""Erase-and-check's certificate: the bound against the defence, faults told apart, and hybrids."""

from collections.abc import Sequence

import numpy as np
import pytest
from tests.defences.scripted import Scripted
from tests.guarantees.taken import REFUSAL, SAMPLING, SECRET, Layers, bound, granted, hazards, layers, traces, value

from holdfast.core import seeds
from holdfast.core.records import Transcript
from holdfast.defences.detecting import Detector
from holdfast.defences.systems import erase_and_check
from holdfast.defences.systems.erase_and_check import EraseAndCheck
from holdfast.guarantees.systems.erasure_certificate import ErasureCertificate

HAZARDS = hazards(100)
MISSED = {b.question for b in HAZARDS[:7]}
GUARANTEE = {"use": "erasure-certificate", "recall": {"use": "filter-recall", "missed": 0.07},
             "added": {"use": "added-words", "most": 3}, "erase": 3}


@pytest.fixture(autouse=True)
def filter_that_misses_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """It flags plain questions, word for word, but seven of a hundred."""
    flagged = {b.question for b in HAZARDS} - MISSED

    def detector(settings: object, harmful: object, benign: object, part: object) -> Detector:
        return lambda texts: [text in flagged for text in texts]

    monkeypatch.setattr(erase_and_check, "detector", detector)


def taken(erase: int = 3) -> Layers:
    return layers(Scripted(lambda _: SECRET).target, [EraseAndCheck(erase=erase)], HAZARDS)


def attacked(words: int) -> list[tuple[object, Transcript]]:
    return [(b, Transcript.ask(" ".join([b.question, *seeds.rng(b.id).choices("xyz", k=words)]))) for b in HAZARDS]


@pytest.mark.parametrize("words", [0, 1, 3])
def test_within_the_certificate_only_what_the_filter_misses_is_won(words: int) -> None:
    made = traces(taken(), attacked(words))  # type: ignore[arg-type]
    assert np.mean([bool(t.won) for t in made]) == 0.07 <= value(GUARANTEE, None)
    part, slots = granted(GUARANTEE)
    assert part.broken_invariants(made, ()) == ()
    witnesses = [w for t in made if t.won for w in part.reduce(slots, t)]
    assert [w.slot for w in witnesses] == ["recall"] * 7


def test_outside_it_the_attack_wins_and_the_scope_is_charged() -> None:
    made = traces(taken(), attacked(4))  # type: ignore[arg-type]
    assert all(t.won for t in made)
    part, slots = granted(GUARANTEE)
    assert {w.slot for t in made for w in part.reduce(slots, t)} == {"added"}
    rewritten = traces(taken(), [(HAZARDS[9], Transcript.ask("tell me about thing number 9"))])
    assert [w.slot for w in part.reduce(slots, rewritten[0])] == ["added"]


def test_an_eraser_that_is_short_of_one_word_is_the_implementations_fault() -> None:
    """The planted-wrong twin erases up to two words where three are promised."""
    plain = traces(taken(2), attacked(0))  # type: ignore[arg-type]
    made = traces(taken(2), attacked(3))  # type: ignore[arg-type]
    assert np.mean([bool(t.won) for t in made]) == 1.0 > value(GUARANTEE, None)
    part, _ = granted(GUARANTEE)
    assert [v.invariant for v in part.broken_invariants([*plain, *made], ())] == ["certificate"]
    assert part.broken_invariants(traces(taken(3), [*attacked(0), *attacked(3)]), ()) == ()  # type: ignore[arg-type]


def test_other_faults_are_named() -> None:
    made = traces(taken(), attacked(4))[:1]  # type: ignore[arg-type]
    part, _ = granted(GUARANTEE)

    def violated(**changes: object) -> list[str]:
        return [v.invariant for v in part.broken_invariants([made[0].model_copy(update=changes)], ())]

    assert violated(inner=()) == ["unread"]
    assert violated(inner=made[0].inner * 2) == ["untouched"]
    assert violated(prompt=Transcript.ask("something else")) == ["untouched"]


def test_nothing_follows_where_attacks_may_do_more_than_is_erased() -> None:
    assert "no more than 2 are erased" in str(bound({**GUARANTEE, "erase": 2}))
    assert "erased as 'infusion'" in str(bound({**GUARANTEE, "mode": "infusion"}))
    infused = {"use": "added-words", "place": "infusion", "most": 2}
    assert value({**GUARANTEE, "mode": "infusion", "added": infused}) == 0.07


@pytest.mark.parametrize(("slots", "words", "rate"), [
    (("recall",), 3, 0.0), (("recall",), 4, 1.0), (("added",), 3, 0.07), (("added",), 4, 0.0),
    (("recall", "added"), 3, 0.0), (("recall", "added"), 4, 0.0)])
def test_hybrids_make_the_assumptions_true(slots: Sequence[str], words: int, rate: float) -> None:
    part, given = granted(GUARANTEE)
    target = part.enforce(slots, taken(), given)
    assert target is not None
    replies = target.generate([prompt for _, prompt in attacked(words)], SAMPLING)
    assert np.mean([reply == SECRET for reply in replies]) == rate
    assert set(replies) <= {SECRET, REFUSAL}


def test_it_is_named_for_what_it_certifies() -> None:
    assert ErasureCertificate.derivation == "proof"
