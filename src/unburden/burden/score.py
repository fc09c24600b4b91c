"""What a schedule asks of a patient: every term as a line, and the totals with their intervals."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Literal

from unburden.burden.classify import classify_activities
from unburden.domain.burden import (
    PATIENT_MINUTES,
    TIME_DIMENSIONS,
    UNIT_BY_DIMENSION,
    ActivityKind,
    BurdenLine,
    BurdenScore,
    Evidence,
    Persona,
    TimeOnStudy,
)
from unburden.domain.errors import InvalidEvidence, InvalidProtocol, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.ledger import (
    ARRIVAL_MINUTES,
    COUNT_ONE,
    HOME_VISIT_MINUTES,
    ONE_WAY_KM,
    PROCEDURE_MINUTES,
    REMOTE_VISIT_MINUTES,
    TRAVEL_MINUTES,
    UNCLASSIFIED,
    EvidenceLedger,
    KindQuantity,
    replace_evidence,
)
from unburden.domain.protocol import Cell, Place, Protocol, Visit

COUNTED = "observed:counted in the schedule"

_AWAY = (Place.SITE, Place.LOCAL)
_DAY_QUANTITIES = (
    ("contact_days", COUNT_ONE, 1.0),
    ("travel_km", ONE_WAY_KM, 2.0),
    ("travel_minutes", TRAVEL_MINUTES, 1.0),
    ("site_minutes", ARRIVAL_MINUTES, 1.0),
)
_SD_PER_RANGE = 1 / 3.92
_Z = NormalDist().inv_cdf(0.975)


def score_schedule(
    protocol: Protocol,
    persona: Persona,
    ledger: EvidenceLedger,
    *,
    time_on_study: TimeOnStudy | None,
    arm_id: str | None,
    kinds: Mapping[str, str],
    overrides: tuple[Evidence, ...],
) -> BurdenScore:
    """The burden of the main schedule for one persona and arm, per patient who starts.

    Counts every main visit of the arm that has a cell, weighted by the share of patients on study
    on its day (1 before the reference, for visits without a day, and where `time_on_study` is
    None). A day's lines take the share on its whole day, so that they do not depend on which of
    the day's visits cause them. An activity with a timeline of its own counts by what stands there,
    not by its own kind; such lines bear the id of that activity and of the main visit. `kinds` names
    kinds by activity id where the ledger's patterns should not decide. `overrides` replace ledger
    entries, the persona's own replace these. `notes` says what is not counted or is counted by a
    rule of thumb.

    Raises `InvalidProtocol` for an unknown arm, `InvalidEvidence` for overrides, kinds or a time
    on study that do not fit.
    """
    _check_arm(protocol, time_on_study, arm_id)
    used = replace_evidence(replace_evidence(ledger, overrides), persona.overrides)
    activity_kinds = classify_activities(protocol, used, kinds)
    schedule = _Schedule(protocol, used, activity_kinds, time_on_study, arm_id)
    visits = schedule.visits
    lines = merge_lines(
        [*(line for visit in visits for line in schedule.derive_visit_lines(visit)), *schedule.derive_days()]
    )
    evidence = used.evidence_by_id
    return BurdenScore(
        arm_id=arm_id,
        persona=persona.name,
        totals=total_lines(lines, evidence),
        lines=lines,
        evidence=evidence,
        by_visit=_share_by_visit(lines, evidence, visits),
        kinds=activity_kinds,
        notes=tuple(schedule.find_notes()),
    )


def score_persona(
    score: BurdenScore,
    persona: Persona,
    protocol: Protocol,
    ledger: EvidenceLedger,
    *,
    overrides: tuple[Evidence, ...],
) -> BurdenScore:
    """What `score_schedule` would give for another persona, from the score of one of the same arm.

    Personas differ in the entries only, so the lines, the kinds and the notes stay.
    """
    evidence = replace_evidence(replace_evidence(ledger, overrides), persona.overrides).evidence_by_id
    visits = [protocol.visit_by_id[visit_id] for visit_id in score.by_visit]
    return replace(
        score,
        persona=persona.name,
        totals=total_lines(score.lines, evidence),
        evidence=evidence,
        by_visit=_share_by_visit(score.lines, evidence, visits),
    )


def total_lines(lines: Iterable[BurdenLine], evidence: Mapping[str, Evidence]) -> dict[str, Estimate]:
    """The sum of the lines in each dimension, and `patient_minutes` over the three of time.

    An entry is one unknown wherever it appears, so its multiples add before its variance counts;
    different entries are taken to be independent.
    """
    lines = tuple(lines)
    groups: dict[str, tuple[str, ...]] = {dimension: (dimension,) for dimension in UNIT_BY_DIMENSION}
    groups[PATIENT_MINUTES] = TIME_DIMENSIONS
    totals: dict[str, Estimate] = {}
    for name, dimensions in groups.items():
        times: dict[str, float] = {}
        for line in lines:
            if line.dimension in dimensions:
                times[line.evidence_id] = times.get(line.evidence_id, 0.0) + line.times
        terms = [(coefficient, evidence[evidence_id]) for evidence_id, coefficient in times.items()]
        value, low, high = match_lognormal(terms)
        sources = tuple(sorted({entry.source for _, entry in terms})) or (COUNTED,)
        totals[name] = Estimate(value, low, high, UNIT_BY_DIMENSION[dimensions[0]], sources)
    return totals


def match_lognormal(terms: Sequence[tuple[float, Evidence]]) -> tuple[float, float, float]:
    """Mean and 95 % interval of Σ coefficient × entry, for independent entries.

    The sum of the uncertain entries is taken to be lognormal with the mean and variance of that
    sum (Fenton 1960, Wilkinson), an entry's standard deviation being (high - low) / 3.92; entries
    without spread only shift it, so that no bound falls below what is certain. No variance: exact.
    Departures: uncertain entries with a mean of 0 have no lognormal and get 0 to 1.96 sd; a spread
    so wide that the mean lies above the 97.5 % quantile gets the mean as its upper bound.

    >>> match_lognormal([(2.0, Evidence("a", "", 3, 3, 3, "minute", "observed:x", "A"))])
    (6.0, 6.0, 6.0)
    """
    value = math.fsum(times * entry.value for times, entry in terms)
    certain = math.fsum(times * entry.value for times, entry in terms if entry.low == entry.high)
    sd = math.hypot(*(times * (entry.high - entry.low) * _SD_PER_RANGE for times, entry in terms))
    mean = math.fsum(times * entry.value for times, entry in terms if entry.low < entry.high)
    if sd == 0:
        return value, value, value
    if mean == 0:
        return value, value, value + _Z * sd
    spread = 2 * math.log(math.hypot(1, sd / mean))
    centre = math.log(mean) - spread / 2
    half = _Z * math.sqrt(spread)
    low, high = math.exp(centre - half), math.exp(centre + half)
    return value, min(value, certain + low), max(value, certain + high)


def merge_lines(lines: Iterable[BurdenLine]) -> tuple[BurdenLine, ...]:
    """The lines with those that differ in `times` only added up, in order of first appearance."""
    times: dict[BurdenLine, float] = {}
    for line in lines:
        key = replace(line, times=0.0)
        times[key] = times.get(key, 0.0) + line.times
    return tuple(replace(key, times=total) for key, total in times.items())


def _check_arm(protocol: Protocol, time_on_study: TimeOnStudy | None, arm_id: str | None) -> None:
    problems = Problems(protocol.source or protocol.id)
    known = [arm.id for arm in protocol.arms]
    problems.check(arm_id is None or arm_id in known, f"no arm {arm_id!r}; use None or one of {known}")
    problems.raise_if_any(InvalidProtocol)
    other = time_on_study.arm_id if time_on_study else None
    problems.check(
        other is None or arm_id in (None, other),
        f"time on study is of the arm {other!r}, the score of {arm_id!r}; give the time of that arm",
    )
    problems.raise_if_any(InvalidEvidence)


@dataclass(frozen=True)
class _Asked:
    """A quantity asked at a visit, by a cell of its own or by one within its activity's timeline."""

    activity_id: str
    quantity: KindQuantity


