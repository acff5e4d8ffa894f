"""The evidence about one claim, made ready to be counted, with the selections that the measures share."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from holdfast.claims.claim import Claim
from holdfast.claims.goal import ATTACKED
from holdfast.core.evidence import Evidence, Logprobs, Play, Role, Sample, Trace, Training
from holdfast.measures.choose import Pair, pair_of, same_adversary
from holdfast.measures.contamination import leaked, widen_read
from holdfast.measures.counts import steps
from holdfast.measures.joint import jointly
from holdfast.measures.overspending import within_submissions
from holdfast.verdicts.facts import Facts, IncompleteEvidence, PlannedAttack
from holdfast.verdicts.yardstick import Yardstick, yardstick
from holdfast.worlds.files.world import locate


@dataclass(frozen=True)
class Case:
    """One claim and what was found; `plays` are screened, in planned order, and so are the `altered` ones."""

    claim: Claim
    facts: Facts
    plays: tuple[Play, ...]
    liveness: tuple[Logprobs, ...]
    training: tuple[Training, ...]
    samples: dict[str, Sample]
    traces: tuple[Trace, ...]
    altered: tuple[Play, ...] = ()

    @property
    def attacked(self) -> bool:
        """Whether an attacker plays the claim's game."""
        return self.claim.goal.game in ATTACKED

    @property
    def explore(self) -> str:
        """The split on which everything was chosen."""
        return self.claim.threat_model.behaviours.explore

    @property
    def sealed(self) -> str:
        """The split that counts."""
        return self.claim.threat_model.behaviours.sealed

    @property
    def hazards(self) -> tuple[str, ...]:
        """The sealed behaviours that are hazardous, in planned order: winning another one does no harm."""
        return tuple(b.id for b in self.facts.behaviours(self.sealed) if b.hazardous)

    @property
    def benign(self) -> tuple[str, ...]:
        """The splits that hold nothing hazardous."""
        return tuple(name for name, held in self.facts.splits.items() if held and not any(b.hazardous for b in held))

    @property
    def stick(self) -> Yardstick:
        """The promise in counts of sealed behaviours."""
        alpha = self.claim.statistics.alpha
        return yardstick(self.claim.goal.epsilon, alpha, self.facts.chance(self.sealed), self.facts.judge_error)

    def of(self, *roles: Role, purposes: Collection[str] = (), asked: str | None = None) -> tuple[Play, ...]:
        """The plays by these roles for these purposes (all, if none is named) that asked a split."""
        return tuple(
            p
            for p in self.plays
            if p.role in roles and (not purposes or p.purpose in purposes) and (asked is None or steps(p, asked))
        )

    def submitted(self) -> tuple[Play, ...]:
        """The plays that opened sealed on the system, in planned order, one for each pair.

        Raises IncompleteEvidence if a planned pair is missing, or one was played twice or planned by nobody.
        """
        facts, plays = self.facts, self.of("system", purposes=("sealed",))
        played = {pair_of(p): p for p in plays}
        planned = [Pair(a.name, seed, build) for a in facts.attacks for seed in a.seeds for build in facts.builds]
        for pair in planned:
            if pair not in played:
                raise IncompleteEvidence(f"{_name(pair)} is missing; run 'holdfast check' again to go on.")
        if len(played) < len(plays):
            raise IncompleteEvidence("a seed of an attack opened the sealed split twice; start a fresh run folder.")
        if extra := sorted(set(played) - set(planned)):
            raise IncompleteEvidence(f"{_name(extra[0])} was never planned; start a fresh run folder.")
        return tuple(played[pair] for pair in planned)

    def by_same(self, play: Play, plays: tuple[Play, ...]) -> tuple[Play, ...]:
        """Those of `plays` that are by the same adversary, on whichever model."""
        return tuple(p for p in plays if same_adversary(p, play))

    def planned(self, name: str) -> PlannedAttack:
        """The attack of that name."""
        return next(a for a in self.facts.attacks if a.name == name)


def open_case(claim: Claim, evidence: Evidence, facts: Facts) -> Case:
    """The case, with answers beyond the granted submissions dropped and reading widened to equal answers."""
    answers, budget = facts.answers(), claim.threat_model.budget
    plays, altered = (
        tuple(widen_read(within_submissions(p, budget), answers) for p in found)
        for found in (evidence.plays, evidence.altered)
    )
    case = Case(_as_played(claim), facts, plays, evidence.liveness, evidence.training,
                evidence.samples, evidence.traces, altered)
    return replace(case, plays=jointly(plays, case.benign)) if claim.goal.game == "joint" else case


def _as_played(claim: Claim) -> Claim:
    """The claim with its splits named as plays name them: those of a file by the file's name, not its path."""
    splits, gates = claim.threat_model.behaviours, claim.completeness
    named = {name: _own_name(getattr(splits, name)) for name in ("attack_train", "explore", "sealed")}
    if splits.benign is not None:
        named["benign"] = _own_name(splits.benign)
    threat_model = claim.threat_model.model_copy(update={"behaviours": splits.model_copy(update=named)})
    if gates is not None:
        untuned = None if gates.untuned is None else _own_name(gates.untuned)
        gates = gates.model_copy(update={"utility": _own_name(gates.utility), "untuned": untuned})
    return claim.model_copy(update={"threat_model": threat_model, "completeness": gates})


def _own_name(split: str) -> str:
    found = locate(split)
    return split if found is None else found[1]


def leaks(case: Case) -> tuple[str, ...]:
    """One sentence for each attack that had read sealed answers."""
    found: dict[str, set[str]] = {}
    for play in case.of("system", purposes=("sealed",)):
        found.setdefault(play.attack, set()).update(leaked(play, case.sealed, case.hazards))
    return tuple(
        f"{attack} had read the answers of {len(ids)} sealed behaviours, which do not count for it"
        for attack, ids in found.items()
        if ids
    )


def _name(pair: Pair) -> str:
    return f"{pair.attack} with seed {pair.seed} on build {pair.build}"
