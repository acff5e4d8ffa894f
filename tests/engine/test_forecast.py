"""The time of a run: the cells it needs, what each costs, and how the workers share them."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.engine.small_claim import BY_ASKING, small_claim, write_claim

from holdfast.claims.goal import UsePart
from holdfast.claims.load import parse_claim, read_claim
from holdfast.engine.cells import Ask, BuildCell, Cell, ModelSpec, PlayCell, ProbeCell, Request, address
from holdfast.engine.context import Context, resolve
from holdfast.engine.cost_models import Timed, cost, small
from holdfast.engine.forecast import forecast
from holdfast.engine.imagined import LIKELY, LONG, SHORT, questions, walk
from holdfast.engine.open_world import asked
from holdfast.engine.schedule import seconds_of

WEIGHTS = {"fixed": 0.5, "step": 0.02, "look": 0.3, "each": 0.01}


@pytest.fixture(scope="module")
def context() -> Context:
    return resolve(parse_claim(small_claim(attacks=["fine-tune", "lora"]), "a claim"), lambda _: None)


@pytest.fixture(scope="module")
def rounds(context: Context) -> list[list[Request]]:
    return walk(context, LONG, control_refuses=True)


def plays(rounds: list[list[Request]], purpose: str, attack: str | None = None) -> list[PlayCell]:
    return [r.cell for batch in rounds for r in batch
            if isinstance(r.cell, PlayCell) and r.purpose == purpose and attack in (None, r.attack)]


class Fake:
    """Plays of exactly linear cost."""

    def __init__(self) -> None:
        self.played: list[Cell] = []

    def __call__(self, cells: Sequence[Cell]) -> list[Timed]:
        self.played += cells
        return [Timed(seconds=self.seconds(c), clock=0.0, started=0.0, queries=self.queries(c), won=0.0)
                for c in cells]

    def seconds(self, cell: Cell) -> float:
        if isinstance(cell, BuildCell):
            return 1.0 + 0.05 * float(str(cell.model.defences[0].settings["steps"]))
        if isinstance(cell, ProbeCell):
            return 2.0 + 0.1 * sum(len(asked(ask)) for ask in cell.asks)
        if not isinstance(cell, PlayCell):
            return 3.0
        counts = [len(asked(ask)) for ask in cell.asks]
        if not cell.checkpoints:
            return 0.5 + 0.1 * sum(counts)
        look = sum(WEIGHTS["look"] + WEIGHTS["each"] * n for n in counts)
        return WEIGHTS["fixed"] + WEIGHTS["step"] * max(cell.checkpoints) + look * len(cell.checkpoints)

    def queries(self, cell: Cell) -> int:
        return 10 * sum(len(asked(ask)) for ask in cell.asks) if isinstance(cell, PlayCell) else 0


def request(number: int, *needs: int) -> Request:
    return Request(cell=cell(number), needs=tuple(address(cell(n)) for n in needs))


def cell(number: int) -> Cell:
    world = resolve(parse_claim(small_claim(), "a claim"), lambda _: None).explore.world
    return BuildCell(model=ModelSpec(source="", sha=str(number)), world=world)


def test_a_round_is_shared_by_the_workers_in_planned_order() -> None:
    took = {address(cell(n)): s for n, s in enumerate((3.0, 2.0, 2.0, 1.0))}
    requests = [request(n) for n in range(4)]

    def seconds(r: Request) -> float:
        return took[address(r.cell)]

    assert seconds_of(requests, seconds, 1) == 8
    assert seconds_of(requests, seconds, 2) == 4       # 3+1 beside 2+2
    assert seconds_of(requests, seconds, 9) == 3
    # The third waits for the first, and the fourth for the third.
    assert seconds_of([request(0), request(1), request(2, 0), request(3, 2)], seconds, 2) == 6
    assert seconds_of([], seconds, 2) == 0


def test_the_walk_asks_for_each_cell_once_and_replays_only_what_was_won(context: Context) -> None:
    short, likely, long = (walk(context, guess, control_refuses=True) for guess in (SHORT, LIKELY, LONG))
    for found in (short, likely, long):
        keys = [address(r.cell) for batch in found for r in batch]
        assert len(keys) == len(set(keys))
    assert plays(short, "replay") == []
    assert len(plays(long, "replay")) == 2 * context.claim.statistics.seeds
    steps = [{cell.checkpoints for cell in plays(found, "sealed", "lora")} for found in (short, likely, long)]
    assert steps[2] == {(plays(long, "explore", "lora")[0].checkpoints[-1],)}
    assert max(steps[0]) < max(steps[1]) < max(steps[2])


def test_only_small_explore_plays_are_rehearsed(context: Context, rounds: list[list[Request]]) -> None:
    for played in plays(rounds, "sealed", "lora"):
        made = small(played, context.explore, 3, (2,))
        assert {ask.split for ask in made.asks} == {"hazards/explore"}
        assert sum(len(asked(ask)) for ask in made.asks) == 3
        assert (made.checkpoints, made.budget.steps) == ((2,), 2)
        assert made.attack == played.attack


def test_linear_costs_are_found_exactly(context: Context, rounds: list[list[Request]]) -> None:
    clock = Fake()
    for group in (plays(rounds, "explore", "lora"), plays(rounds, "explore", "none")):
        found = cost(group, context.explore, clock, [])
        for purpose in ("explore", "sealed"):
            for played in plays(rounds, purpose, group[0].attack.use):
                assert found(Request(cell=played)) == pytest.approx(clock.seconds(played))
    probe = ProbeCell(before=context.system, after=context.system, ablation=None, asks=(context.explore,))
    both = probe.model_copy(update={"asks": (context.explore, context.sealed)})
    assert cost([probe], context.explore, clock, [])(Request(cell=both)) == pytest.approx(clock.seconds(both))
    assert not {ask.split for c in clock.played for ask in getattr(c, "asks", ())} - {"hazards/explore"}


def test_a_building_is_extrapolated_to_its_steps_and_a_rebuilt_organism_is_not_timed(context: Context) -> None:
    def build(use: str, **settings: object) -> BuildCell:
        defences = (UsePart(use=use, settings=settings),)
        return BuildCell(model=context.system.model_copy(update={"defences": defences}), world=context.explore.world)

    clock = Fake()
    planned = build("refusal-training", steps=200)
    assert cost([planned], context.explore, clock, [])(Request(cell=planned)) == pytest.approx(1 + 0.05 * 200)
    assert all(isinstance(c, BuildCell) and c.model.defences[0].settings["steps"] < 20 for c in clock.played)
    untimed: list[str] = []
    rebuilt = build("filtering")
    assert cost([rebuilt], context.explore, clock, untimed)(Request(cell=rebuilt)) == 0
    assert "filtering" in untimed[0]


def test_a_query_budget_caps_what_a_prompt_attack_costs(context: Context, rounds: list[list[Request]]) -> None:
    """The fake spends ten queries a behaviour; a budget of forty reaches four of them."""
    played = plays(rounds, "sealed", "none")[0]
    poor = played.model_copy(update={"budget": played.budget.model_copy(update={"queries": 40})})
    found = cost([poor], context.explore, Fake(), [])
    assert found(Request(cell=poor)) == pytest.approx(0.5 + 0.1 * 4)


def test_settings_that_take_longer_cost_more(context: Context, rounds: list[list[Request]]) -> None:
    class Slow(Fake):
        def seconds(self, cell: Cell) -> float:
            slow = isinstance(cell, PlayCell) and cell.attack.settings.get("batch") == 32
            return super().seconds(cell) * (2 if slow else 1)

    first = plays(rounds, "explore", "lora")[0]
    second = first.model_copy(update={"attack": UsePart(use="lora", settings={"batch": 32})})
    found = cost([first, second], context.explore, Slow(), [])
    training = WEIGHTS["step"] * max(first.checkpoints)
    assert found(Request(cell=second)) - found(Request(cell=first)) == pytest.approx(training)


def test_questions_are_counted_over_checkpoints(context: Context, rounds: list[list[Request]]) -> None:
    for batch in rounds:
        for each in batch:
            if isinstance(each.cell, PlayCell):
                asks: tuple[Ask, ...] = each.cell.asks
                assert questions(each) == sum(len(asked(a)) for a in asks) * max(1, len(each.cell.checkpoints))


@pytest.mark.slow
def test_a_claim_on_a_model_at_hand_is_rehearsed_in_workers(tmp_path: Path) -> None:
    found = forecast(read_claim(write_claim(tmp_path)), workers=2)
    assert found is not None
    assert 0 < found.low <= found.seconds <= found.high
    assert 0 < found.cells <= found.most_cells
    assert found.untimed == ()
    assert not list(tmp_path.glob("**/cells"))


def test_an_organism_that_is_yet_to_be_built_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "cache"))
    assert forecast(read_claim(write_claim(tmp_path)), workers=2) is None
    assert not (tmp_path / "cache").exists()


STACK = {
    "system": {"target": "organism:mini/full", "defences": ["logit-mask", "keyword-input-filter"]},
    "threat_model": BY_ASKING,
    "attacks": ["rephrase"],
    "statistics": {"seeds": 1},
}
GROUNDS = STACK | {
    "system": {"target": "organism:mini/full", "defences": ["smoothllm"]}, "guarantee": "smoothed-majority"}


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        (STACK | {"goal": {"promise": "rate <= 0.2", "fails": "closed"}}, {"play", "probe", "judge", "fault"}),
        (GROUNDS, {"play", "probe", "judge", "sample", "trace", "hybrid"}),
    ],
)
def test_stacks_and_grounds_are_walked_through_and_rehearsed_like_any_other_play(
    tmp_path: Path, changes: dict[str, object], kinds: set[str]
) -> None:
    claim = read_claim(write_claim(tmp_path, **changes), ())
    walked = walk(resolve(claim, lambda _: None), LONG, control_refuses=True)
    assert {r.cell.kind for batch in walked for r in batch} - {"build"} == kinds
    found = forecast(claim, 1)
    assert found is not None
    assert found.most_cells >= sum(map(len, walked)) > 0
    assert any("assumptions" in each for each in found.untimed) == ("sample" in kinds)
