"""Cells: content-addressed units of work.

A cell's configuration says everything that its result depends on, so its digest is its address: equal
cells are computed once, also across claims, and a changed input is a new cell. What a result is *for*
(its role and purpose in a claim) is not in the configuration; that belongs to the `Request`.
"""

from typing import Any, Literal

from pydantic import Field

from holdfast.claims.claim import JudgeChoice
from holdfast.claims.endpoint import HOW_REACHED, Endpoint
from holdfast.claims.goal import UsePart
from holdfast.claims.threat_model import Budget
from holdfast.core.evidence import Altered, Fault, Purpose, Role, Sample, Trace, Training
from holdfast.core.records import Attempt, Record, Spent, Transcript, digest
from holdfast.worlds.fictional.spec import WorldSpec

FORMAT = 3
"""Raised whenever the meaning of a cell's result changes, so that old cells are not taken for new ones."""


class ModelSpec(Record):
    """A model to load: where its files are, what they contain, and which defences go on it.

    `sha` is the digest of the files' content; `source` is only where to find them and does not enter
    the address. For a served model `source` is the address of its server, and `sha` the digest of that and
    of its name there. `code` holds the digests of defences that come from files of the user's own.
    """

    source: str
    sha: str
    defences: tuple[UsePart, ...] = ()
    guard: tuple[str, ...] = ()
    retain: tuple[str, ...] = ()
    families: tuple[str, ...] | None = None    # the phrasing families that defences learn from; None for all
    code: tuple[str, ...] = ()
    build: int = 0
    ablate: bool = False
    dtype: str = "float32"
    device_map: str = "cpu"
    endpoint: Endpoint | None = None


class WorldRef(Record):
    """Where behaviours come from: the fictional world of a specification, or a file (by content)."""

    fictional: WorldSpec | None = None
    path: str | None = None
    sha: str


class Ask(Record):
    """One split to ask: from which world, how many behaviours, in which phrasing, only some of them."""

    world: WorldRef
    split: str
    limit: int | None = None
    phrasing: Literal["fixed", "unseen"] = "fixed"
    families: tuple[str, ...] | None = None    # the phrasing families that may be used; None for all
    only: tuple[str, ...] | None = None
    reassigned: int | None = None              # seed by which each question gets another's answer: a new task


class BuildCell(Record):
    """Apply the weight defences of a model specification; the artifact is a model folder."""

    kind: Literal["build"] = "build"
    format: int = FORMAT
    model: ModelSpec
    world: WorldRef


class PlayCell(Record):
    """Play one attack, with one setting and seed, against one model, and judge what it hands in."""

    kind: Literal["play"] = "play"
    format: int = FORMAT
    model: ModelSpec
    file_only: bool                      # the attacker holds the file: defences around the model are not in it
    attack: UsePart
    code: str | None = None              # digest of an attack that comes from a file of the user's own
    seed: int
    access: tuple[str, ...]
    budget: Budget
    known: Ask | None
    benign: Ask | None = None
    base: ModelSpec | None = None        # models of the attacker's own
    attacker: ModelSpec | None = None
    asks: tuple[Ask, ...]
    checkpoints: tuple[int, ...] = ()
    judge: JudgeChoice
    judge_sha: str
    rank: bool = False                   # whether settings are to be told apart by the answers' log-probability
    replay: int = 0


class ProbeCell(Record):
    """Teacher-forced log-probabilities of known answers on two models (twice on the first), and an ablation."""

    kind: Literal["probe"] = "probe"
    format: int = FORMAT
    before: ModelSpec
    after: ModelSpec
    ablation: ModelSpec | None
    asks: tuple[Ask, ...]


class JudgeCell(Record):
    """Show the judge replies whose right label is known."""

    kind: Literal["judge"] = "judge"
    format: int = FORMAT
    judge: JudgeChoice
    judge_sha: str
    ask: Ask


