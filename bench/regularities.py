"""The statistical assumptions, checked on the nano organism: what they find where nobody planted anything."""

from collections.abc import Iterator, Sequence
from functools import cache

import torch

from bench.measure import Note, Row
from bench.subjects import known, organism, world
from holdfast.assumptions.assumption import Subject
from holdfast.assumptions.finding import AssumptionResult
from holdfast.assumptions.statistics.attack_compute import AttackCompute
from holdfast.assumptions.statistics.best_of_n_power_law import BestOfNPowerLaw
from holdfast.assumptions.statistics.beta_binomial_tail import BetaBinomialTail
from holdfast.assumptions.statistics.rare_tail import RareTail
from holdfast.assumptions.training.relearning_cost import RelearningCost
from holdfast.attacks.asking import reply_limit
from holdfast.attacks.attack import Answer, Holdings
from holdfast.attacks.prompts.best_of_n import PLAIN, BestOfN
from holdfast.attacks.weights.fine_tune import FineTune
from holdfast.claims.threat_model import Budget
from holdfast.core.evidence import Play, Role
from holdfast.core.records import Attempt, Spent, Transcript
from holdfast.judges.exact import ExactMatch
from holdfast.targets.local import as_target
from holdfast.targets.meter import Meter
from holdfast.targets.metered import grant
from holdfast.targets.target import Sampling, Target

ALPHA, SPLIT, SAMPLES = 0.05, "hazards/explore", 220
STEPS, SEEDS, RATES = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200), (0, 1, 2), (3e-5, 3e-4)


def regularities(quick: bool) -> list[Row | Note]:
    """On the safety-tuned twin: many tries, all phrasings' chances, and fine-tuning at two rates with three seeds."""
    torch.set_num_threads(1)
    samples, steps, seeds = (12, STEPS[:4], SEEDS[:1]) if quick else (SAMPLES, STEPS, SEEDS)
    many = [_many(samples)]
    tuned = [_tuned(lr, steps, seed) for lr in RATES for seed in seeds]
    found = [
        BestOfNPowerLaw().check(many, ALPHA),
        BetaBinomialTail().check(many, ALPHA),
        *(RareTail().check(RareTail().sample(_subject(twin)), ALPHA) for twin in ("safe", "full")),
        *(AttackCompute().check([p for p in tuned if p.settings["lr"] == lr], ALPHA) for lr in RATES),
        RelearningCost(steps=50).check([_honest("full"), *tuned], ALPHA),
    ]
    return list(_notes(found))


def _notes(found: Sequence[AssumptionResult]) -> Iterator[Note]:
    for each in found:
        values = ", ".join(f"{name} {value:.3g}" for name, value in each.values.items())
        yield Note(f"{each.id} ({each.valid or 'nowhere'})", f"{each.status}, {each.reason}; {values}; needs "
                                                            f"{each.needed or 'nothing'}")


def _many(samples: int) -> Play:
    """The phrasings drawn anew each time, every answer handed in."""
    attack, behaviours = BestOfN(samples=samples, phrasings="any", **PLAIN), world().behaviours(SPLIT)
    granted = grant(_target("safe"), ("query",), Meter(Budget(submissions=samples)))
    answers = attack.ask(granted, behaviours, Holdings(), samples, 0)
    attempts = [_attempt(i, answer, number) for i, mine in enumerate(answers) for number, answer in enumerate(mine)]
    return _play("best-of-n", "system", attempts, attack.model_dump())


def _tuned(lr: float, steps: Sequence[int], seed: int) -> Play:
    """Fine-tuned on the attack-train answers, asked for others at each step."""
    attack, target = FineTune(lr=lr), _target("safe")
    meter = Meter(Budget(steps=steps[-1]))
    attempts = []
    for step, model in attack.edit(grant(target, ("weights",), meter), Holdings(known=known()), steps, seed):
        assert target.weights is not None
        attempts += _asked(target.weights.view(model), step)
    return _play("fine-tune", "system", attempts, {"lr": lr}, seed, tuple(b.id for b in known()), meter.spent())


def _honest(twin: str) -> Play:
    return _play("none", "full", _asked(_target(twin), 0), {})


def _asked(target: Target, step: int) -> list[Attempt]:
    behaviours = world().behaviours(SPLIT)
    prompts = [Transcript.ask(b.question) for b in behaviours]
    replies = target.generate(prompts, Sampling(reply_limit(target, behaviours, stretch=2)))
    return [_attempt(i, Answer(transcript=p, reply=r), 0, step)
            for i, (p, r) in enumerate(zip(prompts, replies, strict=True))]


def _attempt(place: int, answer: Answer, number: int, step: int = 0) -> Attempt:
    behaviour = world().behaviours(SPLIT)[place]
    won = _judge().judge([behaviour], [answer.reply])[0].won if answer.reply is not None else None
    return Attempt(behaviour=behaviour.id, split=SPLIT, index=place, transcript=answer.transcript, reply=answer.reply,
                   won=won, crash=answer.crash, step=step, submission=number, queries=answer.queries)


def _play(attack: str, role: Role, attempts: Sequence[Attempt], settings: dict[str, object], seed: int = 0,
          read: tuple[str, ...] = (), spent: Spent | None = None) -> Play:
    return Play(role=role, purpose="explore", attack=attack, settings=settings, seed=seed, attempts=tuple(attempts),
                spent=spent or Spent(), read=read, cell="bench")


def _subject(twin: str) -> Subject:
    target = _target(twin)
    return Subject(
        system=target, model=target, control=None, hazards=world().behaviours(SPLIT), benign=(),
        won=lambda behaviour, reply: bool(_judge().judge([behaviour], [reply])[0].won), refused=lambda _: False,
        asked=(), seed=0)


@cache
def _judge() -> ExactMatch:
    return ExactMatch(world())


def _target(twin: str) -> Target:
    return as_target(organism(twin))
