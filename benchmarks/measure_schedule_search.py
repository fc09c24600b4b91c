"""Figures of the exact search over schedules: 725 cells with eight levers, and the largest public matrix.

The made-up schedule has 29 visits of 25 activities, all at all visits, with the lines of every cell,
setup, visit and date at three places. The matrix is scored by the ledger itself.
Run: python benchmarks/measure_schedule_search.py [folder of matrices, default ../shared/data/protocols/soa]
"""

import random
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from unburden.burden.classify import classify_activities
from unburden.data.evidence import read_evidence
from unburden.data.protocols import read_protocol
from unburden.domain.burden import TIME_DIMENSIONS, BurdenLine, Evidence, Persona
from unburden.domain.conduct import Conduct
from unburden.domain.cycles import PatientCourse
from unburden.domain.levers import (
    ConsolidateDays,
    DropCells,
    Lever,
    MoveVisits,
    ReplaceMeasure,
    ScanSchedule,
    SelectiveSafety,
    SparserImaging,
    ThinVisits,
)
from unburden.domain.protocol import Activity, Cell, Place, Protocol, Timeline, Visit, move_visits
from unburden.domain.schedule_limits import EndpointNeed, InformationBudget, SeriesInformation
from unburden.search.problem import ScheduleProblem
from unburden.search.schedule import search_front, search_schedule

WORDS = {"reason": "benchmark", "information": "benchmark", "source": "assumed:benchmark"}
REPEATS = 5


def make_schedule(visits: int = 29, activities: int = 25) -> Protocol:
    """725 cells; visits weekly, then four-weekly, with windows of three days; some pairs close together."""
    days = [7.0 * i + (2.0 if i % 5 == 4 else 0.0) - (3.0 if i % 5 == 0 else 0.0) for i in range(visits)]
    held = tuple(
        Visit(f"V{i:02}", f"V{i:02}", "T", day, window_before_days=4.0, window_after_days=4.0)
        for i, day in enumerate(days)
    )
    rows = tuple(Activity(f"A{i:02}", f"A{i:02}") for i in range(activities))
    cells = tuple(Cell(v.id, a.id) for v in held for a in rows)
    return Protocol("P", "P", "made up", (Timeline("T", "T", True),), held, rows, cells)


def make_lines(protocol: Protocol, rng: random.Random) -> tuple[BurdenLine, ...]:
    minutes = {a.id: rng.randint(3, 45) for a in protocol.activities}
    blood = tuple(a.id for a in protocol.activities[5:10])
    lines = []
    for visit in protocol.visits:
        day = visit.calendar_day
        for place in (Place.SITE, Place.HOME, Place.LOCAL):
            dimension = "home_minutes" if place is Place.HOME else "site_minutes"
            for activity_id, each in minutes.items():
                lines.append(BurdenLine(dimension, "cell", "one", each, place, visit.id, day, (activity_id,)))
            lines.append(BurdenLine(dimension, "setup", "one", 12, place, visit.id, day, blood))
        lines.append(BurdenLine("home_minutes", "visit", "one", 25, Place.HOME, visit.id, day))
        lines.append(BurdenLine("home_minutes", "cell", "one", 6, Place.HOME, visit.id, day, ("device",)))
        for dimension, amount in (("travel_minutes", 80), ("site_minutes", 20), ("contact_days", 1)):
            lines.append(BurdenLine(dimension, "day", "one", amount, Place.SITE, None, day))
    return tuple(lines)


def make_levers(protocol: Protocol) -> tuple[Lever, ...]:
    """Eight levers that together reach most of the schedule."""
    ids = [v.id for v in protocol.visits]
    rows = [a.id for a in protocol.activities]
    optional = tuple((v, a) for a in rows[12:18] for v in ids[3:])
    scans = tuple((v, rows[20]) for v in ids)
    return (
        DropCells("questionnaires and samples", optional, 20, **WORDS),
        ThinVisits("fewer late visits", tuple(ids[12:]), 6, 17, 21.0, **WORDS),
        MoveVisits("nurse at home", tuple(ids[2::3]), Place.HOME, 6, tuple(rows[:18]), **WORDS),
        MoveVisits("local laboratory", tuple(ids[3::4]), Place.LOCAL, 4, **WORDS),
        ReplaceMeasure("device", tuple((v, rows[18]) for v in ids[2::2]), "device", 10, **WORDS),
        ConsolidateDays("share days", tuple(ids[1:12]), **WORDS),
        SparserImaging(
            "scans", scans, tuple(ScanSchedule(f"every {n}", tuple(ids[::n])) for n in (2, 3, 4)), **WORDS
        ),
        SelectiveSafety("late safety", tuple((v, a) for a in rows[22:] for v in ids[8:]), **WORDS),
    )


def measure_mean(kept: frozenset) -> float:
    """Relative information of a mean of correlated values, a quarter of it in the last."""
    n = len(kept)
    return 0.0 if n == 0 else 0.75 * n / (1 + 0.5 * (n - 1)) / 1.93 + (0.25 if ("V28", "A00") in kept else 0)