class InsideCell(Record):
    """Look inside a model: what it holds that it does not say, beside a knowing and a never-taught model."""

    kind: Literal["inside"] = "inside"
    format: int = FORMAT
    model: ModelSpec
    full: ModelSpec
    never: ModelSpec
    learnt: Ask                          # hazards that probes and the short relearning learn from
    asked: Ask                           # hazards that are then looked for
    benign: Ask
    seed: int = 0


class SampleCell(Record):
    """Measure what the check of an assumption reads. `asked` are texts that attackers sent, by behaviour."""

    kind: Literal["sample"] = "sample"
    format: int = FORMAT
    model: ModelSpec
    control: ModelSpec | None
    assumption: UsePart
    code: str | None = None
    hazards: Ask
    benign: Ask | None
    asked: tuple[tuple[str, str], ...]
    judge: JudgeChoice
    judge_sha: str
    seed: int = 0


class TraceCell(Record):
    """Put prompts to a system, and note every call that the defences around its model make."""

    kind: Literal["trace"] = "trace"
    format: int = FORMAT
    model: ModelSpec
    ask: Ask
    prompts: tuple[tuple[str, Transcript], ...]
    judge: JudgeChoice
    judge_sha: str


class HybridCell(Record):
    """A play against the system with some assumptions of its guarantee made true by construction."""

    kind: Literal["hybrid"] = "hybrid"
    format: int = FORMAT
    play: PlayCell
    guarantee: UsePart
    code: str | None = None
    slots: tuple[str, ...]


class FaultCell(Record):
    """A play against the system while one of the defences around its model fails; `layer` numbers its defences."""

    kind: Literal["fault"] = "fault"
    format: int = FORMAT
    play: PlayCell
    layer: int
    fault: Fault


Cell = BuildCell | PlayCell | ProbeCell | JudgeCell | InsideCell | SampleCell | TraceCell | HybridCell | FaultCell


def played(cell: Cell) -> PlayCell | None:
    """The play that a cell makes, against whatever system; None for one that makes none."""
    if isinstance(cell, HybridCell | FaultCell):
        return cell.play
    return cell if isinstance(cell, PlayCell) else None


def address(cell: Cell) -> str:
    """The cell's address: the digest of its configuration without the places its inputs were found in."""
    return address_of(cell.model_dump(mode="json"))


def address_of(config: dict[str, Any]) -> str:
    """The address of a cell's configuration as JSON, also of one that an older version wrote."""
    return digest(_without_places(config))


BUNDLED = "lora"
"""The attack whose plays may be made many at once."""


def bundle_key(cell: PlayCell) -> str:
    """What plays must have in common to be made in one go: all but the attack's settings and the seed."""
    return digest(_without_places(cell.model_dump(mode="json", exclude={"attack", "seed"})))


def _without_places(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_places(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    # Only a place that stands beside the digest of what is there may be left out.
    places: tuple[str, ...] = ("source", "path") if "sha" in value else ()
    if set(value) == set(Endpoint.model_fields):
        places = HOW_REACHED        # no reply depends on these
    return {key: _without_places(inner) for key, inner in value.items() if key not in places}


class Result(Record):
    """What a cell found; which fields are filled depends on its kind."""

    attempts: tuple[Attempt, ...] = ()
    spent: Spent = Spent()
    read: tuple[str, ...] = ()
    crash: str | None = None
    budget_exceeded: str | None = None
    met: bool = True                     # whether anything met a layer that was made to fail
    logprobs: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    items: tuple[str, ...] = ()
    judge: dict[str, int] | None = None
    training: tuple[Training, ...] = ()
    inside: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    sample: Sample | None = None
    traces: tuple[Trace, ...] = ()


class Request(Record):
    """A cell, and what a claim wants it for."""

    cell: Cell
    role: Role = "system"
    purpose: Purpose = "answers"
    attack: str = ""
    defence: str = ""
    alone: bool = False                  # whether the defence is probed without others around the model
    slot: str = ""                       # of the guarantee, whose assumption is sampled
    altered: Altered | None = None       # what was done to the system's layers first
    needs: tuple[str, ...] = ()          # addresses of cells that must be done first
