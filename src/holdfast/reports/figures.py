"""How numbers and verdicts are put into words; the terminal and the page say them alike.

Lower bounds are rounded down and upper bounds up, so that a printed bound is never better than the true one.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from holdfast.core.records import Spent
from holdfast.measures.counts import Tally
from holdfast.stats.rounding import rounded_down, rounded_up
from holdfast.verdicts.verdict import (
    AttackResult,
    Blame,
    BrokenAt,
    Dependence,
    GateResult,
    GoalResult,
    Name,
    SeedResult,
    StackResult,
    Verdict,
)

METERS = ("queries", "tokens", "steps", "samples", "submissions")

Tone = Literal["good", "fair", "bad", "open"]

NOTHING = "not counted"

RATES = {
    "elicit": "win rate",
    "joint": "win rate of useful models",
    "stability": "share lost against the control",
    "train": "share of a new task lost against the control",
    "live": "share of answers moved",
}


_STATUS: dict[str, Tone] = {"HOLDS": "fair", "BROKEN": "bad", "INCONCLUSIVE": "open"}
_GATES: dict[str, Tone] = {"holds": "good", "fails": "bad", "inconclusive": "open"}


class Look(NamedTuple):
    """How a verdict is shown beside its word: never by colour alone."""

    tone: Tone
    mark: str  # for the page
    meaning: str


LOOKS: dict[Name, Look] = {
    "STANDS": Look("good", "✔", "the goal holds against every potent attack at its budget, on grounds"),
    "CONDITIONAL": Look(
        "fair", "◐", "the goal holds against the attacks listed, and no derivation backs it further"
    ),
    "UNEXPLAINED": Look("open", "?", "the goal holds but an assumption is refuted: only the measured bound stays"),
    "BROKEN": Look("bad", "✘", "a confirmed, replayed break, or a defended model that no longer does its work"),
    "INCONCLUSIVE": Look("open", "…", "the evidence decides neither way"),
    "VOID": Look("open", "∅", "the evidence proves nothing"),
}


def bounds(lower: float | None, upper: float | None) -> str:
    """An interval in words, e.g. ``0.012 to 0.067``; "not counted" where there is none."""
    if lower is None and upper is None:
        return NOTHING
    if lower is None or upper is None:
        return f">= {rounded_down(lower)}" if lower is not None else f"<= {rounded_up(upper or 0.0)}"
    return f"{rounded_down(lower)} to {rounded_up(upper)}"


def goal_rate(goal: GoalResult) -> str:
    """The worst attack's rate, by the bound that decided: below when it holds, above when it is broken."""
    if goal.game == "live":
        return bounds(goal.lower, goal.upper)
    if goal.status == "HOLDS" and goal.upper is not None:
        return f"<= {rounded_up(goal.upper)}"
    if goal.status == "BROKEN" and goal.lower is not None:
        return f">= {rounded_down(goal.lower)}"
    return bounds(goal.lower, goal.upper)


def rate_name(goal: GoalResult) -> str:
    """What the goal's rate is a rate of."""
    return RATES.get(goal.game, "share relearned beyond the never-taught model")


def gate_loss(gate: GateResult) -> str:
    """The measured share lost at one gate, e.g. ``1.2 %``."""
    return f"{100 * gate.lost / gate.n:.1f} %" if gate.n else NOTHING


def utility_loss(verdict: Verdict) -> str:
    """The loss at the utility gate; says so where the claim has none."""
    gate = next((gate for gate in verdict.completeness if gate.name == "utility"), None)
    return gate_loss(gate) if gate else "no gate"


def broken_at(found: BrokenAt | None) -> str:
    """The training step at which the goal was first seen broken, on explore where that was seen."""
    if found is None:
        return "-"
    step = found.step if found.first_step is None else found.first_step
    return f"step {step}" if step else "at once"


def worst(verdict: Verdict) -> str:
    """The worst attack's name."""
    return verdict.goal.worst_attack or "-"


def blamed(blame: Blame) -> str:
    """Who is blamed, e.g. ``assumption low-rank (60 %)``."""
    who = f"{blame.kind} {blame.id}" if blame.id else blame.kind
    return who if blame.share == 1 else f"{who} ({100 * blame.share:.0f} %)"


