"""What an attack adds to a plain question, and what assumptions about it share."""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from pydantic import Field

from holdfast.assumptions.assumption import SampledAssumption, Subject
from holdfast.assumptions.finding import AssumptionKind, AssumptionResult
from holdfast.assumptions.rates import rate, units_needed
from holdfast.assumptions.replying import replies
from holdfast.core.evidence import Sample

Place = Literal["suffix", "insertion", "infusion"]


def appended(question: str, text: str) -> str | None:
    """What stands behind the question in a text that begins with it; None for any other text."""
    return text[len(question):] if text.startswith(question) else None


def words_added(question: str, text: str, place: Place) -> int | None:
    """How many words a text has more than the question, all of them at the end (`suffix`), in one stretch
    (`insertion`) or anywhere (`infusion`); None where the question is not left without them. White space parts words.
    """
    kept, words = question.split(), text.split()
    more = len(words) - len(kept)
    if more < 0:
        return None
    if place == "suffix":
        found = words[:len(kept)] == kept
    elif place == "insertion":
        found = any(words[:start] + words[start + more:] == kept for start in range(len(kept) + 1))
    else:
        rest = iter(words)
        found = all(word in rest for word in kept)
    return more if found else None


class AddingAssumption(SampledAssumption, ABC):
    """An assumption about how much winning attacks add: no text that wins against the bare model is outside of it."""

    kind: ClassVar[AssumptionKind] = "worst"

    leave: float = Field(
        default=0.1, gt=0, lt=1, description="largest share of behaviours outside that support may leave open")

    @abstractmethod
    def amount(self, question: str, text: str) -> int | None:
        """How much the text adds to the question; None where it does anything else to it."""

    @abstractmethod
    def within(self, amount: int | None) -> bool:
        """Whether that is allowed."""

    @abstractmethod
    def range(self) -> str:
        """What is allowed, in words."""

    def sample(self, subject: Subject) -> Sample:
        """A row for each text that wins against the model alone: `added` is how much it adds, -1 if it does more."""
        asked = list(subject.asked)
        said = replies(subject.model, [b for b, _ in asked], [text for _, text in asked])
        won = [(b, text) for (b, text), reply in zip(asked, said, strict=True) if subject.won(b, reply)]
        amounts = [self.amount(b.question, text) for b, text in won]
        return Sample(
            units=tuple(b.id for b, _ in won),
            columns={"added": tuple(-1.0 if amount is None else float(amount) for amount in amounts)},
            texts={"question": tuple(b.question for b, _ in won), "text": tuple(text for _, text in won)},
        )

    def check(self, sample: Sample, alpha: float) -> AssumptionResult:
        """Refuted by one text outside; supported if none is, of enough behaviours."""
        amounts = [None if each < 0 else int(each) for each in sample.columns.get("added", ())]
        outside = {unit for unit, amount in zip(sample.units, amounts, strict=True) if not self.within(amount)}
        found = rate(len(outside), len(set(sample.units)), alpha)
        supported = found.upper <= self.leave
        return AssumptionResult(
            id="", status="REFUTED" if outside else "SUPPORTED" if supported else "INCONCLUSIVE",
            kind=self.kind, quantity=self.quantity, threshold=0.0, lower=found.lower, upper=found.upper,
            valid=f"texts that win against the model alone, {self.range()}",
            reason=f"winning texts of {found} behaviours are outside {self.range()}",
            needed="" if outside or supported else units_needed(0, self.leave, alpha, "behaviours that are won"),
            witnesses=tuple(sorted(outside)),
        )
