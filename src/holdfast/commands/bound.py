"""`holdfast bound`: what follows from a claim's guarantee, and how that moves with other assumptions."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from holdfast.claims.claim import Claim
from holdfast.claims.load import read_claim
from holdfast.core.errors import UsageError
from holdfast.guarantees.choosing import choose
from holdfast.guarantees.guarantee import Terms
from holdfast.guarantees.swapping import Swap, swaps
from holdfast.reports.printable import printable_in
from holdfast.stats.rounding import rounded_up


def print_bounds(paths: Sequence[Path], overrides: tuple[str, ...]) -> None:
    """A table a claim, from what its assumptions declare; nothing is run. UsageError for one without a guarantee."""
    console = Console()
    for path in paths:
        claim = read_claim(path, overrides)
        if claim.guarantee == "none":
            raise UsageError(f"{path} names no guarantee; add 'guarantee: NAME' ('holdfast list guarantees').")
        chosen = choose(claim.guarantee)
        terms = Terms(claim.threat_model.budget, claim.goal.epsilon)
        console.print(_table(claim, chosen.id, swaps(chosen, {}, terms), console))


def _table(claim: Claim, guarantee: str, found: Sequence[Swap], console: Console) -> Table:
    title = f"{claim.claim}: {guarantee} with each assumption that fits, as declared; promised {claim.goal.promise}"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("slot", "assumption", "gives", "because"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "gives")
    for swap in found:
        mark = " *" if swap.chosen else ""
        why = swap.reason if swap.bound is None else swap.bound.why
        table.add_row(swap.slot, swap.assumption + mark, gives(swap), printable_in(why, console.encoding))
    table.caption = "* the claim's own"
    table.caption_justify = "left"
    return table


def gives(swap: Swap) -> str:
    """The bound in a few characters."""
    if swap.bound is None:
        return "nothing"
    if swap.bound.quantity == "rate":
        return f"rate <= {rounded_up(swap.bound.value)}"
    return f"{swap.bound.at:.3g} costs >= {swap.bound.value:.3g} {swap.bound.unit}"
