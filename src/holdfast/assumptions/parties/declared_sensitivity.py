"""One record moves a count by no more than is declared."""

from typing import ClassVar, final

from pydantic import Field

from holdfast.assumptions.assumption import TrustedAssumption


@final
class DeclaredSensitivity(TrustedAssumption):
    """Two inputs that differ in one person's data give counts that differ by at most `sensitivity`.

    Trusted, for it is a definition: what one record is, and how much of a person's data is one, is agreed upon and
    not observed. Whether a program keeps to it can be observed, and is an invariant of the program. Source: Dwork et
    al. 2006, "Calibrating noise to sensitivity" (TCC).
    """

    quantity: ClassVar[str] = "change of a count by one record"

    sensitivity: float = Field(default=1.0, gt=0, description="largest change")

    def values(self) -> dict[str, float]:
        """The declared sensitivity."""
        return {"sensitivity": self.sensitivity}
