"""What a schedule asks of a patient: every term as a line, and the totals with their intervals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from unburden.burden.classify import classify_activities
from unburden.burden.footnotes import derive_cell_factors
from unburden.burden.notes import ScheduleNotes
from unburden.burden.occurrences import Layout, Occurrence, Presence, expand_cell, lay_out
from unburden.burden.patient_times import make_patient_times, weigh_lines
from unburden.burden.totals import merge_lines, total_lines
from unburden.domain.burden import (
    UNIT_BY_DIMENSION,
    ActivityKind,
    BurdenLine,
    BurdenScore,
    Cause,
    Evidence,
    Persona,
    compute_amount,
)
from unburden.domain.conduct import Conduct
from unburden.domain.cycles import PatientCourse
from unburden.domain.errors import InvalidEvidence, InvalidProtocol, Problems
from unburden.domain.ledger import (
    ARRIVAL_MINUTES,
    CAREGIVER_SHARE,
    COST_PER_DAY,
    COST_PER_KM,
    COUNT_ONE,
    HOME_VISIT_MINUTES,
    ONE_WAY_KM,
    PROCEDURE_MINUTES,
    REMOTE_VISIT_MINUTES,
    TRAVEL_MINUTES,
    UNTIL_NEXT,
    EvidenceLedger,
    KindQuantity,
    replace_evidence,
)
from unburden.domain.protocol import Cell, Place, Protocol, Visit

_AWAY = (Place.SITE, Place.LOCAL)
_ACCOMPANIED = ("site_minutes", "travel_minutes")
_DAY_QUANTITIES: tuple[tuple[str, str, float, tuple[str, ...]], ...] = (
    ("contact_days", COUNT_ONE, 1.0, ()),
    ("travel_km", ONE_WAY_KM, 2.0, ()),
    ("travel_minutes", TRAVEL_MINUTES, 1.0, ()),
    ("site_minutes", ARRIVAL_MINUTES, 1.0, ()),
    ("out_of_pocket_usd", ONE_WAY_KM, 2.0, (COST_PER_KM,)),
    ("out_of_pocket_usd", COST_PER_DAY, 1.0, ()),
)
FOOTNOTE_MARK = "footnote:"
"""Before the id of a footnote, in the id of the entry that holds its share or number."""

UNSCHEDULED_NAME = "unscheduled"


def score_schedule(
    protocol: Protocol,
    persona: Persona,
    ledger: EvidenceLedger,
    *,
    course: PatientCourse,
    conduct: Conduct,
    arm_id: str | None,
    kinds: Mapping[str, str],
    overrides: tuple[Evidence, ...],
) -> BurdenScore:
    """The burden of the main schedule for one persona and arm, per patient who starts.

    B = Σ share there × (visit + Σ procedures) + unscheduled, over every occurrence of every main
    visit of the arm that has a cell (`lay_out` says when each happens and who is there, by the
    `course` of the patients; `conduct` holds what the study declares of cycles and unscheduled
    visits). A date counts once, whatever visits share it, with the largest of their shares on its
    whole day, so that it does not depend on which of a state's visits cause it. A footnote that
    says in a number for whom or how often multiplies its cells. An activity with a timeline of its
    own counts by what stands there, not by its own kind; such lines bear the id of that activity and
    of the main visit. `kinds` names kinds by activity id where the ledger's rules should not decide.
    `overrides` replace ledger entries, the persona's own replace these. `notes` says what is not
    counted or is counted by a rule of thumb.

    Raises `InvalidProtocol` for an unknown arm, `InvalidEvidence` for overrides, kinds, cycles or a
    time on study that do not fit.
    """
    _check_arm(protocol, course, arm_id)
    used = replace_evidence(replace_evidence(ledger, overrides), persona.overrides)
    activity_kinds = classify_activities(protocol, used, kinds)
    schedule = _Schedule(protocol, used, activity_kinds, course, conduct, arm_id)
    patient_times = make_patient_times(schedule.derive_lines(), course, schedule.layout.last_day)
    lines = merge_lines(weigh_lines(patient_times))
    evidence = {**used.evidence_by_id, **schedule.own_evidence}
    return BurdenScore(
        arm_id=arm_id,
        persona=persona.name,
        totals=total_lines(lines, evidence),
        lines=lines,
        evidence=evidence,
        by_visit=_share_by_visit(lines, evidence, schedule.layout.visits),
        kinds=activity_kinds,
        notes=tuple(schedule.find_notes()),
        expected_times=schedule.expect_times(),
        patient_times=patient_times,
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
    own = replace_evidence(replace_evidence(ledger, overrides), persona.overrides).evidence_by_id
    evidence = {**score.evidence, **own}
    visits = [protocol.visit_by_id[visit_id] for visit_id in score.by_visit]
    return replace(
        score,
        persona=persona.name,
        totals=total_lines(score.lines, evidence),
        evidence=evidence,
        by_visit=_share_by_visit(score.lines, evidence, visits),
    )


def _check_arm(protocol: Protocol, course: PatientCourse, arm_id: str | None) -> None:
    problems = Problems(protocol.source or protocol.id)
    known = [arm.id for arm in protocol.arms]
    problems.check(arm_id is None or arm_id in known, f"no arm {arm_id!r}; use None or one of {known}")
    problems.raise_if_any(InvalidProtocol)
    for curve in course.curves.values():
        other = curve.arm_id
        problems.check(
            other is None or arm_id in (None, other),
            f"time on study is of the arm {other!r}, the score of {arm_id!r}; give the time of that arm",
        )
    problems.raise_if_any(InvalidEvidence)


Timed = tuple[tuple[Presence, ...], BurdenLine]
"""A line as it stands for a patient who is there at any of the times; no time: unscheduled."""


@dataclass(frozen=True)
class _Asked:
    """A quantity asked at a visit, by a cell of its own or by one within its activity's timeline."""

    activity_id: str
    quantity: KindQuantity
    factor_ids: tuple[str, ...]


