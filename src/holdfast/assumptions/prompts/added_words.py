"""What wins is a question with a few words added."""

from typing import ClassVar, final

from pydantic import Field

from holdfast.assumptions.adding import AddingAssumption, Place, words_added


@final
class AddedWords(AddingAssumption):
    """A text that wins is the plain question with at most so many words added at the declared place, none changed.

    Source: the three threat models of Kumar et al. 2023 (https://arxiv.org/abs/2309.02705). Words are what white
    space parts. An attack that rewrites the question is outside.
    """

    quantity: ClassVar[str] = "words that an attack adds to a question"

    place: Place = Field(
        default="suffix", description="where: 'suffix' at the end, 'insertion' in one stretch anywhere, "
                                      "'infusion' one by one anywhere")
    most: int = Field(default=20, gt=0, description="most words that a winning attack adds")

    def amount(self, question: str, text: str) -> int | None:
        """Words added at the place."""
        return words_added(question, text, self.place)

    def within(self, amount: int | None) -> bool:
        """At most `most`."""
        return amount is not None and amount <= self.most

    def range(self) -> str:
        """In words."""
        where = {"suffix": "at the end", "insertion": "in one stretch", "infusion": "anywhere"}[self.place]
        return f"at most {self.most} words {where}"
