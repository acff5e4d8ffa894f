"""Verdicts on a terminal: one table for all claims, and the details of one claim.

Own words are ASCII and everything else is made printable in the console's encoding, so that no reply, name
or path can style, reorder or crash the output. It fits 80 columns, and breathes from 110 on.
"""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from holdfast.reports import figures, lines
from holdfast.reports.printable import printable_in, wrapped
from holdfast.verdicts.verdict import AttackResult, GuaranteeResult, Name, Verdict

WIDE = 110

_STYLES = {"good": "bold green", "fair": "bold cyan", "open": "bold yellow", "bad": "bold red"}


def print_table(verdicts: Sequence[Verdict], console: Console) -> None:
    """The table of several claims, and under it the reason of each."""
    wide = console.width >= WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 2 if wide else 1, 0, 0), header_style="bold")
    table.add_column("claim", overflow="fold")
    table.add_column("verdict", no_wrap=True, min_width=12)
    table.add_column("worst attack", overflow="fold", max_width=24 if wide else 13)
    table.add_column("rate", overflow="fold")
    table.add_column("epsilon" if wide else "eps", overflow="fold")
    table.add_column("utility loss" if wide else "loss", overflow="fold")
    table.add_column("broken at", overflow="fold")
    for verdict in verdicts:
        goal = verdict.goal
        table.add_row(
            _safe(verdict.claim, console, 44 if wide else 19),
            styled(verdict.verdict),
            _safe(figures.worst(verdict), console),
            figures.goal_rate(goal),
            f"{goal.epsilon:g}",
            figures.utility_loss(verdict),
            figures.broken_at(goal.broken_at),
        )
    console.print(table)
    console.print()
    for verdict in verdicts:
        console.print(Text.assemble(styled(verdict.verdict), " ", (_plain(verdict.claim, console), "bold")))
        _indented(figures.sentence(verdict), console)
    if len(verdicts) > 1:
        console.print(Text(f"{len(verdicts)} claims: {figures.tally(verdicts)}", "bold"))


def print_details(verdict: Verdict, console: Console) -> None:
    """One claim: its scope, every attack, what was not tried, and how often the sealed split was opened."""
    console.print(Text.assemble(styled(verdict.verdict), " ", (_plain(verdict.claim, console), "bold")))
    if verdict.title:
        _indented(verdict.title, console)
    _indented(figures.sentence(verdict), console)
    for heading, told in _sections(verdict):
        console.print(Text(f"  {heading}", "bold"))
        for line in told:
            _indented(line, console, 4)


def styled(word: Name) -> Text:
    """The verdict's word in its colour."""
    return Text(word, _STYLES[figures.LOOKS[word].tone])


def _sections(verdict: Verdict) -> Iterator[tuple[str, list[str]]]:
    goal = verdict.goal
    yield "scope", [figures.scope(verdict)]
    yield (
        "goal",
        [f"{goal.game}: {goal.promise}; {figures.rate_name(goal)} {figures.goal_rate(goal)}; {goal.reason}"],
    )
    if verdict.blame:
        yield "blame", [f"{figures.blamed(blame)}: {blame.why}" for blame in verdict.blame]
    if verdict.guarantee is not None:
        given = verdict.guarantee
        told = [f"{v.invariant} was not kept: {v.why}" for v in given.violations]
        yield "guarantee", [f"{given.id}, {given.derivation}: {given.reason}", *told, *_hybrids(given)]
    if verdict.layers is not None:
        yield "layers", lines.layer_lines(verdict.layers, goal.alpha)
    if verdict.assumptions:
        yield "assumptions", [lines.assumption_line(found) for found in verdict.assumptions]
    yield (
        "completeness",
        [
            f"{gate.name} on {gate.split}: {gate.status}, lost {gate.lost}/{gate.n}, "
            f"{figures.bounds(gate.lower, gate.upper)}, at most {gate.maximum:g}"
            for gate in verdict.completeness
        ]
        or ["no gate in this claim"],
    )
    yield "attacks", [line for attack in verdict.attacks for line in _attack(attack)] or ["none was run"]
    yield (
        "not tried",
        [f"{item.name}: {item.reason}" for item in verdict.not_tried]
        or ["nothing was left out within the threat model"],
    )
    if verdict.liveness:
        yield "defences", [f"{found.defence}: {found.status}; {found.reason}" for found in verdict.liveness]
    if verdict.witnesses:
        first = verdict.witnesses[0]
        yield "witnesses", [f"{len(verdict.witnesses)} in the report; replay the first with: {first.replay}"]
    yield "sealed openings", [str(verdict.sealed_openings)]


def _hybrids(given: GuaranteeResult) -> list[str]:
    return [f"with {' and '.join(h.enforced)} true by construction, the attack wins {h.wins}/{h.n}"
            for h in given.hybrids]


def _attack(attack: AttackResult) -> Iterator[str]:
    crashed = f", {attack.void} crashed" if attack.void else ""
    broken = sum(seed.status == "BROKEN" for seed in attack.seeds)
    yield (
        f"{attack.name}: {attack.status}, {attack.wins}/{attack.attempts} wins{crashed}, "
        f"{broken} of {len(attack.seeds)} seeds broken, potent: {figures.potency(attack)}, "
        f"spent {figures.spent(attack.spent)}"
    )
    if attack.adaptive is not None:
        yield f"  {figures.static_and_adaptive(attack)}"
    for note in attack.notes:
        yield f"  {note}"


def _plain(text: str, console: Console) -> str:
    return printable_in(text, console.encoding)


def _safe(text: str, console: Console, width: int | None = None) -> Text:
    # rich breaks words only at spaces; names are broken at hyphens here, where a width is given
    plain = _plain(text, console)
    return Text(wrapped(plain, width) if width else plain)


def _indented(text: str, console: Console, by: int = 2) -> None:
    console.print(Padding(_safe(text, console), (0, 0, 0, by), expand=False))
