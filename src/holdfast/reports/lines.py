"""One line for each piece of evidence, so that every export says it alike."""

from holdfast.assumptions.finding import AssumptionKind
from holdfast.reports import figures
from holdfast.stats.rounding import rounded_down, rounded_up
from holdfast.verdicts.verdict import (
    AssumptionResult,
    AttackResult,
    GateResult,
    GuaranteeResult,
    LayersResult,
    LivenessResult,
    StackResult,
    Status,
    Verdict,
    Witness,
)

KINDS: dict[AssumptionKind, str] = {
    "average": " (average case)", "worst": " (worst case)", "extrapolation": " (extrapolated)", "trusted": "",
}
POTENT = {True: "potent", False: "not potent", None: ""}


def attack_line(attack: AttackResult) -> str:
    """An attack's wins over all seeds, and the bound on its worst one."""
    lows = [seed.lower for seed in attack.seeds if seed.lower is not None]
    highs = [seed.upper for seed in attack.seeds if seed.upper is not None]
    bound = ""
    if attack.status == "BROKEN" and lows:
        bound = f"; worst seed at least {rounded_down(max(lows))}"
    elif highs:
        bound = f"; every seed at most {rounded_up(max(highs))}"
    potent = f"; {POTENT[attack.potent]}" if POTENT[attack.potent] else ""
    return f"{attack.name}: {attack.wins} of {attack.attempts} won{bound}{potent}"


def gate_line(gate: GateResult) -> str:
    """What a completeness gate lost, and what it may lose."""
    bound = figures.bounds(gate.lower, gate.upper)
    name = gate.name.replace("_", "-")
    return f"{name} on {gate.split}: {gate.lost} of {gate.n} lost ({bound}), at most {gate.maximum:g} allowed"


def assumption_line(found: AssumptionResult) -> str:
    """An assumption's status with what it rests on: the range it is valid on, bounds and threshold."""
    where = f" on {found.valid}" if found.valid else ""
    about = [f"{found.id} is {found.status}{KINDS[found.kind]}{where}"]
    if found.lower is not None or found.upper is not None:
        limit = f", threshold {found.threshold:g}" if found.threshold is not None else ""
        about.append(f"{found.quantity or 'rate'} {figures.bounds(found.lower, found.upper)}{limit}")
    about += [text.rstrip(".") for text in (found.reason, found.needed and f"needed: {found.needed}") if text]
    return "; ".join(about)


def guarantee_line(given: GuaranteeResult) -> str:
    """The derivation that a claim rests on, and why nothing follows from it where nothing does."""
    short = "" if given.follows else f"; {given.reason.rstrip('.')}"
    return f"Guarantee {given.id}: a {given.derivation} from its assumptions{short}"


def attribution_line(given: GuaranteeResult) -> str:
    """What was asked to find out who failed: hybrids and witnesses; empty where neither was."""
    parts = [
        f"searched anew with {' and '.join(h.enforced)} true by construction, {h.wins} of {h.n} won"
        for h in given.hybrids
    ]
    slots = list(dict.fromkeys(witness.slot for witness in given.witnesses))
    for slot in slots:
        mine = [witness for witness in given.witnesses if witness.slot == slot]
        violating = len({witness.behaviour for witness in mine if witness.violated})
        parts.append(f"{violating} of {len({w.behaviour for w in mine})} wins violate what {slot} assumes")
    return "; ".join(parts)


def layer_lines(found: LayersResult, alpha: float) -> list[str]:
    """What a stack of defences is worth layer by layer, and the risk that is left, composed from them."""
    out = [found.reason] if found.reason else []
    out += [stack_line(stack) for stack in found.stacks]
    if found.dependence is not None:
        out.append(figures.dependence(found.dependence, alpha))
        for words, share, upper in figures.composed(found.dependence):
            out.append(f"{words}: {'' if share is None else f'{share:.3f}, '}at most {rounded_up(upper)}")
    return out


def stack_line(stack: StackResult) -> str:
    """What the attacks, searched anew, won on an altered stack."""
    if stack.status is None:
        return f"{stack.name}: not tried, {stack.reason}"
    bounds = figures.bounds(stack.lower, stack.upper)
    return f"{stack.name}: {stack.status}, {stack.attack} wins {stack.wins}/{stack.n}, {bounds}"


def failing(verdict: Verdict, status: Status) -> list[StackResult]:
    """The stacks with a layer that fails and this status, where the claim promises that layers fail closed."""
    found = verdict.layers
    if found is None or found.fails == "not promised":
        return []
    return [stack for stack in found.stacks if stack.altered.fault and stack.status == status]


def liveness_line(found: LivenessResult) -> str:
    """Whether a defence does anything."""
    return f"{found.defence}: {found.status} ({found.reason.rstrip('.')})"


def witness_line(witness: Witness) -> str:
    """Which attempt won and how to see it again. What was asked and answered stays in the run folder."""
    seen = "seen again when replayed" if witness.replayed else "not replayed"
    where = f"seed {witness.seed}, step {witness.step}, {seen}"
    return f"{witness.attack} won {witness.behaviour} ({where}): {witness.replay}"


def break_line(verdict: Verdict) -> str:
    """The break that decided, or the gates that failed; empty where the verdict is not BROKEN."""
    if verdict.verdict != "BROKEN":
        return ""
    found = verdict.goal.broken_at
    if found is None:
        return verdict.reason.rstrip(".")
    where = f"at step {found.step} with seed {found.seed}"
    won = f"{found.attack} {where} won {found.wins} of {found.n} sealed behaviours"
    rate = f"{figures.rate_name(verdict.goal)} at least {rounded_down(found.lower)}"
    return f"{won}: {rate}, promised {verdict.goal.promise}"


def not_tried_line(verdict: Verdict) -> str:
    """What the verdict says nothing about, by reason."""
    reasons: dict[str, list[str]] = {}
    for item in verdict.not_tried:
        reasons.setdefault(item.reason.rstrip("."), []).append(item.name)
    parts = (f"{', '.join(names)} ({reason})" for reason, names in reasons.items())
    return "; ".join(parts) or "nothing within the threat model"