@dataclass(frozen=True)
class _Schedule:
    """One schedule with what is needed to turn its occurrences into lines."""

    protocol: Protocol
    ledger: EvidenceLedger
    kinds: Mapping[str, ActivityKind]
    course: PatientCourse
    conduct: Conduct
    arm_id: str | None
    layout: Layout = field(init=False)
    own_evidence: dict[str, Evidence] = field(init=False)
    factor_by_cell: Mapping[tuple[str, str], str] = field(init=False)

    def __post_init__(self) -> None:
        layout = lay_out(self.protocol, self.arm_id, self.course, self.conduct)
        own, by_cell = find_footnote_entries(self.protocol)
        if self.conduct.unscheduled:
            own[self.conduct.unscheduled.rate.id] = self.conduct.unscheduled.rate
        for name, value in (("layout", layout), ("own_evidence", own), ("factor_by_cell", by_cell)):
            object.__setattr__(self, name, value)

    def find_notes(self) -> Iterator[str]:
        """What is not counted, or counted by a rule of thumb."""
        known = (self.protocol, self.ledger, self.kinds, self.course, self.conduct, self.arm_id)
        yield from ScheduleNotes(*known, self.layout).find_notes()

    def expect_times(self) -> dict[str, float]:
        """How often each visit is expected per patient."""
        times: dict[str, float] = {}
        for each in self.layout.occurrences:
            times[each.visit.id] = times.get(each.visit.id, 0.0) + each.share
        return times

    def derive_lines(self) -> Iterator[Timed]:
        """Every line as it stands for a patient who is there, with the times of being there."""
        for occurrence in self.layout.occurrences:
            for line in self._add_caregiver(self._derive_visit_lines(occurrence)):
                yield (occurrence.presence,), line
        yield from self._derive_days()
        yield from self._derive_unscheduled()

    def _derive_visit_lines(self, occurrence: Occurrence) -> Iterator[BurdenLine]:
        """The lines of the occurrence's cells, of its setups and of the visit itself."""
        asked = list(self._ask(occurrence))
        setups: dict[KindQuantity, list[_Asked]] = {}
        for each in asked:
            if each.quantity.setup:
                setups.setdefault(each.quantity, []).append(each)
            else:
                times = self._count_days_until_next(occurrence) if each.quantity.cause == UNTIL_NEXT else 1.0
                if times:
                    line = _derive_line(
                        each.quantity, "cell", occurrence, (each.activity_id,), each.factor_ids
                    )
                    yield line.with_times(times * line.times) if times != 1.0 else line
        for quantity, users in setups.items():
            activity_ids = tuple(dict.fromkeys(each.activity_id for each in users))
            shared = set.intersection(*(set(each.factor_ids) for each in users))
            yield _derive_line(quantity, "setup", occurrence, activity_ids, tuple(sorted(shared)))
        overhead = {Place.HOME: HOME_VISIT_MINUTES, Place.REMOTE: REMOTE_VISIT_MINUTES}.get(
            occurrence.visit.place
        )
        if overhead:
            cells = occurrence.cells if occurrence.recurs else ()
            ids = tuple(sorted({cell.activity_id for cell in cells}))
            yield _derive_line(KindQuantity("home_minutes", overhead), "visit", occurrence, ids, ())

    def _ask(self, occurrence: Occurrence) -> Iterator[_Asked]:
        for cell in occurrence.cells:
            factor = self.factor_by_cell.get(cell.key)
            for each in expand_cell(self.protocol, self.arm_id, cell):
                for quantity in self.ledger.kind_by_name[self.kinds[each.activity_id].kind].quantities:
                    yield _Asked(cell.activity_id, quantity, (factor,) if factor else ())

    def _count_days_until_next(self, occurrence: Occurrence) -> float:
        """Days to the arm's next occurrence; 0 for the last one and for one without a day."""
        day = occurrence.calendar_day
        later = [d for d in self.layout.days if day is not None and d > day]
        return float(later[0] - day) if later and day is not None else 0.0

    def _add_caregiver(self, lines: Iterable[BurdenLine]) -> Iterator[BurdenLine]:
        """Each line, and a caregiver's share of it where it is time away from home."""
        for line in lines:
            yield line
            if line.dimension in _ACCOMPANIED:
                shared = (*line.factor_ids, CAREGIVER_SHARE)
                yield replace(line, dimension="caregiver_minutes", factor_ids=shared)

    def _derive_days(self) -> Iterator[Timed]:
        """The lines of each date with a visit away from home; a visit without a day is its own date."""
        dates: dict[object, list[Occurrence]] = {}
        for each in self.layout.occurrences:
            if each.visit.place in _AWAY:
                follow_up = (each.presence.after, each.presence.day) if each.presence.after else each.visit.id
                day = each.calendar_day
                dates.setdefault(follow_up if day is None else day, []).append(each)
        for found in dates.values():
            cells = tuple(sorted({cell.key for each in found for cell in each.cells}))
            day, shared = found[0].calendar_day, len({each.visit.id for each in found}) > 1
            recurs = any(each.is_laid_out for each in found) or (day is None and shared)
            base = BurdenLine(
                "contact_days", "day", COUNT_ONE, 1.0, Place.SITE,
                None if recurs or day is not None else found[0].visit.id,
                None if recurs else day,
                day_cells=cells if recurs else (),
            )  # fmt: skip
            presences = tuple(dict.fromkeys(each.presence.floor() for each in found))
            for line in self._add_caregiver(_derive_day_lines(base)):
                yield presences, line

    def _derive_unscheduled(self) -> Iterator[Timed]:
        """What 100 days on study bring of visits that no schedule plans."""
        declared = self.conduct.unscheduled
        if declared is None:
            return
        visit = Visit(UNSCHEDULED_NAME, UNSCHEDULED_NAME, self.protocol.main_timeline.id, None)
        cells = tuple(Cell(visit.id, activity_id) for activity_id in declared.activity_ids)
        occurrence = Occurrence(visit, cells, Presence("study", None), 1.0, recurs=True)
        base = BurdenLine("contact_days", "day", COUNT_ONE, 1.0, Place.SITE, None, None)
        lines = (*self._derive_visit_lines(occurrence), *_derive_day_lines(base))
        for line in self._add_caregiver(lines):
            yield (
                (),
                replace(
                    line, cause="unscheduled", visit_id=None, factor_ids=(*line.factor_ids, declared.rate.id)
                ),
            )