@dataclass(frozen=True)
class _Schedule:
    """One schedule with what is needed to turn its visits into lines."""

    protocol: Protocol
    ledger: EvidenceLedger
    kinds: Mapping[str, ActivityKind]
    time_on_study: TimeOnStudy | None
    arm_id: str | None
    visits: tuple[Visit, ...] = field(init=False)

    def __post_init__(self) -> None:
        cells = self.protocol.cells_by_visit
        counted = tuple(v for v in self.protocol.visits_of_arm(self.arm_id) if cells[v.id])
        object.__setattr__(self, "visits", counted)

    def share_on_study(self, day: float | None) -> float:
        """Share of patients on study on a day; everyone before the reference or on no day."""
        if self.time_on_study is None or day is None or day < 0:
            return 1.0
        return self.time_on_study.share_at(day)

    def expand_cells(self, visit: Visit) -> Iterator[tuple[str, Cell]]:
        """Each cell done at the visit, with the visit's own activity that brings it about."""
        for cell in self.protocol.cells_by_visit[visit.id]:
            yield from ((cell.activity_id, each) for each in self._expand_cell(cell, (visit.timeline_id,)))

    def _expand_cell(self, cell: Cell, inside: tuple[str, ...]) -> Iterator[Cell]:
        """The cell, or the cells of the timeline that says how its activity is done."""
        timeline_id = self.protocol.activity_by_id[cell.activity_id].timeline_id
        if timeline_id is None or timeline_id in inside:
            yield cell
            return
        for point in self.protocol.visits:
            in_arm = self.arm_id is None or not point.arm_ids or self.arm_id in point.arm_ids
            if point.timeline_id == timeline_id and in_arm:
                for below in self.protocol.cells_by_visit[point.id]:
                    yield from self._expand_cell(below, (*inside, timeline_id))

    def derive_visit_lines(self, visit: Visit) -> Iterator[BurdenLine]:
        """The lines of the visit's cells, of its setups and of the visit itself."""
        share = self.share_on_study(visit.offset_days)
        asked = [
            _Asked(activity_id, quantity)
            for activity_id, cell in self.expand_cells(visit)
            for quantity in self.ledger.kind_by_name[self.kinds[cell.activity_id].kind].quantities
        ]
        setups: dict[KindQuantity, dict[str, None]] = {}
        for each in asked:
            if each.quantity.setup:
                setups.setdefault(each.quantity, {})[each.activity_id] = None
            else:
                yield _derive_line(each.quantity, "cell", share, visit, (each.activity_id,))
        for quantity, activity_ids in setups.items():
            yield _derive_line(quantity, "setup", share, visit, tuple(activity_ids))
        overhead = {Place.HOME: HOME_VISIT_MINUTES, Place.REMOTE: REMOTE_VISIT_MINUTES}.get(visit.place)
        if overhead:
            quantity = KindQuantity("home_minutes", overhead)
            yield _derive_line(quantity, "visit", share, visit, ())

    def derive_days(self) -> Iterator[BurdenLine]:
        """The lines of each date with a visit away from home; a visit without a day is its own date."""
        dates: dict[tuple[int | None, str | None], None] = {}
        for visit in self.visits:
            if visit.place in _AWAY:
                dates[visit.calendar_day, visit.id if visit.calendar_day is None else None] = None
        for day, visit_id in dates:
            for dimension, evidence_id, count in _DAY_QUANTITIES:
                times = self.share_on_study(day) * count
                yield BurdenLine(dimension, "day", evidence_id, times, Place.SITE, visit_id, day)

    def find_notes(self) -> Iterator[str]:
        """What is not counted, or counted by a rule of thumb."""
        yield from self._find_time_notes()
        expanded = [(visit, *pair) for visit in self.visits for pair in self.expand_cells(visit)]
        done = list(dict.fromkeys(cell.activity_id for _, _, cell in expanded))
        points = {cell.visit_id for _, _, cell in expanded}
        reached = {self.protocol.visit_by_id[visit_id].timeline_id for visit_id in points}
        for timeline in self.protocol.timelines:
            if not timeline.is_main and timeline.id not in reached:
                trigger = f" (on: {timeline.trigger})" if timeline.trigger else ""
                yield f"timeline {timeline.name!r}{trigger} is not counted: not every patient has it"
        for visit_id in dict.fromkeys(cell.visit_id for _, _, cell in expanded):
            visit = self.protocol.visit_by_id[visit_id]
            if visit.repeat:
                yield f"visit {visit.name!r} repeats ({visit.repeat}) and is counted once"
        for key in {cell.activity_id for v in self.visits for cell in self.protocol.cells_by_visit[v.id]}:
            activity = self.protocol.activity_by_id[key]
            if activity.timeline_id is not None and activity.timeline_id not in reached:
                yield f"activity {activity.title!r} has a timeline without assessments and counts nothing"
        conditional = sum(bool(cell.condition_ids) for _, _, cell in expanded)
        if conditional:
            yield f"{conditional} cells with conditions are counted as always done"
        for activity_id in done:
            if self.kinds[activity_id].kind == UNCLASSIFIED:
                title = self.protocol.activity_by_id[activity_id].title
                yield f"activity {title!r} is of no known kind and has wide assumed minutes"
        for visit in self.visits:
            inner = [cell for _, cell in self.expand_cells(visit) if cell.visit_id != visit.id]
            if any(q.setup for c in inner for q in self._quantities_of(c)):
                yield f"time points within the visit {visit.name!r} share one setup, such as one needle"
        if any(visit.place == Place.LOCAL for visit in self.visits):
            yield "local visits are counted with the travel and arrival of a site visit"

    def _quantities_of(self, cell: Cell) -> tuple[KindQuantity, ...]:
        return self.ledger.kind_by_name[self.kinds[cell.activity_id].kind].quantities

    def _find_time_notes(self) -> Iterator[str]:
        if self.time_on_study is None:
            yield "no time on study is given: everyone is taken to complete the schedule"
        else:
            yield f"times are weighted by the share on study from {self.time_on_study.source}"
            if self.time_on_study.arm_id is not None and self.arm_id is None:
                yield f"time on study of the arm {self.time_on_study.arm_id!r} is used for every arm"
        if self.arm_id is None and any(visit.arm_ids for visit in self.visits):
            yield "no arm is chosen: the visits of all arms are counted together"
        for visit in self.visits:
            if visit.offset_days is None:
                yield f"visit {visit.name!r} has no day: it is its own date, with everyone on study"


