"""What a score does not count, or counts by a rule of thumb, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from unburden.burden.footnotes import classify_footnotes
from unburden.burden.occurrences import Layout, expand_cell
from unburden.domain.burden import ActivityKind
from unburden.domain.conduct import Conduct
from unburden.domain.cycles import PatientCourse
from unburden.domain.footnotes import NOT_UNDERSTOOD
from unburden.domain.ledger import UNCLASSIFIED, EvidenceLedger, KindQuantity
from unburden.domain.protocol import Cell, Place, Protocol, Visit


@dataclass(frozen=True)
class ScheduleNotes:
    """A schedule, how it was laid out, and what that leaves to say."""

    protocol: Protocol
    ledger: EvidenceLedger
    kinds: Mapping[str, ActivityKind]
    course: PatientCourse
    conduct: Conduct
    arm_id: str | None
    layout: Layout

    def find_notes(self) -> Iterator[str]:
        """Every note."""
        yield from self._find_time_notes()
        yield from self.layout.notes
        for visit in self.layout.visits:
            if found := self.layout.read.get(visit.id):
                yield f"visit {visit.name!r} is laid out by the rule {found.rule!r} from {found.matched!r}"
        yield from self._find_timeline_notes()
        yield from self._find_cell_notes()
        for visit in self.layout.visits:
            if self._shares_setup(visit):
                yield f"time points within the visit {visit.name!r} share one setup, such as one needle"
        if any(visit.place == Place.LOCAL for visit in self.layout.visits):
            yield "local visits are counted with the travel and arrival of a site visit"

    def _find_time_notes(self) -> Iterator[str]:
        if not self.course.curves:
            yield "no time on study is given: everyone is taken to complete the schedule"
        for state, curve in self.course.curves.items():
            what = "study" if state == "study" else f"study ({state})"
            yield f"times are weighted by the share on {what} from {curve.source}"
            if curve.arm_id is not None and self.arm_id is None:
                yield f"time on study of the arm {curve.arm_id!r} is used for every arm"
        if self.conduct.unscheduled is None:
            yield "unscheduled visits are not counted, because their rate is not given"
        if self.arm_id is None and any(visit.arm_ids for visit in self.layout.visits):
            yield "no arm is chosen: the visits of all arms are counted together"
        for visit in self.layout.visits:
            if visit.offset_days is None and visit.id not in self.layout.read:
                yield f"visit {visit.name!r} has no day: it is its own date, with everyone on study"

    def _find_timeline_notes(self) -> Iterator[str]:
        reached = {self.protocol.visit_by_id[c.visit_id].timeline_id for _, c in self._expanded()}
        for timeline in self.protocol.timelines:
            if not timeline.is_main and timeline.id not in reached:
                trigger = f" (on: {timeline.trigger})" if timeline.trigger else ""
                yield f"timeline {timeline.name!r}{trigger} is not counted: not every patient has it"
        for visit_id in dict.fromkeys(cell.visit_id for _, cell in self._expanded()):
            visit = self.protocol.visit_by_id[visit_id]
            if visit.repeat and visit.timeline_id != self.protocol.main_timeline.id:
                yield f"visit {visit.name!r} repeats ({visit.repeat}) and is counted once"
        cells = (cell for v in self.layout.visits for cell in self.protocol.cells_by_visit[v.id])
        for key in dict.fromkeys(cell.activity_id for cell in cells):
            activity = self.protocol.activity_by_id[key]
            if activity.timeline_id is not None and activity.timeline_id not in reached:
                yield f"activity {activity.title!r} has a timeline without assessments and counts nothing"

    def _find_cell_notes(self) -> Iterator[str]:
        expanded = [cell for _, cell in self._expanded()]
        effects = {effect.note_id: effect.kind for effect in classify_footnotes(self.protocol)}
        unknown = [i for i, kind in effects.items() if kind == NOT_UNDERSTOOD]
        if unknown:
            marks = {c.id: c.mark or c.id for c in self.protocol.conditions}
            told = ", ".join(marks[i] for i in unknown)
            yield f"{len(unknown)} of {len(effects)} footnotes are not understood and change nothing: {told}"
        conditional = sum(bool(cell.condition_ids) for cell in expanded)
        if conditional:
            yield (
                f"{conditional} cells have footnotes; they are counted as always done, save where a footnote "
                "gives a share or a number"
            )
        for activity_id in dict.fromkeys(cell.activity_id for cell in expanded):
            if self.kinds[activity_id].kind == UNCLASSIFIED:
                title = self.protocol.activity_by_id[activity_id].title
                yield f"activity {title!r} is of no known kind and has wide assumed minutes"

    def _expanded(self) -> list[tuple[Visit, Cell]]:
        return [
            (visit, each)
            for visit in self.layout.visits
            for cell in self.protocol.cells_by_visit[visit.id]
            for each in expand_cell(self.protocol, self.arm_id, cell)
        ]

    def _shares_setup(self, visit: Visit) -> bool:
        own = self.protocol.cells_by_visit[visit.id]
        expanded = (each for cell in own for each in expand_cell(self.protocol, self.arm_id, cell))
        inner = (cell for cell in expanded if cell.visit_id != visit.id)
        return any(quantity.setup for cell in inner for quantity in self._quantities_of(cell))

    def _quantities_of(self, cell: Cell) -> tuple[KindQuantity, ...]:
        return self.ledger.kind_by_name[self.kinds[cell.activity_id].kind].quantities
