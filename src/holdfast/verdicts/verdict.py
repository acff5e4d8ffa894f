"""The verdict as a record: exactly what `verdict.json` holds, how it is written, and how it is read.

A verdict is computed from evidence and never typed in; `seconds` inside a `spent` is its only field that
may differ between two runs of the same plan.
"""

import json
from pathlib import Path
from typing import Any, Literal

import pydantic

from holdfast.assumptions.finding import AssumptionResult as AssumptionResult
from holdfast.core.errors import UsageError
from holdfast.core.evidence import Altered
from holdfast.core.records import Record, Spent, Transcript
from holdfast.guarantees.guarantee import Bound as Bound
from holdfast.guarantees.guarantee import Derivation, Violation
from holdfast.guarantees.guarantee import Witness as GuaranteeWitness
from holdfast.guarantees.swapping import Swap
from holdfast.measures.boundary import Boundary
from holdfast.measures.completeness import GateResult as GateResult
from holdfast.measures.counts import Tally
from holdfast.measures.curves import CurvePoint as CurvePoint
from holdfast.measures.dependence import Dependence as Dependence
from holdfast.measures.erase import Erasure
from holdfast.measures.forecast import Forecast
from holdfast.measures.generalisation import GeneralisationResult
from holdfast.measures.liveness import LivenessResult as LivenessResult
from holdfast.verdicts.findings import Blame as Blame
from holdfast.verdicts.findings import Promised as Promised
from holdfast.verdicts.findings import Status as Status

Name = Literal["STANDS", "CONDITIONAL", "UNEXPLAINED", "BROKEN", "INCONCLUSIVE", "VOID"]


class BrokenAt(Record):
    """The strongest confirmed break, over `n` sealed behaviours; `lower` is a one-sided bound on its rate.

    `step` is the checkpoint submitted; `first_step` the earliest at which explore was shown to be broken.
    """

    attack: str
    seed: int
    build: int = 0
    step: int
    first_step: int | None = None
    settings: dict[str, object]
    wins: int
    n: int
    lower: float


class GoalResult(Record):
    """The goal's status. `lower` and `upper` bound the worst attack's rate, None where nothing was counted.

    The rate is the share of behaviours won; in `relearn` and `erase` the share of the knowledge regained
    beyond what a never-taught model learns. The judge's error and guessing are accounted for. `needed` is
    how many behaviours would decide it; `by_collapse` says that an attack destroyed the defended model.
    """

    status: Status
    game: str
    promise: str
    epsilon: float
    alpha: float
    lower: float | None
    upper: float | None
    worst_attack: str | None
    broken_at: BrokenAt | None
    reason: str
    needed: int | None = None
    by_collapse: bool = False
    erasure: Erasure | None = None


class SeedResult(Record):
    """One seed of one attack on the sealed behaviours; `step` is the checkpoint that explore chose.

    `lower` counts crashes as lost, `upper` as won; None where nothing was counted.
    """

    seed: int
    build: int = 0
    status: Status
    wins: int
    n: int
    crashed: int
    step: int
    lower: float | None
    upper: float | None
    settings: dict[str, object]
    reason: str


class AttackResult(Record):
    """One attack over all seeds. `potent` is None where it was not measured; `void` counts crashes.

    `static` and `adaptive` count its wins on explore with the settings that one would choose without looking at
    the system, and with those chosen on it; None where it was not tried so.
    """

    name: str
    status: Status
    wins: int
    attempts: int
    void: int
    spent: Spent
    potent: bool | None
    seeds: tuple[SeedResult, ...]
    notes: tuple[str, ...] = ()
    static: Tally | None = None
    adaptive: Tally | None = None


class HybridResult(Record):
    """The attack, searched anew, with assumptions true by construction; `lower` and `upper` for drawing."""

    enforced: tuple[str, ...]
    wins: int
    n: int
    lower: float | None
    upper: float | None


class GuaranteeResult(Record):
    """What the claim's guarantee gives. `follows` says whether that is what the claim promises, `reason` why."""

    id: str
    derivation: Derivation
    bound: Bound | None
    follows: bool
    reason: str
    swaps: tuple[Swap, ...] = ()
    violations: tuple[Violation, ...] = ()
    witnesses: tuple[GuaranteeWitness, ...] = ()
    hybrids: tuple[HybridResult, ...] = ()


