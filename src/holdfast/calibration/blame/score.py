"""How well blame was laid: a confusion matrix, and shares with exact intervals."""

from collections import Counter
from collections.abc import Sequence

from holdfast.calibration.blame.cases import CULPRITS, FAINT, HOLDS, Outcome
from holdfast.core.records import Record
from holdfast.stats import binomial

LEVEL = 0.05        # of each end of an interval
COLUMNS = ("assumption", "another assumption", "implementation", "algorithm", "completeness", "both", "unattributed",
           "nobody: holds", "nobody: open")
"""What can be said of a case. An assumption that was not the culprit has a column of its own, and so have two."""

LEAST_RIGHT, MOST_UNATTRIBUTED = 0.95, 0.1
"""What is asked of attribution: so many right of those it makes, and no more culprits left unnamed."""


class Share(Record):
    """So many of so many, with exact bounds, each at 5 %; None where there were none."""

    count: int
    of: int
    lower: float | None
    upper: float | None

    @property
    def value(self) -> float | None:
        """The share itself."""
        return self.count / self.of if self.of else None

    def __str__(self) -> str:
        if self.value is None:
            return "none"
        return f"{self.count} of {self.of} = {self.value:.1%} [{self.lower:.1%}, {self.upper:.1%}]"


class Score(Record):
    """All that is counted of some outcomes.

    `matrix` is planted fault -> what was said -> count. `right` are the attributions that name the culprit among all
    that were made, `unattributed` the culprits that nobody was named for, because nothing was shown or no break seen.
    `faint` are faults near to what is promised that were named, or of which nothing false was said.
    `false_blame` are attributions where nobody deserved any. `handled` are the faults of measurement, and the systems
    without fault, of which a right thing was said. The last two are claims that were said to hold, where an attack
    wins at least twice what is promised, and where it wins just that.
    """

    cases: int
    matrix: dict[str, dict[str, int]]
    right: Share
    unattributed: Share
    faint: Share
    false_blame: Share
    handled: Share
    held_at_twice: Share
    held_at_epsilon: Share

    @property
    def met(self) -> bool:
        """Whether what is asked of attribution was reached."""
        return not self.missed()

    def missed(self) -> list[str]:
        """What was not reached, one clause each."""
        out = []
        if self.right.value is not None and self.right.value < LEAST_RIGHT:
            out.append(f"{self.right} attributions are right, and {LEAST_RIGHT:.0%} are asked")
        if self.unattributed.value is not None and self.unattributed.value > MOST_UNATTRIBUTED:
            out.append(f"{self.unattributed} culprits go unnamed, and {MOST_UNATTRIBUTED:.0%} may")
        if self.held_at_twice.count:
            out.append(f"{self.held_at_twice} claims hold though an attack wins twice what was promised")
        at = self.held_at_epsilon
        if at.lower is not None and at.lower > LEVEL:
            out.append(f"{at} claims hold though an attack wins as much as was promised, and {LEVEL:.0%} may")
        if self.false_blame.count:
            out.append(f"{self.false_blame} cases without a culprit got one")
        return out


def score(outcomes: Sequence[Outcome]) -> Score:
    """Count them."""
    matrix: dict[str, Counter[str]] = {}
    for o in outcomes:
        matrix.setdefault(row(o), Counter())[column(o)] += 1
    guilty = [o for o in outcomes if o.case.fault in CULPRITS]
    faint = [o for o in outcomes if o.case.fault in FAINT]
    innocent = [o for o in outcomes if o.case.fault not in (*CULPRITS, *FAINT)]
    made = [o for o in (*guilty, *faint) if o.attributed]
    known = [o for o in outcomes if o.case.rate is not None]
    twice = [o for o in known if (o.case.rate or 0.0) >= 2 * o.case.epsilon]
    at = [o for o in known if o.case.rate == o.case.epsilon]
    return Score(
        cases=len(outcomes), matrix={fault: dict(found) for fault, found in sorted(matrix.items(), key=_order)},
        right=share(sum(o.right for o in made), len(made)),
        unattributed=share(sum(not o.attributed for o in guilty), len(guilty)),
        faint=share(sum(o.right for o in faint), len(faint)),
        false_blame=share(sum(o.attributed for o in innocent), len(innocent)),
        handled=share(sum(o.right for o in innocent), len(innocent)),
        held_at_twice=share(sum(o.said in HOLDS for o in twice), len(twice)),
        held_at_epsilon=share(sum(o.said in HOLDS for o in at), len(at)))


def row(o: Outcome) -> str:
    """The row of the confusion matrix that an outcome belongs to: what was planted, and how much of it, if little."""
    case = o.case
    if case.fault not in FAINT or case.rate is None:
        return case.fault
    return f"{case.fault}, {case.rate / case.epsilon:g} times the promise"


def _order(item: tuple[str, object]) -> tuple[bool, str]:
    """Faint faults behind all others, by how much of them there is; else as they come."""
    faint = item[0].startswith("faint")
    return faint, item[0] if faint else ""


def column(o: Outcome) -> str:
    """The column of the confusion matrix that an outcome belongs to."""
    top = o.top
    if top is None:
        return "nobody: holds" if o.said in (*HOLDS, "UNEXPLAINED") else "nobody: open"
    if o.case.second is not None and o.right:
        return "both"
    if top.kind == "assumption" and not (o.wanted == "assumption" and o.case.culprit in (None, top.id)):
        return "another assumption"
    return top.kind


def share(count: int, of: int) -> Share:
    """A share with Clopper and Pearson's bounds."""
    if not of:
        return Share(count=0, of=0, lower=None, upper=None)
    return Share(count=count, of=of, lower=binomial.lower(count, of, LEVEL), upper=binomial.upper(count, of, LEVEL))
