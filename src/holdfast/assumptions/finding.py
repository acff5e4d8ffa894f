"""What the check of an assumption found, as a record that a verdict holds."""

from typing import Literal

from pydantic import Field

from holdfast.core.records import Record

AssumptionKind = Literal["average", "worst", "extrapolation", "trusted"]
"""Average: a rate stays under its threshold. Worst: no instance violates it, so that one witness refutes it.
Extrapolation: what was fitted in one range forecasts another. Trusted: imported, and not tested here."""

AssumptionStatus = Literal["SUPPORTED", "REFUTED", "INCONCLUSIVE", "UNTESTED", "TRUSTED"]


class AssumptionResult(Record):
    """One assumption as its own check left it.

    `lower` and `upper` bound the assumption's quantity at its level, and `threshold` is where it would be refuted.
    `valid` says on which range the status holds, `needed` what would decide an open one, and `witnesses` are the ids
    of units that violate it. `tolerated` is the share of instances that may violate it, where that is not the
    threshold itself. `values` are the parameters that were fitted or declared, by name.
    """

    id: str
    status: AssumptionStatus
    kind: AssumptionKind = "average"
    quantity: str = ""
    threshold: float | None = None
    tolerated: float | None = None
    lower: float | None = None
    upper: float | None = None
    valid: str = ""
    reason: str = ""
    needed: str = ""
    witnesses: tuple[str, ...] = ()
    values: dict[str, float] = Field(default_factory=dict)
