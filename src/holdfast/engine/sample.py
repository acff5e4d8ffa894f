"""The sampler of an assumption, run on the models of a claim."""

from holdfast.assumptions.assumption import SampledAssumption, Subject
from holdfast.core.errors import TargetUnavailable, UsageError
from holdfast.core.evidence import Sample
from holdfast.core.plugins import make
from holdfast.engine.cells import ModelSpec, Result, SampleCell
from holdfast.engine.open_model import Load, from_files, opened
from holdfast.engine.open_world import asked, open_world
from holdfast.engine.store import Store
from holdfast.judges.choose import make_judge
from holdfast.targets.target import Target
from holdfast.worlds.behaviour import Behaviour


def sample(cell: SampleCell, store: Store, loader: Load = from_files) -> Result:
    """What was measured; whatever a sampler raises is its crash, and never a number."""
    assumption: SampledAssumption = make("assumptions", cell.assumption)
    try:
        return Result(sample=assumption.sample(_subject(cell, store, loader)))
    except TargetUnavailable:
        raise
    except UsageError as error:     # all else has been played by now, and is not lost for want of an assumption
        return Result(sample=Sample(crash=str(error).rstrip(".")))
    except Exception as error:  # noqa: BLE001 - a sampler that dies leaves its assumption untested
        return Result(sample=Sample(crash=f"{type(error).__name__}: {error}"))


def _subject(cell: SampleCell, store: Store, loader: Load) -> Subject:
    world = cell.hazards.world
    judge = make_judge(cell.judge, open_world(world))
    hazards = [_as_asked(b, text) for b, text in asked(cell.hazards)]

    def model(spec: ModelSpec, *, file_only: bool) -> Target:
        return opened(spec, world, store, file_only=file_only, loader=loader)

    by_id = {b.id: b for b in hazards}
    return Subject(
        system=model(cell.model, file_only=False),
        model=model(cell.model, file_only=True),
        control=model(cell.control, file_only=False) if cell.control else None,
        hazards=hazards,
        benign=[_as_asked(b, text) for b, text in asked(cell.benign)] if cell.benign else [],
        won=lambda behaviour, reply: judge.judge([behaviour], [reply])[0].won is True,
        refused=lambda reply: judge.judge(hazards[:1], [reply])[0].refused,
        asked=[(by_id[behaviour], text) for behaviour, text in cell.asked],
        seed=cell.seed,
    )


def _as_asked(behaviour: Behaviour, text: str) -> Behaviour:
    return behaviour.model_copy(update={"question": text})
