"""Parts of a study read one after another, so that no part's problem hides another's."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from unburden.data.tables import TableReader
from unburden.domain.cohort import Attrition, Cohort
from unburden.domain.errors import InvalidInput, Problems

T = TypeVar("T")


class Parts:
    """Reads parts one after another and gathers what is wrong with each."""

    def __init__(self, where: str) -> None:
        self.problems = Problems(where)

    def attempt(self, part: Callable[[], T], at: str = "") -> T | None:
        """The part, or None with its problems kept; `at` says where the reader finds them, if not they."""
        try:
            return part()
        except InvalidInput as error:
            if at:
                self.problems.extend(f"{at} {problem}" for problem in error.problems)
                return None
            inner = error.where if error.where != self.problems.where else ""
            self.problems.extend(
                p if p.startswith("[") or not inner else f"{inner}: {p}" for p in error.problems
            )
            return None


@dataclass(frozen=True)
class Patients:
    """The study's patients and who of them could join.

    `cohort` or `attrition` None though the cohort `is_declared`: it could not be read, which is
    told elsewhere.
    """

    is_declared: bool
    cohort: Cohort | None = None
    attrition: Attrition | None = None


def take_known(reader: TableReader, take: Callable[[], T]) -> T | None:
    """What the reader takes, or None where it found a problem: what is not known is not judged.

    >>> problems = Problems("study.toml")
    >>> reader = TableReader({"seed": "x"}, "[search]", problems)
    >>> take_known(reader, lambda: reader.take("seed", int)), len(problems)
    (None, 1)
    """
    before = len(reader.problems)
    value = take()
    return value if len(reader.problems) == before else None


def check_distinct(values: Iterable[Hashable], where: str, key: str, problems: Problems) -> None:
    """Add a problem for each value that stands twice."""
    seen: set[Hashable] = set()
    for value in values:
        problems.check(value not in seen, f"{where} has {value!r} twice{key and f' in {key}'}; keep one")
        seen.add(value)
