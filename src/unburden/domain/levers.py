"""Levers: what a study allows to change, what that costs in information, and what it may never touch.

What a lever saves is never asserted: it follows from the lines of the burden.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from unburden.domain.errors import InvalidStudy, Problems
from unburden.domain.estimate import Estimate, check_sources
from unburden.domain.protocol import Place

CellKey: TypeAlias = tuple[str, str]
"""(visit, activity)."""

NO_APPROVAL = "none"

MOST_INFORMATION = 1e6


@dataclass(frozen=True, kw_only=True)
class LeverTerms:
    """What every lever states, checked from birth; each lever adds what it changes.

    `reason` is what a reader is told; `information` says in words what is lost for the trial's
    question and `source` where that claim comes from. `information_effect` is the information left
    when the lever is used to the full, relative to none of it (1: nothing is lost; above 1: won);
    None where the study gives no number. `approval` names what it would need: "protocol amendment",
    "ethics committee", "competent authority" or the like. `locked` are cells that it never touches,
    beside the study's own locks. `gives_up` are endpoints that it may leave without any cell. Raises
    `InvalidStudy` with every problem.
    """

    reason: str
    information: str
    source: str
    information_effect: Estimate | None = None
    approval: str = NO_APPROVAL
    locked: tuple[CellKey, ...] = ()
    gives_up: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems(f"lever {self.label!r}")
        problems.check(bool(self.label.strip()), "has no name; give one")
        for key in ("reason", "information", "approval"):
            told = f"says nothing under {key!r}; write it" + (" or 'none'" if key == "approval" else "")
            problems.check(bool(getattr(self, key).strip()), told)
        check_sources((self.source,), problems)
        effect = self.information_effect
        if effect is not None:
            problems.check(
                effect.unit == "1", f"has an information effect in {effect.unit!r}; give it relative to 1"
            )
            problems.check(
                effect.low >= 0 and effect.high <= MOST_INFORMATION,
                f"leaves {effect.low:g} to {effect.high:g} of the information; give shares from 0 upwards",
            )
        problems.extend(self.find_problems())
        problems.raise_if_any(InvalidStudy)

    @property
    def label(self) -> str:
        """The lever's name."""
        return getattr(self, "name", "")

    def find_problems(self) -> Iterator[str]:
        """What is wrong with the lever's own fields."""
        yield from ()

    def tell_limit(self) -> str:
        """How far the lever goes, in words."""
        raise NotImplementedError


def _find_bound_problems(least: int, most: int, count: int, what: str) -> Iterator[str]:
    """Why bounds on a number of `what` contradict each other or what there is."""
    if not 0 <= least <= most <= count:
        yield (
            f"keeps at least {least} and at most {most} of {count} {what}; "
            f"give numbers from 0 to {count}, the first not above the second"
        )


def _find_twice(items: tuple[object, ...], what: str) -> Iterator[str]:
    for item in dict.fromkeys(item for item in items if items.count(item) > 1):
        yield f"has the {what} {item!r} twice; keep one"


@dataclass(frozen=True)
class DropCells(LeverTerms):
    """These cells may go, as long as `keep_at_least` of them stay, whatever lever takes the others."""

    name: str
    cells: tuple[CellKey, ...]
    keep_at_least: int

    def find_problems(self) -> Iterator[str]:
        count = len(self.cells)
        if not 0 <= self.keep_at_least <= count:
            yield f"keeps at least {self.keep_at_least} of {count} cells; give 0 to {count}"
        yield from _find_twice(self.cells, "cell")

    def tell_limit(self) -> str:
        return f"keeps at least {self.keep_at_least} of {len(self.cells)}"


@dataclass(frozen=True)
class ThinVisits(LeverTerms):
    """Of a series of visits some may go, each with all its cells or with those of `activity_ids` only.

    At least `keep_at_least` and at most `keep_at_most` visits stay. With `most_gap_days` the first and
    the last visit stay, and no two visits kept one after the other are further apart, by the days as
    written.
    """

    name: str
    visit_ids: tuple[str, ...]
    keep_at_least: int
    keep_at_most: int
    most_gap_days: float | None = None
    activity_ids: tuple[str, ...] = ()

    def find_problems(self) -> Iterator[str]:
        count = len(self.visit_ids)
        yield from _find_bound_problems(self.keep_at_least, self.keep_at_most, count, "visits")
        yield from _find_twice(self.visit_ids, "visit")
        if self.most_gap_days is not None:
            if not self.most_gap_days > 0:
                yield f"allows a gap of {self.most_gap_days:g} days; give more than 0"
            if self.keep_at_most < min(2, count):
                yield f"keeps at most {self.keep_at_most}, but with a gap the first and the last stay; give 2"

    def tell_limit(self) -> str:
        least, most, count = self.keep_at_least, self.keep_at_most, len(self.visit_ids)
        kept = f"at least {least}" if most == count else f"{least} to {most}"
        gap = "" if self.most_gap_days is None else f", at most {self.most_gap_days:g} days apart"
        return f"keeps {kept} of {count} visits{gap}"


