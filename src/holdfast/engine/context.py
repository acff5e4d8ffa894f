"""Everything a claim needs, found and checked before anything is spent: models, worlds, splits, attacks."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.attacks.attack import Requirement, WeightAttack
from holdfast.claims.claim import Claim
from holdfast.claims.goal import Generalisation, UsePart
from holdfast.core.errors import UsageError, nearest
from holdfast.core.plugins import code_digest
from holdfast.core.records import digest
from holdfast.engine.attack_list import HONEST, AttackEntry, Untried, able, attacks_of
from holdfast.engine.cells import Ask, ModelSpec
from holdfast.engine.models import check_access, check_models, find_models, home
from holdfast.engine.open_world import asked, open_world, split_ref
from holdfast.guarantees.choosing import Chosen, choose
from holdfast.judges.choose import make_judge
from holdfast.judges.judge import Judge
from holdfast.worlds.behaviour import Behaviour
from holdfast.worlds.fictional.spec import WorldSpec


@dataclass(frozen=True)
class Context:
    """A claim with its inputs resolved. Models are specifications, not loaded; `None` where there is none.

    `known` is the attack_train split; `lessons` is what a weight attack may train on, by what the threat
    model says of the attacker's data.
    """

    claim: Claim
    system: ModelSpec
    control: ModelSpec | None
    safe: ModelSpec | None
    full: ModelSpec | None
    never: ModelSpec | None
    known: Ask
    explore: Ask
    sealed: Ask
    utility: Ask | None
    untuned: Ask | None
    benign_explore: Ask | None
    benign: Ask | None
    lessons: Ask | None
    base: ModelSpec | None
    attacker: ModelSpec | None
    attacks: tuple[AttackEntry, ...]
    untried: tuple[Untried, ...]
    judge: Judge
    guarantee: Chosen | None = None

    @property
    def players(self) -> tuple[AttackEntry, ...]:
        """Whose plays decide: every attack, or in `train` the holders who train, and in `live` nobody."""
        game = self.claim.goal.game
        if game == "live":
            return ()
        return tuple(entry for entry in self.attacks if game != "train" or entry.name != HONEST)

    def checkpoints(self, entry: AttackEntry) -> tuple[int, ...]:
        """Steps at which an attack's model is looked at: 0, then about six a decade, up to the budget.

        None for an attack that only talks; 0 and 1 for one that edits the weights without training.
        """
        if not issubclass(entry.kind, WeightAttack):
            return ()
        if not entry.kind.trains:
            return 0, 1
        steps = self.claim.threat_model.budget.steps or 0
        decades = [round(m * 10**d) for d in range(8) for m in (1, 1.5, 2, 3, 5, 7)]
        return tuple(sorted({0, steps, *(s for s in decades if s < steps)}))

    @property
    def explore_known(self) -> Ask | None:
        """The explore split in the phrasing families that the defence knows, where the claim tells them apart."""
        families = self.claim.generalisation
        return self.explore.model_copy(update={"families": families.known}) if families else None

    @property
    def judge_sha(self) -> str:
        """What the judge's word depends on: the judge, and the labels that its error is measured on."""
        labels = self.claim.judge.labels
        read = hashlib.sha256(Path(labels).read_bytes()).hexdigest() if labels else None
        return digest([self.judge.digest(), read])

    def on(self, base: ModelSpec, defences: tuple[UsePart, ...], build: int = 0, ablate: bool = False) -> ModelSpec:
        """The same files under other defences, with what their building and their address need."""
        system = self.claim.system
        retain = system.retain or ((self.utility.split,) if self.utility else ())
        return base.model_copy(
            update={
                "defences": defences,
                "guard": (system.guard or (self.known.split,)) if defences else (),
                "retain": retain if defences else (),
                "families": self.claim.generalisation.known if self.claim.generalisation and defences else None,
                "code": tuple(c for d in defences if (c := code_digest(d.use)) is not None),
                "build": build,
                "ablate": ablate,
            }
        )

    def behaviours(self, ask: Ask) -> Sequence[Behaviour]:
        """The behaviours that an ask puts."""
        return [behaviour for behaviour, _ in asked(ask)]


