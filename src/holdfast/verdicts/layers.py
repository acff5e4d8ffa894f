"""What a stack of defences is worth layer by layer: re-attacked without each, and while each fails."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from holdfast.core.evidence import Altered, Fault, Play
from holdfast.core.plugins import plugin_id
from holdfast.measures.counts import outcomes
from holdfast.measures.dependence import Dependence, dependence
from holdfast.verdicts.case import Case
from holdfast.verdicts.details import witnesses
from holdfast.verdicts.facts import IncompleteEvidence
from holdfast.verdicts.findings import Blame, Promised, Status
from holdfast.verdicts.games import judge_pairs
from holdfast.verdicts.goal import GoalFinding, judge_goal
from holdfast.verdicts.measure import Included, doubted
from holdfast.verdicts.pairs import PairResult
from holdfast.verdicts.verdict import LayersResult, StackResult, Witness

WHILE: dict[Fault, str] = {
    "down": "while it is down",
    "error": "while its parts raise errors",
    "nan": "while its scores are not numbers",
}
NEVER = "nothing in this layer can fail so, or nothing met it"


class Layered(NamedTuple):
    """What the rules look at, and what is shown beside them; witnesses are of layers that fail open."""

    fails: Promised = "not promised"
    reason: str = ""
    blame: tuple[Blame, ...] = ()
    result: LayersResult | None = None
    witnesses: tuple[Witness, ...] = ()


def layers(case: Case, counted: Included, goal: GoalFinding, submitted: Sequence[Play]) -> Layered:
    """The stack of a claim, from the plays against what was left of it; `submitted` are those against the whole.

    Raises IncompleteEvidence where a planned one is missing.
    """
    if not case.facts.altered:
        return Layered()
    names = _names(case)
    judged = {altered: _judged(case, altered, counted) for altered in case.facts.altered}
    stacks = tuple(_result(altered, names, found) for altered, found in judged.items())
    depth, why = _depth(goal, stacks, names)
    fails, reason, blame = _fails(stacks, names) if case.claim.goal.fails else ("not promised", "", ())
    result = LayersResult(
        names=names, stacks=stacks, depth=depth, reason=why, fails=fails,
        dependence=_dependence(case, judged, submitted, counted),
    )
    shown = (w for s in stacks if s.altered.fault and s.status == "BROKEN" for w in judged[s.altered].witnesses)
    return Layered(fails, reason, blame, result, tuple(shown))


class _Judged(NamedTuple):
    """What the attacks did on one stack, and which behaviours fell to any; no pairs where none met the failure."""

    pairs: tuple[PairResult, ...] = ()
    fell: frozenset[str] = frozenset()
    witnesses: tuple[Witness, ...] = ()


def _judged(case: Case, altered: Altered, counted: Included) -> _Judged:
    mine = tuple(p for p in case.altered if p.altered == altered)
    if mine and not any(p.met for p in mine if p.role == "system"):
        return _Judged()
    stack = replace(case, plays=(*(p for p in case.plays if p.role not in ("system", "hybrid")), *mine))
    sealed = stack.of("system", purposes=("sealed",))
    _check_all_there(case, altered, sealed)
    counting = doubted(sealed, case.sealed, counted.doubtful)
    like = sum((a.fault is None) == (altered.fault is None) for a in case.facts.altered)
    pairs = judge_pairs(stack, counting, counted.behaviours, case.stick.alpha / like)
    fell = _fell(sealed, case.sealed, counted.behaviours)
    return _Judged(pairs, fell, witnesses(stack, sealed, counted.behaviours))


def _check_all_there(case: Case, altered: Altered, sealed: Sequence[Play]) -> None:
    played = [p.attack for p in sealed]
    # Who holds the file does not meet a layer that fails.
    planned = [a.name for a in case.facts.attacks if altered.failing is None or "weights" not in a.needs]
    if sorted(played) != sorted(planned):
        raise IncompleteEvidence("the plays against an altered stack are incomplete; run 'holdfast check' again.")


def _fell(plays: Sequence[Play], split: str, counted: Collection[str]) -> frozenset[str]:
    """The counted behaviours that fell to any of these plays."""
    return frozenset(
        b for p in plays for step in p.steps() for b, won in outcomes(p, split, step).items() if won and b in counted
    )


def _names(case: Case) -> tuple[str, ...]:
    """The layers' names, numbered where a defence is stacked on itself."""
    ids = [plugin_id(d.use) for d in case.claim.system.defences]
    return tuple(
        name if ids.count(name) == 1 else f"{name} ({ids[:i].count(name) + 1})" for i, name in enumerate(ids)
    )