def _derive_day_lines(base: BurdenLine) -> Iterator[BurdenLine]:
    for dimension, evidence_id, count, factor_ids in _DAY_QUANTITIES:
        yield replace(base, dimension=dimension, evidence_id=evidence_id, times=count, factor_ids=factor_ids)


def _derive_line(
    quantity: KindQuantity,
    cause: Cause,
    occurrence: Occurrence,
    activity_ids: tuple[str, ...],
    factor_ids: tuple[str, ...],
) -> BurdenLine:
    dimension, visit = quantity.dimension, occurrence.visit
    if dimension == PROCEDURE_MINUTES:
        dimension = "site_minutes" if visit.place in _AWAY else "home_minutes"
    return BurdenLine(
        dimension,
        cause,
        quantity.evidence_id,
        quantity.count,
        visit.place,
        visit.id,
        None if occurrence.recurs else occurrence.calendar_day,
        activity_ids,
        quantity.detail,
        factor_ids,
    )


def find_footnote_entries(protocol: Protocol) -> tuple[dict[str, Evidence], dict[tuple[str, str], str]]:
    """What footnotes say in numbers, as entries of the evidence, and the entry's id by cell."""
    entries: dict[str, Evidence] = {}
    by_cell: dict[tuple[str, str], str] = {}
    for key, found in derive_cell_factors(protocol).items():
        entry_id = FOOTNOTE_MARK + "+".join(found.note_ids)
        factor = found.factor
        is_assumed = any(source.startswith("assumed:") for source in factor.sources)
        is_share = 0 < factor.value < 1 and factor.low < factor.high <= 1
        entries[entry_id] = Evidence(
            entry_id, f"how often a cell with the footnote {', '.join(found.note_ids)} is done",
            *factor.bounds(), "1", factor.sources[0], "assumed" if is_assumed else "A",
            "logit-normal" if is_share else "",
        )  # fmt: skip
        by_cell[key] = entry_id
    return entries, by_cell


def _share_by_visit(
    lines: Iterable[BurdenLine], evidence: Mapping[str, Evidence], visits: Sequence[Visit]
) -> dict[str, dict[str, float]]:
    """Amounts by visit and dimension; a day's lines are shared by its visits away from home.

    What no schedule plans belongs to no visit.
    """
    shares: dict[str, dict[str, float]] = {v.id: dict.fromkeys(UNIT_BY_DIMENSION, 0.0) for v in visits}
    by_day: dict[int | None, list[str]] = {}
    for visit in visits:
        if visit.place in _AWAY:
            by_day.setdefault(visit.calendar_day, []).append(visit.id)
    for line in lines:
        if line.cause == "unscheduled":
            continue
        visit_ids = [line.visit_id] if line.visit_id else line.day_visit_ids or by_day[line.calendar_day]
        amount = compute_amount(line, evidence) / len(visit_ids)
        for visit_id in visit_ids:
            shares[visit_id][line.dimension] += amount
    return shares