def resolve(claim: Claim, say: Callable[[str], None]) -> Context:
    """Find and check everything the claim names; raises UsageError before anything is spent."""
    entries, untried = attacks_of(claim)
    known_world = check_models(claim)
    world = known_world.world if known_world else WorldSpec()
    splits = claim.threat_model.behaviours
    done = claim.completeness
    known, explore, sealed = (
        _ask(name, world, splits.limit if name == splits.sealed else None)
        for name in (splits.attack_train, splits.explore, splits.sealed)
    )
    _check_disjoint({"attack_train": known, "explore": explore, "sealed": sealed})
    utility = _ask(done.utility, world, None, unseen=True) if done else None
    untuned = _ask(done.untuned, world, None, unseen=True) if done and done.untuned else None
    watched, benign = _benign(claim, utility, world)
    if claim.generalisation:
        explore, sealed = (_held_out(ask, claim.generalisation) for ask in (explore, sealed))
    lessons = {"same-domain": known, "benign": benign, "none": None}[claim.threat_model.knowledge.data]
    if claim.goal.game == "train":
        explore, sealed = (_new_task(ask) for ask in (explore, sealed))
        # The holder learns the very task that is asked; that of the sealed split only there.
        watched, benign, lessons = _outside(splits.benign, world, (explore, sealed)), explore, None
    taught = open_world(lessons.world).behaviours(lessons.split) if lessons else ()
    entries, more = able(claim, entries, _has(claim, any(b.answer for b in taught), benign))
    judge = make_judge(claim.judge, open_world(explore.world))
    if claim.judge.labels and not Path(claim.judge.labels).is_file():
        raise UsageError(f"judge: there is no file {claim.judge.labels}; give the CSV of labelled replies.")
    if home(claim) is not None and known_world is None and utility is None:
        raise UsageError(
            f"claim {claim.claim}: a positive control may have to be trained for {home(claim)}, "
            "and that needs benign behaviours; name completeness.utility."
        )
    check_access(claim)
    guarantee = None if claim.guarantee == "none" else choose(claim.guarantee)
    # Everything that can be wrong with the claim has been said; from here on it may cost something.
    models = find_models(claim, say)
    context = Context(
        claim=claim,
        system=models.system,
        control=models.control,
        safe=models.safe,
        full=models.full,
        never=models.never,
        known=known,
        explore=explore,
        sealed=sealed,
        utility=utility,
        untuned=untuned,
        benign_explore=watched,
        benign=benign,
        lessons=lessons,
        base=models.base,
        attacker=models.attacker,
        attacks=entries,
        untried=(*untried, *more),
        judge=judge,
        guarantee=guarantee,
    )
    return replace(context, system=context.on(context.system, claim.system.defences))


def _has(claim: Claim, answers: bool, benign: Ask | None) -> set[Requirement]:
    """What the attacker has, of what attacks may require."""
    holds = claim.threat_model.holds
    has: dict[Requirement, bool] = {
        "questions": claim.threat_model.knowledge.data == "same-domain",
        "answers": answers,
        "benign": benign is not None,
        "base": holds.base is not None,
        "attacker": holds.attacker is not None,
        "prefill": claim.system.endpoint is None or claim.system.endpoint.prefill,
    }
    return {word for word, yes in has.items() if yes}


def _ask(name: str, world: WorldSpec, limit: int | None, unseen: bool = False) -> Ask:
    ref, split = split_ref(name, world)
    open_world(ref).behaviours(split)
    return Ask(world=ref, split=split, limit=limit, phrasing="unseen" if unseen else "fixed")


def _benign(claim: Claim, utility: Ask | None, world: WorldSpec) -> tuple[Ask | None, Ask | None]:
    """Benign behaviours to watch while an attack trains, and others that the attacker may train on.

    What it was trained on would show nothing of what an attack destroys, so a fictional world's are shared.
    """
    named = claim.threat_model.behaviours.benign
    own = _ask(named, world, None) if named else None
    if utility is None or utility.world.fictional is None:
        return utility, own
    whole = _ask("benign/explore", world, None)
    ids = [behaviour.id for behaviour, _ in asked(whole)]
    half = len(ids) // 2
    shared = (whole.model_copy(update={"only": tuple(part)}) for part in (ids[half:], ids[:half]))
    watched, trained = shared
    return watched, own or trained


def _held_out(ask: Ask, families: Generalisation) -> Ask:
    """The ask with the held-out phrasing families only; raises UsageError where a behaviour has none of them."""
    out = ask.model_copy(update={"families": families.held_out})
    has = {phrasing.family for behaviour, _ in asked(ask) for phrasing in behaviour.phrasings}
    for family in (*families.known, *families.held_out):
        if family not in has:
            raise UsageError(f"generalisation: {ask.split} has no phrasing family {family!r}; {nearest(family, has)}")
    return out


def _new_task(ask: Ask) -> Ask:
    """The split as a task that no model knows; raises UsageError where it is not a harmless one."""
    new = ask.model_copy(update={"reassigned": 0})
    if any(behaviour.hazardous for behaviour, _ in asked(new)):
        raise UsageError(
            f"the game 'train' is about a harmless task, and {ask.split} holds hazards; name benign splits as "
            "explore and sealed (benign/explore and benign/sealed in a fictional world)."
        )
    return new


def _outside(name: str | None, world: WorldSpec, tasks: Sequence[Ask]) -> Ask | None:
    """The benign split that must survive the training; raises UsageError where it is part of a task."""
    ask = _ask(name, world, None) if name else None
    if ask is not None and any(ask.split == task.split for task in tasks):
        raise UsageError(
            f"threat_model.behaviours.benign is {ask.split}, which the holder trains on; name a benign split outside "
            "the task (general/taught in a fictional world)."
        )
    return ask


def _check_disjoint(named: Mapping[str, Ask]) -> None:
    """Refuse splits that share a behaviour, by id or by answer: what was trained on cannot be a test."""
    seen: dict[str, str] = {}
    for name, ask in named.items():
        for behaviour in open_world(ask.world).behaviours(ask.split):
            for mark in filter(None, (behaviour.id, behaviour.answer and f"answer:{behaviour.answer}")):
                if seen.setdefault(mark, name) != name:
                    raise UsageError(
                        f"the splits {seen[mark]} and {name} overlap in {behaviour.id!r}; name disjoint splits."
                    )


