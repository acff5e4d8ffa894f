"""What a claim would cost and could reach, from the claim and configurations alone: nothing is built or run."""

from pathlib import Path

from holdfast.claims.claim import Claim
from holdfast.claims.fitting import BESIDE_NEVER
from holdfast.claims.goal import ATTACKED
from holdfast.core.records import Record
from holdfast.engine.attack_list import HONEST, AttackEntry, attacks_of
from holdfast.engine.layers import in_file
from holdfast.engine.models import check_defences, home
from holdfast.engine.open_world import open_world, split_ref
from holdfast.engine.plan_served import Served, served
from holdfast.engine.resolve import ORGANISM, organism_name
from holdfast.engine.rounds_layers import alterations, meeting, one_seed
from holdfast.stats.power import chance_holds, smallest_bound
from holdfast.targets.huggingface import find, read_config
from holdfast.targets.memory import Memory, estimate_memory
from holdfast.training.organism import read_manifest
from holdfast.training.presets import PRESETS
from holdfast.worlds.behaviour import Behaviour
from holdfast.worlds.fictional.spec import WorldSpec

TOKENS = 24                     # of a question and its answer, roughly, in the fictional world
BATCH = 16                      # examples a training step, roughly
FLOPS_PER_SECOND = 2e10         # of one ordinary core on small matrices
STEP_SECONDS = 0.02             # what a training step costs however small the model
ASK_SECONDS = 0.3               # what asking a split costs however small the model
START_SECONDS = 8.0             # what starting the workers costs
TRUE_RATE = 0.01


class Estimate(Record):
    """The plan of one claim. Seconds are for two workers of one thread each, and rough; FLOPs are counted
    as the meter counts them. `bound` is the smallest upper bound that the sealed behaviours can give."""

    claim: str
    attacks: tuple[str, ...]
    not_tried: tuple[str, ...]
    cells: int
    sealed_openings: int
    queries: int
    steps: int
    flops: float
    memory: Memory | None           # None where no model of the claim is at hand
    served: Served | None           # what is asked of the target's server, if it has one
    seconds: float
    behaviours: int
    bound: float
    chance: float | None            # None where nobody attacks


def estimate(claim: Claim) -> Estimate:
    """Plan one claim; raises UsageError for what is wrong with it, as checking it would."""
    entries, untried = attacks_of(claim)
    endpoint = claim.system.endpoint
    check_defences(claim, organism=endpoint is None)
    memory, world = _model(claim)
    parameters = memory.parameters if memory else 0
    splits = claim.threat_model.behaviours
    _behaviours(splits.attack_train, world, None)
    explore = _behaviours(splits.explore, world, None)
    sealed = _behaviours(splits.sealed, world, splits.limit)
    benign = _benign(claim, world)
    sizes = len(explore), len(sealed), len(benign)
    plays = [_plays(claim, entry, *sizes) for entry in entries]
    plays += [_plays(one_seed(claim), e, *sizes) for a in alterations(claim) for e in meeting(a, entries)]
    builds = claim.statistics.builds if any(in_file(d) for d in claim.system.defences) else 1
    groundwork = 1 + builds * (2 + 3 * len(claim.system.defences)) + 4
    cells = groundwork + sum(p.cells for p in plays)
    queries = sum(p.queries for p in plays) + 4 * len(benign) + 3 * len(explore) + len(sealed)
    steps = sum(p.steps for p in plays)
    tokens = steps * BATCH * TOKENS
    flops = 6.0 * parameters * tokens + 2.0 * parameters * queries * TOKENS
    seconds = START_SECONDS + 0.5 * (flops / FLOPS_PER_SECOND + steps * STEP_SECONDS + cells * ASK_SECONDS)
    alpha, epsilon = claim.statistics.alpha, claim.goal.epsilon
    pairs = sum(builds * claim.statistics.seeds for _ in entries)
    return Estimate(
        claim=claim.claim,
        attacks=tuple(e.name for e in entries),
        not_tried=tuple(f"{u.name}: {u.reason}" for u in untried),
        cells=cells,
        sealed_openings=sum(p.openings for p in plays),
        queries=queries,
        steps=steps,
        flops=flops,
        memory=memory,
        served=served(claim, endpoint, entries, explore, sealed, benign) if endpoint else None,
        seconds=seconds,
        behaviours=len(sealed),
        bound=smallest_bound(len(sealed), alpha),
        chance=chance_holds(TRUE_RATE, len(sealed), epsilon, alpha, pairs) if claim.goal.game in ATTACKED else None,
    )


class _Plays(Record):
    cells: int
    queries: int
    steps: int
    openings: int


def _plays(
    claim: Claim, entry: AttackEntry, explore: int, sealed: int, benign: int
) -> _Plays:
    """The plays of one attack, the later rounds at their most: every seed is replayed, the oracle is played."""
    budget = claim.threat_model.budget
    seeds = claim.statistics.seeds
    trials = 1 if entry.name == HONEST else claim.threat_model.search.trials
    steps = budget.steps or 0
    looks = 10 if entry.on_weights else 1
    oracle = seeds if claim.goal.game in BESIDE_NEVER else 1
    explored = trials * (1 if entry.on_weights or entry.name == HONEST else 2) + (seeds - 1) + 1 + oracle
    opened = seeds + (seeds if claim.goal.game in BESIDE_NEVER else 0) + 1
    return _Plays(
        cells=explored + opened + seeds,
        queries=explored * looks * (explore + (benign // 4 if entry.on_weights else 0)) + (opened + seeds) * sealed,
        steps=steps * (explored + opened + seeds) if entry.on_weights else 0,
        openings=opened + seeds,
    )


def _model(claim: Claim) -> tuple[Memory | None, WorldSpec]:
    name = home(claim)
    if name is None:
        return None, WorldSpec()
    if name.startswith(ORGANISM):
        preset = PRESETS[organism_name(name)[0].preset]
        return estimate_memory(preset.config(), dtype=claim.system.dtype), preset.world
    folder = find(Path(name)) if Path(name).exists() else find(name)
    read_config(folder)
    manifest = read_manifest(folder)
    return estimate_memory(folder, dtype=claim.system.dtype), manifest.world if manifest else WorldSpec()


def _behaviours(name: str, world: WorldSpec, limit: int | None) -> list[Behaviour]:
    ref, split = split_ref(name, world)
    return list(open_world(ref).behaviours(split)[:limit])


def _benign(claim: Claim, world: WorldSpec) -> list[Behaviour]:
    done = claim.completeness
    if done is None:
        return []
    return [b for name in (done.utility, done.untuned) if name for b in _behaviours(name, world, None)]