def make_large_problem() -> ScheduleProblem:
    rng = random.Random(1)
    protocol = make_schedule()
    ids, rows = [v.id for v in protocol.visits], [a.id for a in protocol.activities]
    main = tuple((v, rows[0]) for v in ids)
    keys = [c.key for c in protocol.cells]
    needs = tuple(
        EndpointNeed(f"E{i}", tuple((v, rows[12 + i]) for v in ids), 6 + 2 * i, is_required=i == 0)
        for i in range(6)
    )
    losses = {k: rng.randint(1, 20) / 1000 for k in keys if k[1] in rows[12:19]}

    return ScheduleProblem(
        protocol, make_levers(protocol), make_lines(protocol, rng),
        {"one": Evidence("one", "one", 1.0, 1.0, 1.0, "minute", "observed:counted", "A")},
        dict.fromkeys(TIME_DIMENSIONS, 1.0),
        locks={"first visits": frozenset((v, a) for v in ids[:2] for a in rows)},
        endpoints=needs, budgets=(InformationBudget("secondary", 1.2, losses),),
        series=(SeriesInformation("primary", main, measure_mean, 0.93),),
    )  # fmt: skip


def make_matrix_problem(path: Path) -> ScheduleProblem:
    """The matrix with its visits dated where they have days, and five levers on them."""
    protocol = read_protocol(path)
    ledger = read_evidence()

    def score(one: Protocol):
        from unburden.burden.score import score_schedule

        return score_schedule(
            one, Persona("all", 1.0), ledger, course=PatientCourse(), conduct=Conduct(), arm_id=None,
            kinds={}, overrides=(),
        )  # fmt: skip

    written = score(protocol)
    visits = [v for v in protocol.main_visits if protocol.cells_by_visit[v.id]]
    movable = tuple(v.id for v in visits[2::2])
    moved = score(move_visits(protocol, movable, Place.HOME))
    kinds = classify_activities(protocol, ledger, {})
    bound = frozenset(k for k, kind in kinds.items() if not ledger.kind_by_name[kind.kind].home_feasible)
    counts = {a.id: [c.key for c in protocol.cells if c.activity_id == a.id] for a in protocol.activities}
    often = sorted((a for a in counts if len(counts[a]) > 3), key=lambda a: -len(counts[a]))
    main = {v.id for v in visits}
    optional = tuple(k for a in often[1::2] for k in counts[a][1:] if k[0] in main)
    safety = tuple(k for a in often[2:12:4] for k in counts[a][2:] if k[0] in main)
    levers = (
        DropCells("optional", optional, len(optional) // 5, **WORDS),
        ThinVisits("thin", tuple(v.id for v in visits[3:]), len(visits) // 2, len(visits) - 3, **WORDS),
        MoveVisits("home", movable, Place.HOME, len(movable) // 2, **WORDS),
        SelectiveSafety("safety", safety, **WORDS),
    )
    lines = (*written.lines, *(x for x in moved.lines if x.cause != "day" and x.visit_id in {*movable}))
    return ScheduleProblem(
        protocol, levers, lines, {**written.evidence, **moved.evidence}, dict.fromkeys(TIME_DIMENSIONS, 1.0),
        bound,
    )  # fmt: skip


def measure(what: str, run: Callable[[], object], repeats: int) -> object:
    seconds, busy, result = [], [], None
    for _ in range(repeats):
        start, worked = time.perf_counter(), time.process_time()
        result = run()
        seconds.append(time.perf_counter() - start)
        busy.append(time.process_time() - worked)
    middle, worked = statistics.median(seconds), statistics.median(busy)
    print(
        f"{what}: {middle:.3f} s ({min(seconds):.3f} to {max(seconds):.3f}), processor {worked:.3f} s",
        flush=True,
    )
    return result


def measure_problem(name: str, problem: ScheduleProblem) -> None:
    cells, optional = len(problem.cells), len(problem.optional_cells)
    print(f"{name}: {cells} cells, {optional} optional, {len(problem.lines)} lines")
    best = measure("  one optimum", lambda: search_schedule(problem), REPEATS)
    print(f"    {best.burden:.0f} minutes, gap {best.proof.gap:g}, {best.proof.cuts} cuts")  # type: ignore
    with ProcessPoolExecutor(2) as executor:
        run = partial(search_front, problem, objectives=("assessments_kept",), executor=executor)
        front = measure("  front on 2 processes", run, 1)
    print(f"    {len(front)} points, largest gap {max(s.proof.gap for s in front):g}", flush=True)  # type: ignore


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/protocols/soa")
    problem = make_large_problem()
    measure_problem("made up", problem)
    plain = replace(problem, endpoints=(), budgets=(), series=())
    measure_problem("made up, without endpoints and information", plain)
    found = sorted(folder.glob("*.json"), key=lambda path: -len(read_protocol(path).cells))
    if found:
        measure_problem(found[0].name, make_matrix_problem(found[0]))


if __name__ == "__main__":
    main()