def sentence(verdict: Verdict) -> str:
    """The verdict's reason and its grounds in one sentence; a ground that only repeats the reason is left out."""
    reason = verdict.reason.rstrip(".")
    grounds = [clause(ground) for ground in verdict.grounds if ground.rstrip(".").lower() not in reason.lower()]
    return f"{reason} (grounds: {'; '.join(grounds)})." if grounds else f"{reason}."


def clause(text: str) -> str:
    """A sentence made fit to stand inside another; a first word with capitals of its own keeps them."""
    first, space, rest = text.rstrip(".").partition(" ")
    return (first.lower() if first.istitle() else first) + space + rest


def scope(verdict: Verdict) -> str:
    """The scope every result carries, starting with "against"."""
    return verdict.against if verdict.against.startswith("against ") else f"against {verdict.against}"


def spent(use: Spent) -> str:
    """What an attack used, unused meters left out, e.g. ``160 queries, 1.2e+12 FLOPs``."""
    counts = {name: getattr(use, name) for name in METERS}
    parts = [f"{count:,} {name}".replace(",", " ") for name, count in counts.items() if count]
    if use.flops:
        parts.append(f"{use.flops:.2g} FLOPs")
    if use.seconds >= 0.1:
        parts.append(f"{use.seconds:.1f} s")
    return ", ".join(parts) or "nothing"


def settings(values: dict[str, object]) -> str:
    """Settings as ``rank=8, lr=0.001``."""
    return ", ".join(f"{name}={value}" for name, value in sorted(values.items())) or "defaults"


def potency(attack: AttackResult) -> str:
    """Whether an attack is known to work; the honest user `none` need not."""
    if attack.potent is None:
        return "exempt" if attack.name == "none" else "not measured"
    return "yes" if attack.potent else "no"


def static_and_adaptive(attack: AttackResult) -> str:
    """Wins on explore, e.g. ``explore: 1/60 static, 51/60 adaptive``."""
    named = (("static", attack.static), ("adaptive", attack.adaptive))
    said = ", ".join(f"{counted(tally)} {name}" for name, tally in named if tally is not None)
    return f"explore: {said or NOTHING}"


def counted(tally: Tally) -> str:
    """Wins of behaviours, e.g. ``1/60``, and what crashed."""
    return f"{tally.wins}/{tally.n}" + (f", {tally.crashed} crashed" if tally.crashed else "")


def goal_tone(goal: GoalResult) -> Tone:
    """The colour of the goal's status."""
    return _STATUS[goal.status]


def seed_tone(seed: SeedResult) -> Tone:
    """The colour of one seed's status."""
    return _STATUS[seed.status]


def gate_tone(gate: GateResult) -> Tone:
    """The colour of a gate's status."""
    return _GATES[gate.status]


def tally(verdicts: Sequence[Verdict]) -> str:
    """How many claims got which verdict, e.g. ``1 STANDS, 2 BROKEN``."""
    counts = [(sum(v.verdict == name for v in verdicts), name) for name in LOOKS]
    return ", ".join(f"{count} {name}" for count, name in counts if count)


def stack_tone(stack: StackResult) -> Tone:
    """The colour of what is left of a promise on an altered stack."""
    return _STATUS[stack.status] if stack.status else "open"


def dependence(found: Dependence, alpha: float) -> str:
    """Whether the layers were seen to fail together more often than independent ones would, as a clause."""
    if not found.together:
        return "nothing got past every layer, each taken alone, so that their dependence does not show"
    if found.chance > alpha:
        return f"no dependence was seen: independent layers let as much through with a chance of {found.chance:.2g}"
    times = f", {found.together / found.independent:.3g} times as often" if found.independent else ""
    return f"the layers fail together{times} as if they were independent (chance {found.chance:.2g})"


def composed(found: Dependence) -> tuple[tuple[str, float | None, float], ...]:
    """What would be left of the risk, in words, as a share, and its upper bound."""
    return (
        ("past each, if layers failed independently", found.independent, found.upper_independent),
        ("past each alone, as found", found.together, found.upper_together),
        ("past each at worst, whatever their dependence", None, found.upper_worst),
        ("past all at once, as measured on the whole", found.whole, found.upper_whole),
    )