def _derive_line(
    quantity: KindQuantity,
    cause: Literal["cell", "setup", "visit"],
    share: float,
    visit: Visit,
    activity_ids: tuple[str, ...],
) -> BurdenLine:
    dimension = quantity.dimension
    if dimension == PROCEDURE_MINUTES:
        dimension = "site_minutes" if visit.place in _AWAY else "home_minutes"
    return BurdenLine(
        dimension,
        cause,
        quantity.evidence_id,
        share * quantity.count,
        visit.place,
        visit.id,
        visit.calendar_day,
        activity_ids,
        quantity.detail,
    )


def _share_by_visit(
    lines: Iterable[BurdenLine], evidence: Mapping[str, Evidence], visits: Sequence[Visit]
) -> dict[str, dict[str, float]]:
    """Amounts by visit and dimension; a day's lines are shared by its visits away from home."""
    shares: dict[str, dict[str, float]] = {v.id: dict.fromkeys(UNIT_BY_DIMENSION, 0.0) for v in visits}
    by_day: dict[int | None, list[str]] = {}
    for visit in visits:
        if visit.place in _AWAY:
            by_day.setdefault(visit.calendar_day, []).append(visit.id)
    for line in lines:
        visit_ids = [line.visit_id] if line.visit_id is not None else by_day[line.calendar_day]
        amount = line.times * evidence[line.evidence_id].value / len(visit_ids)
        for visit_id in visit_ids:
            shares[visit_id][line.dimension] += amount
    return shares
