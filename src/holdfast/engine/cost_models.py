"""What each kind of cell costs, from the processor time of small ones."""

from collections.abc import Callable, Sequence
from statistics import fmean

from holdfast.core.plugins import load_plugin
from holdfast.core.records import Record, digest
from holdfast.engine.cells import (
    Ask,
    BuildCell,
    Cell,
    ModelSpec,
    PlayCell,
    ProbeCell,
    Request,
    SampleCell,
    TraceCell,
    played,
)
from holdfast.engine.layers import in_file
from holdfast.engine.open_world import asked

FEW, MORE = 4, 16                   # behaviours
STEPS, MORE_STEPS, LOOKS = 2, 12, 6
BUILD_STEPS = (4, 16)
SETTINGS = 4                        # settings of one attack to time


class Timed(Record):
    """One small cell: processor and clock seconds, the queries that it spent, the share of its attempts that won."""

    seconds: float
    clock: float
    started: float                  # what the worker had used before
    queries: int
    won: float


Cost = Callable[[Request], float]
"""Processor seconds of a cell."""

Clock = Callable[[Sequence[Cell]], list[Timed]]
"""Plays small cells, on all workers at once."""


def cost(
    cells: Sequence[Cell], explore: Ask, timed: Clock, untimed: list[str]
) -> Cost:
    """What the cells of one kind cost, from small ones that are timed; what cannot be timed is named in `untimed`."""
    first = cells[0]
    if isinstance(first, PlayCell):
        plays = [cell for cell in cells if isinstance(cell, PlayCell)]
        if first.model.endpoint is not None:
            untimed.append(f"{first.attack.use} on the server")
            return lambda request: 0.0
        return _weight_cost(plays, explore, timed) if first.checkpoints else _prompt_cost(plays, explore, timed)
    if isinstance(first, BuildCell):
        return _build_cost(first, timed, untimed)
    if isinstance(first, ProbeCell):
        return _probe_cost(first, explore, timed, untimed)
    if isinstance(first, SampleCell | TraceCell):       # what they would be put shows only in the run
        untimed.append("what its assumptions sample" if isinstance(first, SampleCell) else "traces of its defences")
        return lambda request: 0.0
    (judge,) = timed([first])
    return lambda request: judge.seconds


def _prompt_cost(cells: Sequence[PlayCell], explore: Ask, timed: Clock) -> Cost:
    """A + B n for n behaviours, and no more behaviours than the budget's queries reach."""
    most = len(asked(explore))
    few, many = min(FEW, most), min(MORE, most)
    little, large = timed([small(cells[0], explore, n, ()) for n in (few, many)])
    each = _slope(little.seconds, large.seconds, many - few)
    limit = cells[0].budget.queries
    reach = limit * many / large.queries if limit and large.queries else None
    factor = _by_settings(cells, lambda c: small(c, explore, few, ()), timed)

    def seconds(request: Request) -> float:
        cell = _as_play(request)
        n = sum(len(asked(ask)) for ask in cell.asks)
        return factor(cell) * max(0.0, large.seconds + each * (min(n, reach or n) - many))
    return seconds


def _weight_cost(cells: Sequence[PlayCell], explore: Ask, timed: Clock) -> Cost:
    """A + B steps + looks (C + D n)."""
    most = len(asked(explore))
    few, many = min(FEW, most), min(MORE, most)
    looks = tuple(range(1, LOOKS + 1))
    base, longer, watched, wide = timed([
        small(cells[0], explore, few, (STEPS,)),
        small(cells[0], explore, few, (MORE_STEPS,)),
        small(cells[0], explore, few, (*looks, MORE_STEPS)),
        small(cells[0], explore, many, (*looks, MORE_STEPS)),
    ])
    step = _slope(base.seconds, longer.seconds, MORE_STEPS - STEPS)
    look = _slope(longer.seconds, watched.seconds, LOOKS)
    each = _slope(watched.seconds, wide.seconds, (LOOKS + 1) * (many - few))
    fixed = max(0.0, base.seconds - STEPS * step - look)
    factor = _by_settings(cells, lambda c: small(c, explore, few, (MORE_STEPS,)), timed)

    def seconds(request: Request) -> float:
        cell = _as_play(request)
        asking = sum(look + each * (len(asked(ask)) - few) for ask in cell.asks)
        return fixed + factor(cell) * step * max(cell.checkpoints) + max(0.0, asking) * len(cell.checkpoints)
    return seconds