@dataclass(frozen=True)
class ConsolidateDays(LeverTerms):
    """Visits that may share a day: each may be held on the written day of another within its window.

    Their order stays. The protocol allows the window already, so that no lock hinders it.
    """

    name: str
    visit_ids: tuple[str, ...]

    def find_problems(self) -> Iterator[str]:
        if len(self.visit_ids) < 2:
            yield f"has {len(self.visit_ids)} visits; name two or more that may share a day"
        yield from _find_twice(self.visit_ids, "visit")

    def tell_limit(self) -> str:
        return f"{len(self.visit_ids)} visits, each within its window"


@dataclass(frozen=True)
class MoveVisits(LeverTerms):
    """These visits may happen at `place`, at most `at_most` of them.

    A home nurse is "home", a local laboratory or imaging centre "local", telephone and video "remote".
    `possible` names the activities that can be done there; None: the evidence ledger decides.
    """

    name: str
    visit_ids: tuple[str, ...]
    place: Place
    at_most: int
    possible: tuple[str, ...] | None = None

    def find_problems(self) -> Iterator[str]:
        count = len(self.visit_ids)
        if not 0 <= self.at_most <= count:
            yield f"moves at most {self.at_most} of {count} visits; give 0 to {count}"
        yield from _find_twice(self.visit_ids, "visit")

    def tell_limit(self) -> str:
        return f"at most {self.at_most} of {len(self.visit_ids)} visits, to {self.place}"


@dataclass(frozen=True)
class ReplaceMeasure(LeverTerms):
    """These cells may be replaced by `by`, done at home with a device or an electronic questionnaire.

    `by` is the id under which the lines of the burden know the substitute, and no activity that the
    visits already have. At most `at_most` are replaced. What is replaced is still measured.
    """

    name: str
    cells: tuple[CellKey, ...]
    by: str
    at_most: int

    def find_problems(self) -> Iterator[str]:
        count = len(self.cells)
        if not 0 <= self.at_most <= count:
            yield f"replaces at most {self.at_most} of {count} cells; give 0 to {count}"
        if not self.by:
            yield "does not say by what it replaces; give by = ..."
        if self.by in {activity_id for _, activity_id in self.cells}:
            yield f"replaces {self.by!r} by itself; name another measure"
        yield from _find_twice(self.cells, "cell")
        yield from _find_twice(tuple(visit_id for visit_id, _ in self.cells), "visit")

    def tell_limit(self) -> str:
        return f"at most {self.at_most} of {len(self.cells)}, by {self.by} at home"


@dataclass(frozen=True)
class ScanSchedule:
    """One way to space the scans: the visits that keep them; the effect on information, if known."""

    name: str
    visit_ids: tuple[str, ...]
    information_effect: Estimate | None = None


@dataclass(frozen=True)
class SparserImaging(LeverTerms):
    """The scans follow the protocol or one of `schedules`; all `cells` of a visit that is not kept go."""

    name: str
    cells: tuple[CellKey, ...]
    schedules: tuple[ScanSchedule, ...]

    def find_problems(self) -> Iterator[str]:
        visits = {visit_id for visit_id, _ in self.cells}
        if not self.schedules:
            yield "offers no schedule of scans; give at least one"
        yield from _find_twice(tuple(schedule.name for schedule in self.schedules), "schedule")
        yield from _find_twice(self.cells, "cell")
        for schedule in self.schedules:
            for visit_id in (v for v in schedule.visit_ids if v not in visits):
                yield f"keeps a scan at {visit_id!r} in {schedule.name!r}, where there is none; leave it out"

    def tell_limit(self) -> str:
        return f"as written or one of: {', '.join(schedule.name for schedule in self.schedules)}"


@dataclass(frozen=True)
class SelectiveSafety(LeverTerms):
    """Safety data that may be left out selectively (ICH E19): per activity all of these cells or none."""

    name: str
    cells: tuple[CellKey, ...]

    def find_problems(self) -> Iterator[str]:
        if not self.cells:
            yield "names no cells; name the safety activities that may be left out"
        yield from _find_twice(self.cells, "cell")

    @property
    def activity_ids(self) -> tuple[str, ...]:
        """The activities, each once."""
        return tuple(dict.fromkeys(activity_id for _, activity_id in self.cells))

    def tell_limit(self) -> str:
        return f"each of {len(self.activity_ids)} activities as written or left out ({len(self.cells)} cells)"


