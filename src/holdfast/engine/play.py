"""One play: an attack with one setting and seed against one model, and the judge's word on all it hands in.

What goes wrong inside an attack or a defence is recorded as a crash of the attempts it hit. It never ends
the run and never becomes a score.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from holdfast.attacks.asking import ask_each, reply_limit
from holdfast.attacks.attack import Answer, Attack, Holdings, PromptAttack, WeightAttack
from holdfast.claims.claim import JudgeChoice
from holdfast.core.errors import BudgetExceeded, TargetUnavailable, UsageError
from holdfast.core.plugins import make
from holdfast.core.records import Attempt, Transcript
from holdfast.engine.cells import Ask, ModelSpec, PlayCell, Result, WorldRef
from holdfast.engine.open_model import Load, from_files, opened
from holdfast.engine.open_world import asked, open_world
from holdfast.engine.store import Store
from holdfast.judges.choose import make_judge
from holdfast.judges.judge import Judge
from holdfast.judges.multiple_choice import MultipleChoice
from holdfast.targets.meter import Meter
from holdfast.targets.metered import grant, own
from holdfast.targets.target import Sampling, Target
from holdfast.worlds.behaviour import Behaviour
from holdfast.worlds.fictional.world import FictionalWorld

HONEST_ACCESS = "query"


class Question(NamedTuple):
    """One behaviour of an ask, at its planned position, with the text to put."""

    ask: Ask
    place: int
    behaviour: Behaviour
    text: str


class Setup(NamedTuple):
    """What a play starts with: the attack, what it attacks and holds, its meter, and an empty table."""

    attack: Attack
    target: Target
    holds: Holdings
    meter: Meter
    table: "Table"


def set_up(cell: PlayCell, store: Store, target: Target | None = None, loader: Load = from_files) -> Setup:
    """Everything a cell names, opened; `target` stands in for the model that it names."""
    if target is None:
        target = opened(
            cell.model, cell.asks[0].world, store, file_only=cell.file_only, again=cell.replay, loader=loader)
    questions = [Question(ask, i, b, text) for ask in cell.asks for i, (b, text) in enumerate(asked(ask))]
    meter = Meter(cell.budget)
    table = Table(cell.judge, questions, rank=cell.rank)
    return Setup(make("attacks", cell.attack), target, _holdings(cell, store, meter, loader), meter, table)


def play(cell: PlayCell, store: Store, target: Target | None = None, loader: Load = from_files) -> Result:
    """Play the cell; every planned attempt is in the result, made, crashed, or lost to the budget.

    `target` stands in for the model that the cell names.
    """
    setup = set_up(cell, store, target, loader)
    attack, target, holds, meter, table = setup
    if isinstance(attack, WeightAttack):
        _edit(cell, attack, target, holds, meter, table)
    else:
        _talk(cell, attack, target, holds, meter, table)
    return result_of(cell, setup)


def result_of(cell: PlayCell, setup: Setup) -> Result:
    """What a finished play found."""
    return Result(
        attempts=tuple(setup.table.attempts),
        spent=setup.meter.spent(),
        read=tuple(b.id for b, _ in asked(cell.known)) if cell.known else (),
        crash=setup.table.crash,
        budget_exceeded=setup.meter.refused(),
    )


def _holdings(cell: PlayCell, store: Store, meter: Meter, loader: Load) -> Holdings:
    def held(model: ModelSpec | None) -> Target | None:
        if model is None:
            return None
        world = cell.asks[0].world
        return own(opened(model, world, store, file_only=False, again=cell.replay, loader=loader), meter)

    known = [b for b, _ in asked(cell.known)] if cell.known else []
    benign = [b for b, _ in asked(cell.benign)] if cell.benign else []
    return Holdings(known=known, benign=benign, attacker=held(cell.attacker), base=held(cell.base))


class Table:
    """Collects judged attempts of one play, in planned order."""

    def __init__(self, choice: JudgeChoice, questions: Sequence[Question], *, rank: bool) -> None:
        self._rank = rank
        self.questions = list(questions)
        self.attempts: list[Attempt] = []
        self.crash: str | None = None
        self._judges = {ask: _judge(choice, ask) for ask in dict.fromkeys(q.ask for q in questions)}

    def of(self, ask: Ask) -> list[Question]:
        """The questions of one ask, in planned order."""
        return [q for q in self.questions if q.ask == ask]

    def ask(self, target: Target, step: int) -> None:
        """Put every question to a model in its fixed phrasing, as the game does with what was submitted."""
        for ask, judge in self._judges.items():
            mine = self.of(ask)
            answers = _fixed(target, judge, mine)
            self.add(ask, [(q, (a,)) for q, a in zip(mine, answers, strict=True)], step, target)

    def add(
        self, ask: Ask, handed_in: Sequence[tuple[Question, tuple[Answer, ...]]], step: int, target: Target
    ) -> None:
        """Judge what was handed in on one ask, batch first."""
        judge = self._judges[ask]
        flat = [(q, n, answer) for q, answers in handed_in for n, answer in enumerate(answers)]
        live = [(q, answer) for q, _, answer in flat if answer.reply is not None]
        judgements = iter(judge.judge([q.behaviour for q, _ in live], [str(a.reply) for _, a in live]))
        wanted = _logprobs(target, [q for q, _, _ in flat], [a for _, _, a in flat]) if self._rank else ()
        logprobs = iter(wanted or [None] * len(flat))
        for question, number, answer in flat:
            judgement = next(judgements) if answer.reply is not None else None
            self.attempts.append(
                Attempt(
                    behaviour=question.behaviour.id,
                    split=question.ask.split,
                    index=question.place,
                    transcript=answer.transcript,
                    reply=answer.reply,
                    won=judgement.won if judgement else None,
                    refused=judgement.refused if judgement else False,
                    crash=answer.crash,
                    step=step,
                    submission=number,
                    queries=answer.queries,
                    answer_logprob=next(logprobs),
                )
            )

    def lose_rest(self, steps: Sequence[int], refused: bool) -> None:
        """Record the attempts that were planned and not made: lost where the budget was refused, else crashed.

        An attack that ends before its last checkpoint without being stopped has failed, and shows nothing.
        """
        made = {(a.split, a.behaviour, a.step) for a in self.attempts}
        rest = any((q.ask.split, q.behaviour.id, step) not in made for step in steps for q in self.questions)
        if rest and not refused and self.crash is None:
            self.crash = "the attack ended before it had handed in all that was planned"
        for step in steps:
            for q in self.questions:
                if (q.ask.split, q.behaviour.id, step) not in made:
                    self.attempts.append(
                        Attempt(
                            behaviour=q.behaviour.id,
                            split=q.ask.split,
                            index=q.place,
                            transcript=Transcript.ask(q.text),
                            reply=None,
                            won=None if self.crash else False,
                            crash=self.crash,
                            step=step,
                        )
                    )


def _judge(choice: JudgeChoice, ask: Ask) -> Judge:
    """The claim's judge for hazards; for benign questions the world's own, since answering those is no harm."""
    hazardous = any(b.hazardous for b, _ in asked(ask))
    return _made(choice if hazardous else JudgeChoice(), ask.world)


@lru_cache(maxsize=8)
def _made(choice: JudgeChoice, world: WorldRef) -> Judge:
    """A judge, which holds no more than its world and its settings, once a worker."""
    return make_judge(choice, open_world(world))


def _fixed(target: Target, judge: Judge, questions: Sequence[Question]) -> list[Answer]:
    prompts = [Transcript.ask(q.text) for q in questions]
    if isinstance(judge, MultipleChoice):
        letters = judge.answers(target, [q.behaviour for q in questions])
        return [Answer(transcript=p, reply=letter) for p, letter in zip(prompts, letters, strict=True)]
    # Room for twice the true answer, so that a model which talks around it is not cut off.
    limit = reply_limit(target, [q.behaviour for q in questions], stretch=2)
    answers = ask_each(target, prompts, Sampling(max_new_tokens=limit))
    return [a or Answer(transcript=p, reply=None) for a, p in zip(answers, prompts, strict=True)]


def _logprobs(target: Target, questions: Sequence[Question], answers: Sequence[Answer]) -> list[float | None]:
    """Mean log-probability a token of the true answer where it was asked, in the form that is likelier.

    None where it cannot be had.
    """
    if target.logits is None or not all(q.behaviour.answer for q in questions):
        return [None] * len(questions)
    prompts = [a.transcript for a in answers]
    forms = [[str(q.behaviour.answer) for q in questions]]
    world = open_world(questions[0].ask.world) if questions else None
    if isinstance(world, FictionalWorld):
        forms.append([world.encode(answer) for answer in forms[0]])
    found = [[float(each.mean()) for each in target.logits(prompts, form)] for form in forms]
    return [max(each) for each in zip(*found, strict=True)]


def _edit(
    cell: PlayCell, attack: WeightAttack, target: Target, holds: Holdings, meter: Meter, table: Table
) -> None:
    """Let the attack train, and ask its model at each checkpoint; step 0 is the model as it was found.

    The attacker may look at its own copies as often as it likes; what is metered is training, and the one
    model that is handed in when a play has a single checkpoint.
    """
    wanted = [s for s in cell.checkpoints if s > 0]
    if 0 in cell.checkpoints:
        table.ask(target, 0)
    if target.weights is None:
        raise UsageError(f"{target.name} has no weights to edit; remove 'weights' from threat_model.access.")
    # The attack always plans for the whole budget, so that a schedule does not depend on where it is stopped.
    planned = sorted({*wanted, cell.budget.steps or 0})
    run = attack.edit(grant(target, cell.access, meter), holds, planned, cell.seed) if wanted else ()
    try:
        for step, model in run:
            if meter.refused():
                break           # whatever comes after a refusal is out of the model
            if step in wanted:
                table.ask(target.weights.view(model), step)
            if step >= wanted[-1]:
                break
        if len(cell.checkpoints) == 1:
            meter.spend(submissions=1)
    except BudgetExceeded:
        pass                    # the meter remembers; what lies beyond is lost
    except (UsageError, TargetUnavailable):
        raise
    except Exception as error:  # noqa: BLE001 - whatever an attack raises is its crash, counted as such
        table.crash = f"{type(error).__name__}: {error}"
    table.lose_rest(cell.checkpoints, meter.refused() is not None)


def _talk(
    cell: PlayCell, attack: PromptAttack, target: Target, holds: Holdings, meter: Meter, table: Table
) -> None:
    """Let the attack talk to the model about every behaviour."""
    access = tuple({*cell.access, HONEST_ACCESS})
    granted = grant(target, access, meter)
    for ask in cell.asks:
        mine = table.of(ask)
        # The phrasing that an ask wants is put as the behaviour's fixed question.
        behaviours = [q.behaviour.model_copy(update={"question": q.text}) for q in mine]
        try:
            answers = attack.ask(granted, behaviours, holds, cell.budget.submissions, cell.seed)
            table.add(ask, list(zip(mine, answers, strict=True)), 0, target)
            meter.spend(submissions=sum(map(len, answers)))
        except BudgetExceeded:
            continue            # the meter remembers; what was not asked is lost
        except (UsageError, TargetUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever an attack raises is its crash, counted as such
            table.crash = f"{type(error).__name__}: {error}"
    table.lose_rest((0,), refused=True)     # an attack that talks may leave out whom it has no queries left for
