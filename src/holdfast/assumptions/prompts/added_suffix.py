"""What wins is a question with some characters behind it."""

from typing import ClassVar, final

from pydantic import Field

from holdfast.assumptions.adding import AddingAssumption, appended


@final
class AddedSuffix(AddingAssumption):
    """A text that wins is the plain question and, behind it, between `least` and `most` characters of the attack's.

    It says what the attacks under study look like: suffixes in the manner of Zou et al. 2023
    (https://arxiv.org/abs/2307.15043). A rewritten question refutes it, and so does one that wins as it stands.
    """

    quantity: ClassVar[str] = "characters that an attack puts behind a question"

    least: int = Field(default=10, ge=0, description="fewest characters that a winning suffix has, spaces included")
    most: int = Field(default=200, gt=0, description="most characters that a winning suffix has")

    def amount(self, question: str, text: str) -> int | None:
        """Characters behind the question."""
        suffix = appended(question, text)
        return None if suffix is None else len(suffix)

    def within(self, amount: int | None) -> bool:
        """Between `least` and `most`."""
        return amount is not None and self.least <= amount <= self.most

    def range(self) -> str:
        """In words."""
        return f"{self.least} to {self.most} characters behind the question"