@dataclass(frozen=True)
class BroadenCriterion(LeverTerms):
    """One of these sets of criteria may be left out or relaxed: the outer search picks a set by name."""

    name: str
    criterion_ids: tuple[str, ...]

    def find_problems(self) -> Iterator[str]:
        if not self.criterion_ids:
            yield "names no criterion; name at least one"
        yield from _find_twice(self.criterion_ids, "criterion")

    def tell_limit(self) -> str:
        return f"criteria {', '.join(self.criterion_ids)}"


@dataclass(frozen=True)
class AdjustForCovariates(LeverTerms):
    """The analysis may adjust for these covariates or a prognostic score."""

    name: str
    covariates: tuple[str, ...]

    def find_problems(self) -> Iterator[str]:
        if not self.covariates:
            yield "names no covariate; name at least one"
        yield from _find_twice(self.covariates, "covariate")

    def tell_limit(self) -> str:
        return f"adjusts for {', '.join(self.covariates)}"


@dataclass(frozen=True)
class BorrowControls(LeverTerms):
    """Controls may be borrowed from elsewhere, worth at most so many patients of the trial's own."""

    name: str
    at_most_patients: int

    def find_problems(self) -> Iterator[str]:
        if self.at_most_patients < 1:
            yield f"borrows at most {self.at_most_patients} patients; give 1 or more"

    def tell_limit(self) -> str:
        return f"worth at most {self.at_most_patients} patients"


@dataclass(frozen=True)
class ChangeDesign(LeverTerms):
    """The trial may have other numbers of patients, ratios, looks and months of follow-up.

    `ratios` are treatment to control, `looks` tuples of information rates. An empty list: as designed.
    """

    name: str
    patients: tuple[int, ...] = ()
    ratios: tuple[float, ...] = ()
    looks: tuple[tuple[float, ...], ...] = ()
    follow_up_months: tuple[float, ...] = ()

    def find_problems(self) -> Iterator[str]:
        if not (self.patients or self.ratios or self.looks or self.follow_up_months):
            yield "changes nothing; give patients, ratios, looks or follow_up_months"
        for count in self.patients:
            if count < 2:
                yield f"has {count} patients; give 2 or more"
        for key in ("ratios", "follow_up_months"):
            for value in getattr(self, key):
                if not 0 < value < float("inf"):
                    yield f"has {value:g} in {key}; give numbers above 0"
        for rates in self.looks:
            rises = all(a < b for a, b in zip((0.0, *rates), rates, strict=False))
            if not rates or not rises or rates[-1] != 1:
                yield f"has the looks {list(rates)}; give rising information rates that end at 1"
        for key in ("patients", "ratios", "looks", "follow_up_months"):
            yield from _find_twice(getattr(self, key), f"value in {key}")

    def tell_limit(self) -> str:
        told = [
            f"{len(held)} {words}"
            for held, words in (
                (self.patients, "numbers of patients"),
                (self.ratios, "ratios"),
                (self.looks, "plans of looks"),
                (self.follow_up_months, "lengths of follow-up"),
            )
            if held
        ]
        return ", ".join(told)


ScheduleLever: TypeAlias = (
    DropCells | ThinVisits | ConsolidateDays | MoveVisits | ReplaceMeasure | SparserImaging | SelectiveSafety
)
"""Levers on the schedule: the inner search decides on them exactly."""

DesignLever: TypeAlias = BroadenCriterion | AdjustForCovariates | BorrowControls | ChangeDesign
"""Levers on the trial around the schedule: the outer search decides on them."""

Lever: TypeAlias = ScheduleLever | DesignLever

SCHEDULE_LEVERS = (
    DropCells,
    ThinVisits,
    ConsolidateDays,
    MoveVisits,
    ReplaceMeasure,
    SparserImaging,
    SelectiveSafety,
)

ChangeKind = Literal["drop-cell", "move-visit", "move-day", "replace-cell"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a design does differently, with the lever that allowed it.

    `place` is where a moved visit happens, `day` the calendar day of one held on another's day, `by`
    what a replaced cell is measured with.
    """

    kind: ChangeKind
    lever: str
    visit_id: str
    activity_id: str | None = None
    place: Place | None = None
    day: int | None = None
    by: str | None = None
