"""A verdict as an argument in Goal Structuring Notation: what supports the claim, and what defeats it.

The claim is a goal. What held supports it through strategies: attacks, the derivation with its assumptions, the
work that the system must still do. A break is a counter-goal that challenges the goal, with its witnesses as
counter-evidence; a refuted assumption is challenged by its own check. Nothing supports a goal that is VOID or
INCONCLUSIVE: it stays undeveloped, and what was found so far is its context.

After the GSN Community Standard version 3 (SCSC-141C), with its dialectic extension.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from holdfast.core.records import Record
from holdfast.reports import figures, lines
from holdfast.reports.subject import HOLDING, Subject, tags_of
from holdfast.verdicts.verdict import Verdict

Kind = Literal[
    "Goal", "Strategy", "Solution", "Context", "Assumption", "Justification", "CounterGoal", "CounterSolution"
]
PREFIXES: dict[Kind, str] = {
    "Goal": "G", "Strategy": "S", "Solution": "Sn", "Context": "C", "Assumption": "A", "Justification": "J",
    "CounterGoal": "CG", "CounterSolution": "CSn",
}
MOST_WITNESSES = 4
"""How many witnesses are shown; the rest are counted."""


class Node(Record):
    """One element. `defeated_relation` names those of its own relations that no longer carry anything."""

    id: str
    kind: Kind
    text: str
    supported_by: tuple[str, ...] = ()
    in_context_of: tuple[str, ...] = ()
    challenges: str | None = None
    undeveloped: bool = False
    defeated: bool = False
    defeated_relation: tuple[str, ...] = ()


def argument(subjects: Sequence[Subject]) -> tuple[Node, ...]:
    """The nodes, the top goal first. Several claims hang from one goal, each judged on its own."""
    claims = [_Claim(number, subject).nodes() for number, subject in enumerate(subjects, 1)]
    nodes = tuple(node for claim in claims for node in claim)
    if len(claims) == 1:
        return nodes
    goals = tuple(claim[0] for claim in claims)
    top = Node(id="G0", kind="Goal", text=f"All {len(goals)} claims hold", supported_by=("S0",))
    each = Node(
        id="S0",
        kind="Strategy",
        text="Every claim is judged on its own; none makes up for another",
        supported_by=tuple(goal.id for goal in goals),
        defeated_relation=tuple(goal.id for goal in goals if goal.defeated),
    )
    return (top, each, *nodes)


class _Claim:
    """Builds the nodes of one claim; `number` keeps their ids apart from those of the others."""

    def __init__(self, number: int, subject: Subject) -> None:
        self.number = number
        self.subject = subject
        self.verdict = subject.verdict
        self.made: list[Node] = []

    def nodes(self) -> tuple[Node, ...]:
        verdict = self.verdict
        support = [*self._attacks(), *self._guarantee(), *self._gates()] if self._counts() else []
        counter = self._counter()
        weak = {node.id for node in self.made if node.defeated or node.defeated_relation}
        goal = Node(
            id=self._id("Goal"),
            kind="Goal",
            text=f"{verdict.claim}: {_promised(verdict)}",
            supported_by=tuple(support),
            in_context_of=tuple(self._contexts()),
            undeveloped=not support,
            defeated=counter,
            defeated_relation=tuple(name for name in support if name in weak),
        )
        return (goal, *self.made)

    def _counts(self) -> bool:
        """Whether what was found supports anything."""
        return self.verdict.verdict in (*HOLDING, "BROKEN")

    def _id(self, kind: Kind, *parts: object) -> str:
        return "-".join([f"{PREFIXES[kind]}{self.number}", *map(str, parts)])

    def _add(self, node: Node) -> str:
        self.made.append(node)
        return node.id

    def _all(self, kind: Kind, name: str, texts: Iterable[str], challenges: str | None = None) -> list[str]:
        return [
            self._add(Node(id=self._id(kind, name, i), kind=kind, text=text, challenges=challenges))
            for i, text in enumerate(texts, 1)
        ]

    def _attacks(self) -> list[str]:
        # an attack that works nowhere shows nothing here: the verdict lists it under what was not tried
        held = [lines.attack_line(a) for a in self.verdict.attacks if a.status == "HOLDS" and a.potent is not False]
        return self._strategy("attacks", "Each attack at its budget, on behaviours sealed until then", held)

    def _gates(self) -> list[str]:
        kept = [lines.gate_line(gate) for gate in self.verdict.completeness if gate.status == "holds"]
        closed = [lines.stack_line(stack) for stack in lines.failing(self.verdict, "HOLDS")]
        return [
            *self._strategy("work", "What the defended system must still do, against its control", kept),
            *self._strategy("failing", "Each layer made to fail, and every attack searched anew meanwhile", closed),
        ]

    def _strategy(self, name: str, text: str, evidence: Sequence[str]) -> list[str]:
        """A strategy with these solutions; none where there is no evidence."""
        if not evidence:
            return []
        solutions = tuple(self._all("Solution", name, evidence))
        return [self._add(Node(id=self._id("Strategy", name), kind="Strategy", text=text, supported_by=solutions))]

    def _guarantee(self) -> list[str]:
        """The derivation, with its assumptions; it carries nothing once one of them, or it itself, is defeated."""
        verdict, given = self.verdict, self.verdict.guarantee
        if not verdict.assumptions and given is None:
            return []
        ident = self._id("Strategy", "guarantee")
        assumed = [self._assumption(i) for i in range(len(verdict.assumptions))]
        gone = {node.id for node in self.made if node.defeated}
        derived = [given.reason] if given is not None and given.follows else []
        counter = [f"{v.invariant} was not kept: {v.why}" for v in given.violations] if given is not None else []
        counter += [blame.why for blame in verdict.blame if blame.kind == "algorithm"]
        if counter:
            self._challenge("guarantee", "What was built or derived is not sound", counter, ident)
        strategy = Node(
            id=ident,
            kind="Strategy",
            text=lines.guarantee_line(given) if given is not None else "A derivation from assumptions",
            supported_by=tuple(self._all("Solution", "guarantee", derived)),
            in_context_of=tuple(assumed),
            undeveloped=not derived,
            defeated=bool(counter),
            defeated_relation=tuple(name for name in assumed if name in gone),
        )
        return [self._add(strategy)]

    def _assumption(self, index: int) -> str:
        """An assumption; its own check defeats it, or attribution does, where the blame is on it."""
        found = self.verdict.assumptions[index]
        ident = self._id("Assumption", index + 1)
        against = [f"its own check refutes {found.id}"] if found.status == "REFUTED" else []
        against += [f"witnesses: {_some(found.witnesses)}"] if against and found.witnesses else []
        against += [b.why for b in self.verdict.blame if b.kind == "assumption" and b.id == found.id]
        self._add(Node(id=ident, kind="Assumption", text=lines.assumption_line(found), defeated=bool(against)))
        if against:
            self._all("CounterSolution", f"assumption-{index + 1}", ["; ".join(against)], ident)
        return ident

    def _counter(self) -> bool:
        """Adds the counter-argument of a BROKEN claim; says whether there is one."""
        verdict = self.verdict
        if verdict.verdict != "BROKEN":
            return False
        failed = [lines.gate_line(gate) for gate in verdict.completeness if gate.status == "fails"]
        shown = [lines.witness_line(witness) for witness in verdict.witnesses[:MOST_WITNESSES]]
        more = [f"{len(verdict.witnesses)} witnesses in all"] if len(verdict.witnesses) > MOST_WITNESSES else []
        broken = [lines.attack_line(attack) for attack in verdict.attacks if attack.status == "BROKEN"]
        opened = [lines.stack_line(stack) for stack in lines.failing(verdict, "BROKEN")]
        self._challenge("", lines.break_line(verdict), [*broken, *opened, *failed, *shown, *more], self._id("Goal"))
        return True

    def _challenge(self, name: str, text: str, evidence: Sequence[str], challenges: str) -> None:
        """A counter-goal with its counter-evidence."""
        against = tuple(self._all("CounterSolution", name or "break", evidence))
        ident = self._id("CounterGoal", *([name] if name else []))
        self._add(Node(id=ident, kind="CounterGoal", text=text, supported_by=against, challenges=challenges))

    def _contexts(self) -> list[str]:
        """What the goal is to be read with: the verdict, its scope, the system; and why its evidence counts."""
        verdict = self.verdict
        blamed = "".join(f" Blame: {figures.blamed(blame)}: {blame.why.rstrip('.')}." for blame in verdict.blame)
        about = {
            "verdict": f"{verdict.verdict} by rule {verdict.rule}: {verdict.reason.rstrip('.')}.{blamed}",
            "scope": f"{figures.scope(verdict)}. Not tried: {lines.not_tried_line(verdict)}",
            "system": self._judged(),
            "open": "; ".join(_undecided(verdict)) if self._counts() else "; ".join(_found(verdict)),
            "attribution": lines.attribution_line(verdict.guarantee) if verdict.guarantee is not None else "",
        }
        said = {"open": "Undecided: " if self._counts() else "Found so far: "}
        contexts = [
            self._add(Node(id=self._id("Context", name), kind="Context", text=said.get(name, "") + text))
            for name, text in about.items()
            if text
        ]
        trust = [*verdict.grounds, *map(lines.liveness_line, verdict.liveness)]
        if trust:
            text = "; ".join(ground.rstrip(".") for ground in trust)
            contexts.append(self._add(Node(id=self._id("Justification"), kind="Justification", text=text)))
        return contexts

    def _judged(self) -> str:
        digests = self.verdict.sha256
        named = f"System {self.subject.target}" if self.subject.target else "System"
        parts = f"{named}, SHA-256 {digests.system[:16]}…; claim {digests.claim[:16]}…; judge {digests.judge[:16]}…"
        risk = [f"risk class {self.subject.risk}"] if self.subject.risk else []
        return "; ".join([parts, *risk, *(tag.label for tag in tags_of(self.subject))])


def _promised(verdict: Verdict) -> str:
    promise = f"{verdict.goal.game}: {verdict.goal.promise}"
    return f"{verdict.title} ({promise})" if verdict.title else promise


def _found(verdict: Verdict) -> list[str]:
    gates = map(lines.gate_line, verdict.completeness)
    return [*map(lines.attack_line, verdict.attacks), *gates, *map(lines.assumption_line, verdict.assumptions)]


def _undecided(verdict: Verdict) -> list[str]:
    attacks = [lines.attack_line(attack) for attack in verdict.attacks if attack.status == "INCONCLUSIVE"]
    attacks += [lines.stack_line(stack) for stack in lines.failing(verdict, "INCONCLUSIVE")]
    return attacks + [lines.gate_line(gate) for gate in verdict.completeness if gate.status == "inconclusive"]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_WITNESSES} more" if len(names) > MOST_WITNESSES else ""
    return ", ".join(names[:MOST_WITNESSES]) + more
