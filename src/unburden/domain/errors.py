"""Errors that teach: where, what is wrong, what was found, what to do; all problems at once."""

from collections.abc import Iterable
from typing import NoReturn


class UnburdenError(Exception):
    """Whatever `unburden` raises on purpose; the command line turns it into exit code 2."""


class InvalidInput(UnburdenError):
    """One error that lists every problem of one input.

    >>> print(InvalidProtocol("soa.xlsx", ["cell F12 holds 'X?'; use X, (X) or X^a"]))
    InvalidProtocol: soa.xlsx: 1 problem
      - cell F12 holds 'X?'; use X, (X) or X^a
    """

    def __init__(self, where: str, problems: Iterable[str]) -> None:
        self.where = where
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{type(self).__name__}: {where}: {count} problem{'' if count == 1 else 's'}"
        super().__init__("\n".join([head, *(f"  - {problem}" for problem in self.problems)]))


class InvalidProtocol(InvalidInput):
    """A protocol that contradicts itself or its standard."""


class InvalidStudy(InvalidInput):
    """A `study.toml` with unknown keys, missing parts or parts that do not fit the protocol."""


class InvalidCohort(InvalidInput):
    """Patients' data without the columns, units or rows that the study declares."""


class InvalidCriterion(InvalidInput):
    """A criterion that names no column, mixes units or cannot be evaluated."""


class InvalidEmulation(InvalidInput):
    """A target trial that cannot be emulated: its plan or its patients do not allow it."""


class InvalidDesign(InvalidInput):
    """A trial design or scenario that cannot be run."""


class InvalidEvidence(InvalidInput):
    """A ledger entry without value, spread, unit, source or grade."""


class NoEstimate(InvalidInput):
    """Data from which the wanted number cannot be estimated: it is refused, never given as 0."""


class InfeasibleSearch(InvalidInput):
    """No schedule satisfies every constraint of the study."""


class Problems:
    """Gathers the problems of one input and raises once.

    >>> problems = Problems("study.toml")
    >>> problems.check(1 > 2, "[design] alpha is 2; give a number between 0 and 1")
    False
    >>> len(problems)
    1
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self.found: list[str] = []

    def __len__(self) -> int:
        return len(self.found)

    def add(self, problem: str) -> None:
        """Keep one problem, once."""
        if problem not in self.found:
            self.found.append(problem)

    def check(self, holds: bool, problem: str) -> bool:
        """Keep the problem unless the condition holds; return the condition."""
        if not holds:
            self.add(problem)
        return holds

    def extend(self, problems: Iterable[str]) -> None:
        """Keep several problems."""
        for problem in problems:
            self.add(problem)

    def raise_if_any(self, error: type[InvalidInput]) -> None:
        """Raise one error with all problems, or return."""
        if self.found:
            self.raise_now(error)

    def raise_now(self, error: type[InvalidInput]) -> NoReturn:
        """Raise one error with all problems."""
        raise error(self.where, self.found)
