"""Every error Holdfast raises on purpose.

    HoldfastError             the tool failed: exit code 3
    ├── UsageError            the input is wrong, one sentence says what to do: exit code 2
    ├── AccessDenied          a facet was used that the claim's threat model does not grant
    ├── BudgetExceeded        a use was refused because it would exceed the claim's budget
    └── TargetUnavailable     a served model cannot be asked, whatever the prompt: the run stops, and resumes later

`AccessDenied` and `BudgetExceeded` are raised *to an attack* and recorded; they never become a score.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class HoldfastError(Exception):
    """The tool failed."""

    exit_code = 3


class UsageError(HoldfastError):
    """The input is wrong; the message is one sentence that says what is wrong and what to do."""

    exit_code = 2


class AccessDenied(HoldfastError):
    """A facet of the target was used that the threat model does not grant."""


class BudgetExceeded(HoldfastError):
    """The meter refused a use that would exceed the budget."""


class TargetUnavailable(HoldfastError):
    """A served model cannot be asked, and that is no fault of a prompt; what was answered is kept."""


MOST_NAMED = 40


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint to append to an error about an unknown name: the near ones, else all, or the first of very many."""
    options = sorted(known)
    if close := get_close_matches(name, options, n=3, cutoff=0.5):
        return f"did you mean {' or '.join(map(repr, close))}?"
    more = f" and {len(options) - MOST_NAMED} more" if len(options) > MOST_NAMED else ""
    return f"known: {', '.join(options[:MOST_NAMED])}{more}." if options else "none is known."
