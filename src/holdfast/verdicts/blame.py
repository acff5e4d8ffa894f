"""Who failed where a guarantee was broken: the order in which evidence is asked, and nothing beyond it.

    invariants      the construction was not built as derived: implementation, and nobody else is asked
    witnesses       winning attempts that violate an assumption; one refutes a worst-case assumption, an average-case
                    one needs a rate beyond its threshold
    hybrids         for the wins without a witness: how many are lost when assumptions are made true by construction,
                    and whether the attack still wins with all of them true, which no assumption can explain
    own checks      where even hybrids show nothing: the assumptions that their own checks refuted, if every other one
                    was checked too or is trusted

What none of these shows is unattributed. Source of the hybrid argument: Bellare & Rogaway, "The Security of Triple
Encryption and a Framework for Code-Based Game-Playing Proofs", EUROCRYPT 2006, https://eprint.iacr.org/2004/331.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from holdfast.assumptions.finding import AssumptionResult
from holdfast.core.records import Record
from holdfast.guarantees.guarantee import Violation, Witness
from holdfast.stats import binomial
from holdfast.stats.betting import mean_lower
from holdfast.stats.shapley import contributions
from holdfast.verdicts.findings import Blame


class Hybrid(Record):
    """The attack, searched anew, against the system with some assumptions true by construction."""

    enforced: tuple[str, ...]
    won: dict[str, bool]            # behaviour -> whether it fell; one that crashed did not


class BlameFacts(Record):
    """Everything that attribution looks at. `won` is the breaking attack on the system itself, by behaviour.

    `traced` are the behaviours with a winning trace: only there can a witness have been found. None stands for all.
    """

    won: dict[str, bool]
    traced: frozenset[str] | None = None
    epsilon: float
    alpha: float
    allowed: float | None = None    # the rate that the guarantee allows, where it gives one
    assumptions: dict[str, AssumptionResult] = Field(default_factory=dict)      # by slot
    violations: tuple[Violation, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    hybrids: tuple[Hybrid, ...] = ()


def attribute(f: BlameFacts) -> tuple[Blame, ...]:
    """The blame for a confirmed break of a claim with a guarantee; the shares sum to 1."""
    if f.violations:
        return _implementation(f.violations)
    charged = _witnessed(f)
    explained = {b for behaviours in charged.values() for b in behaviours}
    wins = [b for b, won in f.won.items() if won]
    seen = [b for b in wins if f.traced is None or b in f.traced]
    # Which wins were traced depends on their place in the split alone, so that their share stands for all.
    share = sum(b not in explained for b in seen) / len(seen) if seen else 1.0
    if charged and binomial.lower(round(share * len(wins)), len(f.won), f.alpha) <= f.epsilon:
        return _by_witness(f, charged, 1.0)
    if not charged and f.allowed is not None and binomial.lower(len(wins), len(f.won), f.alpha) <= f.allowed:
        why = f"The guarantee allows a rate of {f.allowed:.3g}, and what was measured is not shown to exceed that."
        return (_unattributed(why),)
    found = _by_hybrid(f, share) or _by_own_check(f, share) or (_unattributed(_open(f), share),)
    return _merged((*_by_witness(f, charged, 1 - share), *found))


def _merged(found: Sequence[Blame]) -> tuple[Blame, ...]:
    """Each culprit once, with all that speaks against it."""
    out: dict[tuple[str, str | None], Blame] = {}
    for blame in found:
        before = out.get((blame.kind, blame.id))
        if before is not None:
            both = {"share": before.share + blame.share, "why": f"{before.why} {blame.why}"}
            blame = before.model_copy(update=both)
        out[blame.kind, blame.id] = blame
    return tuple(out.values())


def _implementation(violations: Sequence[Violation]) -> tuple[Blame, ...]:
    by_name = {v.invariant: v for v in violations}
    return tuple(Blame(kind="implementation", id=v.invariant, share=1 / len(by_name), why=v.why)
                 for v in by_name.values())


def _witnessed(f: BlameFacts) -> dict[str, tuple[str, ...]]:
    """By slot whose assumption its witnesses refute, the behaviours that they are about."""
    out = {}
    for slot, assumed in f.assumptions.items():
        mine = [w for w in f.witnesses if w.slot == slot]
        behaviours = tuple(dict.fromkeys(w.behaviour for w in mine if w.violated))
        if behaviours and (assumed.kind in ("worst", "trusted") or _beyond(f, assumed, mine)):
            out[slot] = behaviours
    return out


def _beyond(f: BlameFacts, assumed: AssumptionResult, witnesses: Sequence[Witness]) -> bool:
    """Whether the rate of violation, a behaviour the unit, is shown to lie above what the assumption tolerates.

    The rate is over all behaviours that were attacked, in planned order and as far as wins were traced: among wins
    alone any assumption looks worse than it is. One that was not won counts as none violated.
    """
    tolerated = assumed.threshold if assumed.tolerated is None else assumed.tolerated
    if tolerated is None:
        return False
    rates: dict[str, list[Witness]] = {}
    for witness in witnesses:
        rates.setdefault(witness.behaviour, []).append(witness)
    shares = {b: sum(w.violated for w in some) / sum(w.tried for w in some) for b, some in rates.items()}
    order = [b for b, won in f.won.items() if b in shares or not won]
    if len(order) < len(f.won):         # some wins were not traced, those at the end
        order = order[:1 + max((i for i, b in enumerate(order) if b in shares), default=-1)]
    found = mean_lower([shares.get(b, 0.0) for b in order], f.alpha / len(f.assumptions), 0, 1) if order else 0.0
    return found > tolerated


def _by_witness(f: BlameFacts, charged: Mapping[str, Sequence[str]], share: float) -> tuple[Blame, ...]:
    total = sum(map(len, charged.values()))
    return tuple(
        Blame(kind="assumption", id=f.assumptions[slot].id, share=share * len(behaviours) / total,
              why=f"{len(behaviours)} of {sum(f.won.values())} wins are witnesses against it.")
        for slot, behaviours in charged.items()
    )


def _by_hybrid(f: BlameFacts, share: float) -> tuple[Blame, ...]:
    """Whose truth takes wins away, and what is left when all are true; empty where nothing is shown."""
    # What is trusted is granted: there is nothing to make true.
    slots, order = tuple(s for s, a in f.assumptions.items() if a.kind != "trusted"), tuple(f.won)
    values = {frozenset(h.enforced): _column(h.won, order) for h in f.hybrids}
    values[frozenset()] = _column(f.won, order)
    everything = values.get(frozenset(slots)) if slots else values[frozenset()]
    falls = contributions(values, slots) if slots else {}
    found: list[tuple[float, Blame]] = []
    for slot, fall in (falls or {}).items():
        if mean_lower(fall, f.alpha / len(slots), -1, 1) > 0:
            why = f"With it true by construction the attack wins {fall.mean():.0%} less, searched anew."
            found.append((float(fall.mean()), Blame(kind="assumption", id=f.assumptions[slot].id, why=why)))
    if everything is not None:
        wins, allowed = int(everything.sum()), max(f.allowed or 0.0, f.epsilon)
        if binomial.lower(wins, len(order), f.alpha) > allowed:
            why = f"With every assumption true by construction the attack still wins {wins} of {len(order)}."
            found.append((wins / len(order), Blame(kind="algorithm", id=None, why=why)))
    total = sum(weight for weight, _ in found)
    return tuple(blame.model_copy(update={"share": share * weight / total}) for weight, blame in found)


def _by_own_check(f: BlameFacts, share: float) -> tuple[Blame, ...]:
    """The refuted assumptions, in equal parts, where all others were checked as well; else empty.

    A sound derivation loses only where an assumption is false, and these are known to be. One that was made true in a
    hybrid where the attack wins no less is not why, whatever its check says.
    """
    cleared = {slot for hybrid in f.hybrids if not _fewer(f, hybrid) for slot in hybrid.enforced}
    refuted = [a for slot, a in f.assumptions.items() if a.status == "REFUTED" and slot not in cleared]
    if any(a.status == "UNTESTED" for a in f.assumptions.values()):
        return ()
    why = "Its own check refutes it and no other assumption, and nothing else shows where the fault lies."
    return tuple(Blame(kind="assumption", id=a.id, share=share / len(refuted), why=why) for a in refuted)


def _fewer(f: BlameFacts, hybrid: Hybrid) -> bool:
    """Whether the attack is shown to win less in a hybrid than on the system."""
    order = tuple(f.won)
    return mean_lower(_column(f.won, order) - _column(hybrid.won, order), f.alpha, -1, 1) > 0


def _column(won: Mapping[str, bool], order: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([float(won.get(behaviour, False)) for behaviour in order])


def _unattributed(why: str, share: float = 1.0) -> Blame:
    return Blame(kind="unattributed", share=share, why=why)


def _open(f: BlameFacts) -> str:
    asked = "No invariant failed and no witness refutes an assumption"
    hybrids = "the hybrids show no difference beyond chance" if f.hybrids else "no hybrid was played"
    refuted = [a.id for a in f.assumptions.values() if a.status == "REFUTED"]
    beside = f" Its own check refutes {', '.join(refuted)}, which does not show that this is why." if refuted else ""
    return f"{asked}, and {hybrids}, so the fault is not located.{beside}"
