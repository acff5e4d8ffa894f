"""Security levels to print: some attacks that win, some that do not, hostile names."""

from tests.measures.play_maker import attempts, curve_of, play

from holdfast.claims.threat_model import Budget
from holdfast.core.records import Spent
from holdfast.measures.heuristics import Heuristics
from holdfast.measures.security import SecurityLevel, Setting, security_level

SPLIT, N = "toxins/explore", 20
IDS = [f"b{i}" for i in range(N)]


def letters(wins, crashes=0):
    return "W" * wins + "x" * crashes + "." * (N - wins - crashes)


def trained(attack, won, seed=0, flops=1e9, settings=None, crashes=0):
    last = max(won)
    by_step = {step: letters(w, crashes) for step, w in won.items()}
    spent = Spent(steps=last, tokens=100 * last, samples=4 * last, flops=flops)
    return curve_of(SPLIT, by_step, attack=attack, seed=seed, cell=f"{attack}{seed}", settings=settings or {},
                    spent=spent)


def honest(wins=0):
    return play(attempts(SPLIT, letters(wins)), attack="none", cell="none",
                spent=Spent(queries=N, tokens=20 * N, flops=2e6 * N))


def of(*plays, claim="a-claim", verdict="BROKEN", potent=None, **choices) -> SecurityLevel:
    about = Setting(
        claim=claim, verdict=verdict, game="elicit", explore=SPLIT, sealed="toxins/sealed",
        hazards={SPLIT: IDS, "toxins/sealed": ()}, budget=Budget(), chance={SPLIT: 0.0, "toxins/sealed": 0.0},
        exchangeable=(), potent=potent or {}, alpha=0.05, shown=lambda wins, n: wins / n, beside_never=False)
    return security_level(plays, about, Heuristics.model_validate(choices))


def several(**choices) -> SecurityLevel:
    return of(
        honest(),
        trained("fine-tune", {1: 0, 2: 3, 4: 12, 8: 19}, settings={"lr": 0.001}),
        trained("fine-tune", {1: 1, 2: 2, 4: 8, 8: 18}, seed=1, settings={"lr": 0.001}),
        trained("a-name-that-is-long-enough-to-wrap", {8: 4}, flops=1.25e12),
        trained("crashing", {8: 0}, crashes=12),
        potent={"fine-tune": True, "crashing": False}, **choices)
