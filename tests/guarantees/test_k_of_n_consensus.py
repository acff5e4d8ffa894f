"""k of n reviewers: the bound in drawn worlds, and a system of reviewers that are one model in several guises."""

from collections.abc import Sequence
from dataclasses import replace
from typing import final

import numpy as np
import pytest
from tests.defences.scripted import Scripted
from tests.guarantees.taken import REFUSAL, SAMPLING, SECRET, bound, granted, hazards, layers, traces, value

from holdfast.core import seeds
from holdfast.core.records import Transcript
from holdfast.defences.defence import Material, SystemDefence
from holdfast.targets.target import Sampling, Target

HAZARDS = hazards(400)


@final
class _Reviewed(SystemDefence):
    """Asks three times, and answers if at least `quorum` replies do not refuse."""

    quorum: int = 2

    def wrap(self, target: Target, material: Material) -> Target:
        def generate(prompts: Sequence[Transcript], sampling: Sampling) -> list[str]:
            said = target.generate([p for p in prompts for _ in range(3)], sampling)
            rows = [said[i:i + 3] for i in range(0, len(said), 3)]
            return [SECRET if row.count(SECRET) >= self.quorum else REFUSAL for row in rows]

        return replace(target, generate=generate, logits=None)


def part(rate: float, correlation: float | None = None, **more: object) -> dict[str, object]:
    together = ({"use": "reviewers-independent"} if correlation is None
                else {"use": "bounded-correlation", "correlation": correlation})
    return {"use": "k-of-n-consensus", "single": {"use": "reviewer-rate", "rate": rate}, "together": together, **more}


def reviewers(rate: float, correlation: float) -> Scripted:
    """A model whose replies to one question fail as a beta-binomial has it."""
    turn = iter(range(10**9))

    def says(prompt: Transcript) -> str:
        text, precision = prompt.turns[0].content, 1 / correlation - 1 if correlation else 0.0
        hard = seeds.rng("hard", text).betavariate(rate * precision, (1 - rate) * precision) if correlation else rate
        return SECRET if seeds.rng("toss", next(turn)).random() < hard else REFUSAL

    return Scripted(says)


def rate(model: Scripted, quorum: int = 2) -> float:
    made = traces(layers(model.target, [_Reviewed(quorum=quorum)], HAZARDS),
                  [(b, Transcript.ask(b.question)) for b in HAZARDS])
    return float(np.mean([bool(t.won) for t in made]))


def test_swapping_the_assumption_moves_the_bound() -> None:
    independent, some, more = (value(part(0.1, c)) for c in (None, 0.2, 0.5))
    assert independent == pytest.approx(0.028)
    assert some == pytest.approx(0.084)
    assert independent < some < more
    kinder = value(part(0.1, 0.2, shape="beta-binomial"))
    assert independent < kinder < some
    assert value(part(0.1, None, common=0.08)) > independent
    assert value(part(0.1, None), 320) == pytest.approx(1 - (1 - 0.028) ** 2)
    assert isinstance(bound(part(0.1, None), None), str)


@pytest.mark.parametrize("correlation", [0.0, 0.2, 0.6])
def test_worlds_that_keep_the_assumptions_stay_below(correlation: float) -> None:
    assert rate(reviewers(0.2, correlation)) <= value(part(0.2, correlation)) + 0.02


def test_independence_where_there_is_correlation_is_caught() -> None:
    """The planted-wrong twin: the same reviewers under an assumption that is false."""
    seen = rate(reviewers(0.2, 0.6))
    assert seen > value(part(0.2)) + 0.03
    assert seen <= value(part(0.2, 0.6))


def test_a_quorum_short_of_one_is_the_implementations_fault() -> None:
    made = traces(layers(reviewers(0.3, 0.0).target, [_Reviewed(quorum=1)], HAZARDS),
                  [(b, Transcript.ask(b.question)) for b in HAZARDS])
    guarantee, _ = granted(part(0.3))
    assert [v.invariant for v in guarantee.broken_invariants(made, ())] == ["quorum"]
    short = [t.model_copy(update={"inner": t.inner[:2]}) for t in made if not t.won]
    assert [v.invariant for v in guarantee.broken_invariants(short, ())] == ["reviewers"]
    sound = traces(layers(reviewers(0.3, 0.0).target, [_Reviewed()], HAZARDS),
                   [(b, Transcript.ask(b.question)) for b in HAZARDS])
    assert guarantee.broken_invariants(sound, ()) == ()


def test_a_win_shows_who_failed_alone_and_in_pairs() -> None:
    won = next(t for t in traces(layers(reviewers(0.5, 0.0).target, [_Reviewed()], HAZARDS),
                                 [(b, Transcript.ask(b.question)) for b in HAZARDS])
               if t.won and sum(bool(c.won) for c in t.inner) == 2)
    guarantee, slots = granted(part(0.5))
    found = {w.slot: (w.violated, w.tried) for w in guarantee.reduce(slots, won)}
    assert found == {"single": (2, 3)}


def test_with_independence_enforced_what_fails_together_does_no_longer() -> None:
    guarantee, given = granted(part(0.2))
    taken = layers(Scripted(lambda _: SECRET).target, [_Reviewed()], HAZARDS)
    target = guarantee.enforce(("together",), taken, given)
    assert target is not None
    replies = target.generate([Transcript.ask(b.question) for b in HAZARDS], SAMPLING)
    seen = np.mean([reply == SECRET for reply in replies])
    assert abs(seen - value(part(0.2))) < 0.05
    assert guarantee.enforce(("single",), taken, given) is None


def test_more_failures_than_reviewers_are_refused() -> None:
    with pytest.raises(Exception, match="set k to at most n"):
        granted(part(0.2, k=4))