def _by_settings(
    cells: Sequence[PlayCell], shrunk: Callable[[PlayCell], PlayCell], timed: Clock
) -> Callable[[PlayCell], float]:
    """How much the settings of a cell cost beside those of the first; the mean where they were not timed."""
    chosen: dict[str, PlayCell] = {}
    for cell in cells:
        if len(chosen) < SETTINGS:
            chosen.setdefault(digest(cell.attack.settings), cell)
    if len(chosen) == 1:
        return lambda cell: 1.0
    found = timed([shrunk(cell) for cell in chosen.values()])
    ratios = {key: each.seconds / found[0].seconds for key, each in zip(chosen, found, strict=True)}
    mean = fmean(ratios.values())
    # Which settings are submitted in the end shows only in the run.
    return lambda cell: ratios.get(digest(cell.attack.settings), mean)


def _build_cost(cell: BuildCell, timed: Clock, untimed: list[str]) -> Cost:
    """A + B steps where the defences train by a setting `steps`; else the whole build."""
    kinds = [load_plugin("defences", d.use) for d in cell.model.defences]
    if any(kind.needs_recipe for kind in kinds):
        untimed.append("the organism that " + ", ".join(d.use for d in cell.model.defences) + " builds")
        return lambda request: 0.0
    training = [kind for kind in kinds if "steps" in kind.model_fields]
    if not training:
        (whole,) = timed([cell])
        return lambda request: whole.seconds
    few, many = timed([_short(cell, steps) for steps in BUILD_STEPS])
    step = _slope(few.seconds, many.seconds, BUILD_STEPS[1] - BUILD_STEPS[0])
    planned = max(float(str(d.settings.get("steps", k.model_fields["steps"].default)))
                  for d, k in zip(cell.model.defences, kinds, strict=True) if k in training)
    return lambda request: few.seconds + step * (planned - BUILD_STEPS[0])


def _probe_cost(
    cell: ProbeCell, explore: Ask, timed: Clock, untimed: list[str]
) -> Cost:
    if cell.before.endpoint is not None:
        untimed.append("the probes of the server")
        return lambda request: 0.0
    most = len(asked(explore))
    few, many = min(FEW, most), min(MORE, most)
    models = {name: None if spec is None else _unbuilt(spec)
              for name, spec in (("before", cell.before), ("after", cell.after), ("ablation", cell.ablation))}
    little, large = timed([
        cell.model_copy(update={**models, "asks": (_limited(explore, n),)}) for n in (few, many)])
    each = _slope(little.seconds, large.seconds, many - few)

    def seconds(request: Request) -> float:
        asks = request.cell.asks if isinstance(request.cell, ProbeCell) else ()
        return max(0.0, large.seconds + each * (sum(len(asked(ask)) for ask in asks) - many))
    return seconds


def small(cell: PlayCell, explore: Ask, behaviours: int, checkpoints: tuple[int, ...]) -> PlayCell:
    """The same play on few explore behaviours, its queries cut alike, and no further than the last checkpoint."""
    budget = cell.budget
    share = behaviours / max(1, len(asked(explore)))
    cut: dict[str, object] = {} if budget.queries is None else {"queries": max(1, round(budget.queries * share))}
    if checkpoints and budget.steps is not None:
        cut["steps"] = max(1, *checkpoints)
    return cell.model_copy(update={
        "model": _unbuilt(cell.model), "asks": (_limited(explore, behaviours),), "checkpoints": checkpoints,
        "budget": budget.model_copy(update=cut), "replay": 0})


def _unbuilt(model: ModelSpec) -> ModelSpec:
    """Without the defences in its file, which change what the weights are and not how many."""
    return model.model_copy(update={"defences": tuple(d for d in model.defences if not in_file(d))})


def _short(cell: BuildCell, steps: int) -> BuildCell:
    defences = tuple(
        d.model_copy(update={"settings": {**d.settings, "steps": steps}})
        if "steps" in load_plugin("defences", d.use).model_fields else d
        for d in cell.model.defences)
    return cell.model_copy(update={"model": cell.model.model_copy(update={"defences": defences})})


def _limited(ask: Ask, behaviours: int) -> Ask:
    return ask.model_copy(update={"limit": behaviours, "only": None})


def _as_play(request: Request) -> PlayCell:
    play = played(request.cell)
    if play is None:
        raise AssertionError("the cost of a play was asked for another cell")
    return play


def _slope(small: float, large: float, steps: int) -> float:
    return max(0.0, (large - small) / steps) if steps else 0.0