class StackResult(Record):
    """What the attacks, searched anew, did to a stack that was altered: the worst of them, with bounds on its rate.

    `status` says whether what the claim promises still holds there; None where the stack could not be altered so, and
    `reason` then says why.
    """

    name: str
    altered: Altered
    status: Status | None
    attack: str | None = None
    wins: int = 0
    n: int = 0
    lower: float | None = None
    upper: float | None = None
    reason: str


class LayersResult(Record):
    """A stack of defences, layer by layer, `names` in the claim's order.

    `depth` is how many layers must be taken away before the promise breaks, 2 for two or more; None where that is
    open, or was not measured.
    """

    names: tuple[str, ...]
    stacks: tuple[StackResult, ...]
    depth: int | None
    reason: str
    fails: Promised
    dependence: Dependence | None


class NotTried(Record):
    """An attack or access family that the verdict says nothing about, and why."""

    name: str
    reason: str


class Curve(Record):
    """One adversary (an attack with its settings and seed) against one model, on one split."""

    attack: str
    settings: dict[str, object]
    seed: int
    role: str
    split: str
    measure: Literal["wins", "utility"]
    submitted: bool                 # whether these are the settings that went to the sealed split
    points: tuple[CurvePoint, ...]
    first_break: int | None = None


class Witness(Record):
    """One winning attempt, and the command that replays it; `replayed` when it was seen to win again."""

    behaviour: str
    attack: str
    seed: int
    step: int
    transcript: Transcript
    reply: str
    replayed: bool
    replay: str
    cell: str


class Digests(Record):
    """SHA-256 of what was judged and by what."""

    claim: str
    system: str
    judge: str


class Verdict(Record):
    """What is known about one claim, and on what grounds. `against` is the scope that every result carries."""

    claim: str
    title: str = ""
    verdict: Name
    rule: int
    reason: str
    grounds: tuple[str, ...]
    blame: tuple[Blame, ...]
    against: str
    goal: GoalResult
    assumptions: tuple[AssumptionResult, ...]
    completeness: tuple[GateResult, ...]
    attacks: tuple[AttackResult, ...]
    not_tried: tuple[NotTried, ...]
    liveness: tuple[LivenessResult, ...] = ()
    curves: tuple[Curve, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    generalisation: tuple[GeneralisationResult, ...] = ()
    boundary: Boundary | None = None
    guarantee: GuaranteeResult | None = None
    layers: LayersResult | None = None
    witnesses: tuple[Witness, ...] = ()
    sealed_openings: int
    versions: dict[str, str]
    seeds: tuple[int, ...]
    sha256: Digests

    def comparable(self) -> dict[str, Any]:
        """The JSON value without wall time: equal for two runs of the same plan on the same machine."""
        value: dict[str, Any] = _stable(self.model_dump(mode="json"))
        for attack in value["attacks"]:
            del attack["spent"]["seconds"]
        return value


def settled(verdict: Verdict) -> Verdict:
    """The verdict as it will be read again: floats of twelve significant digits, settings as plain JSON."""
    return Verdict.model_validate_json(json.dumps(_stable(verdict.model_dump(mode="json"))))


def write_verdict(verdict: Verdict, path: Path) -> None:
    """Write `verdict.json`: sorted keys, floats of twelve significant digits, a final newline."""
    text = json.dumps(_stable(verdict.model_dump(mode="json")), sort_keys=True, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_verdict(path: Path) -> Verdict:
    """The verdict in a file; raises UsageError if there is none or it is damaged."""
    try:
        return Verdict.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; run 'holdfast check' first, or give a run folder.") from None
    except (pydantic.ValidationError, UnicodeDecodeError):
        raise UsageError(f"{path} is no verdict; run 'holdfast verify' on its run folder to recompute it.") from None


def _stable(value: Any) -> Any:
    """`value` with every float cut to the digits that do not depend on the order of summation."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return {key: _stable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_stable(inner) for inner in value]
    return value