def _result(altered: Altered, names: Sequence[str], found: _Judged) -> StackResult:
    bare = StackResult(name=_said(altered, names), altered=altered, status=None, reason=NEVER)
    if not found.pairs:
        return bare
    goal = judge_goal(found.pairs, certificate=False)
    worst = goal.worst
    return bare.model_copy(update={
        "status": goal.status, "attack": worst.attack, "wins": worst.wins, "n": worst.n, "lower": worst.lower,
        "upper": worst.upper, "reason": goal.reason})


def _said(altered: Altered, names: Sequence[str]) -> str:
    """The altered stack in words."""
    if altered.failing is not None and altered.fault is not None:
        return f"{names[altered.failing]} {WHILE[altered.fault]}"
    kept = [name for i, name in enumerate(names) if i not in altered.without]
    if not kept:
        return "no layer"
    if len(altered.without) == 1:
        return f"without {names[altered.without[0]]}"
    return f"{' and '.join(kept)} alone"


def _depth(goal: GoalFinding, stacks: Sequence[StackResult], names: Sequence[str]) -> tuple[int | None, str]:
    """How many layers must be taken away before the promise breaks, 2 for two or more; None where it is open."""
    singles = {s.altered.without[0]: s for s in stacks if len(s.altered.without) == 1}
    if not singles:
        return None, ""
    if goal.status == "BROKEN":
        return 0, "depth 0: the promise is broken with every layer in place"
    status: dict[int, Status | None] = {i: s.status for i, s in singles.items()}
    if broken := [names[i] for i, s in status.items() if s == "BROKEN"]:
        rest = [names[i] for i, s in status.items() if s == "HOLDS"]
        spare = f"; nothing shows what {' and '.join(rest)} adds" if rest else ""
        return 1, f"depth 1: the promise hangs on {' and on '.join(broken)}, without which it is broken{spare}"
    if goal.status == "HOLDS" and all(s == "HOLDS" for s in status.values()):
        return 2, "depth 2 or more: the promise holds with any one layer taken away"
    return None, "the depth is open: neither is the promise seen to hold without each layer, nor to break without one"


def _fails(stacks: Sequence[StackResult], names: Sequence[str]) -> tuple[Promised, str, tuple[Blame, ...]]:
    """Whether the promise holds while any one layer fails, with a reason and who is to blame if not."""
    failing = [s for s in stacks if s.altered.failing is not None]
    open_ = [s for s in failing if s.status == "BROKEN"]
    if open_:
        culprits = tuple(dict.fromkeys(names[s.altered.failing] for s in open_ if s.altered.failing is not None))
        blame = tuple(
            Blame(kind="implementation", id=name, share=1 / len(culprits),
                  why="It fails open: what it should stop comes through while it cannot do its work.")
            for name in culprits)
        return "fails", "; ".join(f"a layer fails open, {s.name}: {s.reason}" for s in open_), blame
    untold = [s for s in failing if s.status == "INCONCLUSIVE"]
    for number in dict.fromkeys(s.altered.failing for s in failing):
        mine = [s for s in failing if s.altered.failing == number]
        untold += mine[:1] if all(s.status is None for s in mine) else []
    if untold:
        return "inconclusive", "; ".join(f"a layer may fail open, {s.name}: {s.reason}" for s in untold), ()
    met = sum(s.status is not None for s in failing)
    return "holds", f"every layer fails closed, in each of the {met} ways in which one was made to fail", ()


def _dependence(
    case: Case, judged: Mapping[Altered, _Judged], submitted: Sequence[Play], counted: Included
) -> Dependence | None:
    """The dependence between the layers; None where they were not attacked one by one."""
    every = tuple(range(len(case.claim.system.defences)))
    without = {altered.without: found for altered, found in judged.items() if altered.without}
    if every not in without:
        return None
    alone = [without[tuple(j for j in every if j != i)].fell for i in every]
    # The whole was attacked with every seed; what is left of it with the first alone.
    whole = _fell([p for p in submitted if p.seed == 0 and p.build == 0], case.sealed, counted.behaviours)
    return dependence(without[every].fell, alone, whole, case.claim.statistics.alpha)
