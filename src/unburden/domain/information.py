"""What a change leaves of the information about the treatment effect."""

from dataclasses import dataclass

from unburden.domain.errors import InvalidEvidence, Problems
from unburden.domain.estimate import Estimate, check_sources


@dataclass(frozen=True, slots=True)
class Information:
    """Information about the treatment effect after a change, and the bias that the change brings.

    `relative` (unit "1") is the reciprocal variance of the effect's estimate after the change over that
    before it, with the same patients: 0.9 means that 1/0.9 times the patients tell as much as before.
    `bias` is the expected estimate minus the true effect, in the outcome's unit; None where the change
    brings none by its construction. `notes` say what was assumed, in the reader's words.

    >>> from unburden.domain.estimate import Estimate
    >>> half = Estimate(0.5, 0.4, 0.8, "1", ("assumed:example",))
    >>> Information(half, None, ("assumed:example",)).patients_factor.bounds()
    (2.0, 1.25, 2.5)
    """

    relative: Estimate
    bias: Estimate | None
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems("information")
        problems.check(
            self.relative.unit == "1",
            f"relative has the unit {self.relative.unit!r}; it is a plain number, '1'",
        )
        low = self.relative.low
        problems.check(low >= 0, f"relative reaches down to {low}; information is never below 0")
        check_sources(self.sources, problems)
        problems.raise_if_any(InvalidEvidence)

    @property
    def patients_factor(self) -> Estimate:
        """How many times the patients are needed for the information of before; raises if none is left."""
        value, low, high = self.relative.bounds()
        if low <= 0:
            told = f"information may fall to {low}; no number of patients makes up for that"
            raise InvalidEvidence("information", [told])
        return Estimate(1 / value, 1 / high, 1 / low, "1", self.relative.sources, self.relative.level)
