"""No number without a source: a value, its interval, its unit and where it came from."""

import math
from dataclasses import dataclass

from unburden.domain.errors import InvalidEvidence, Problems

SOURCE_KINDS = ("observed:", "published:", "assumed:", "model:", "simulated:")


def check_sources(sources: tuple[str, ...], problems: Problems) -> None:
    """Add a problem for each source that does not say which kind it is."""
    problems.check(bool(sources), "no source is given; say where the number comes from")
    for source in sources:
        problems.check(
            source.startswith(SOURCE_KINDS),
            f"source {source!r} must start with one of {', '.join(SOURCE_KINDS)}",
        )
        fits = source not in SOURCE_KINDS and source.strip() not in SOURCE_KINDS
        problems.check(fits, f"source {source!r} names nothing after its kind; say who, where and when")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number that may reach a user.

    `low` and `high` bound the interval at `level` (0.95: 95 %); both equal `value` where the
    number is exact. `unit` is a UCUM-like name ("minute", "mL", "1"). Each source starts with
    `observed:`, `published:`, `assumed:`, `model:` or `simulated:`.

    >>> Estimate(84, 60, 110, "minute", ("published:Ray 2015",)).text()
    '84 minute (95% 60 to 110)'
    """

    value: float
    low: float
    high: float
    unit: str
    sources: tuple[str, ...]
    level: float = 0.95

    def __post_init__(self) -> None:
        problems = Problems(f"estimate {self.value} {self.unit}")
        finite = all(math.isfinite(x) for x in (self.value, self.low, self.high))
        if problems.check(finite, f"value and interval must be finite, found {self.bounds()}"):
            slack = 1e-9 * max(1.0, abs(self.value))
            problems.check(
                self.low - slack <= self.value <= self.high + slack,
                f"the interval {self.bounds()[1:]} must hold the value {self.value}",
            )
        problems.check(0 < self.level < 1, f"level {self.level} must lie between 0 and 1")
        problems.check(bool(self.unit), "the unit is empty; use '1' for a plain number")
        check_sources(self.sources, problems)
        problems.raise_if_any(InvalidEvidence)

    def bounds(self) -> tuple[float, float, float]:
        """Value, low and high."""
        return (self.value, self.low, self.high)

    @property
    def is_exact(self) -> bool:
        """Whether the interval has no width."""
        return self.low == self.high

    def text(self, digits: int = 3) -> str:
        """The number in words, with its interval."""
        value = f"{self.value:.{digits}g} {self.unit}".removesuffix(" 1")
        if self.is_exact:
            return value
        return f"{value} ({self.level:.0%} {self.low:.{digits}g} to {self.high:.{digits}g})"


def exact(value: float, unit: str, *sources: str) -> Estimate:
    """A number without uncertainty: a count in a record, a choice of the user.

    >>> exact(12, "visit", "observed:protocol LZZT").is_exact
    True
    """
    return Estimate(value, value, value, unit, sources)
