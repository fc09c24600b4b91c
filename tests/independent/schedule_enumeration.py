"""Small schedules with every kind of lever and limit, and every changed schedule counted by hand.

Nothing here uses the programme: what a schedule is, whether it is allowed and what it costs follow from
the definitions alone.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from unburden.domain.burden import BurdenLine, Evidence
from unburden.domain.levers import (
    ConsolidateDays,
    DropCells,
    MoveVisits,
    ReplaceMeasure,
    ScanSchedule,
    SelectiveSafety,
    SparserImaging,
    ThinVisits,
)
from unburden.domain.protocol import Activity, Cell, Place, Protocol, Timeline, Visit
from unburden.domain.schedule_limits import BurdenLimit, EndpointNeed, InformationBudget, SeriesInformation
from unburden.search.problem import ScheduleProblem

ONE = Evidence("one", "one minute", 1.0, 1.0, 1.0, "minute", "observed:counted", "A")
WORDS = {"reason": "r", "information": "i", "source": "assumed:test"}
PLACES = (Place.SITE, Place.HOME, Place.LOCAL)
KINDS = ("drop", "thin", "days", "move", "replace", "scans", "safety")


@dataclass(frozen=True)
class State:
    """One changed schedule: how each measured cell is measured, where and when each visit is."""

    kept: frozenset
    replaced: dict
    place: dict
    day: dict

    @property
    def done(self):
        return self.kept - self.replaced.keys()


def make_schedule(rng: random.Random, n_visits: int = 4) -> Protocol:
    days = sorted(rng.sample(range(9), n_visits))
    visits = tuple(
        Visit(f"V{i}", f"V{i}", "T", float(day), window_before_days=float(rng.randrange(3)),
              window_after_days=float(rng.randrange(4)))
        for i, day in enumerate(days)
    )  # fmt: skip
    activities = tuple(Activity(f"A{i}", f"A{i}") for i in range(3))
    cells = tuple(Cell(v.id, a.id) for v in visits for a in activities if rng.random() < 0.75)
    return Protocol("P", "P", "made up", (Timeline("T", "T", True),), visits, activities, cells)


def make_lines(rng: random.Random, protocol: Protocol) -> tuple[BurdenLine, ...]:
    """Lines of every cell, setup and visit at every place, of the substitute, and of every date."""

    def line(cause, minutes, place, visit, ids=()):
        dimension = rng.choice(("site_minutes", "home_minutes"))
        return BurdenLine(dimension, cause, "one", minutes, place, visit.id, visit.calendar_day, ids)

    lines = []
    for visit in protocol.visits:
        here = tuple(c.activity_id for c in protocol.cells if c.visit_id == visit.id)
        for place in PLACES:
            lines += [line("cell", rng.randrange(1, 20), place, visit, (a,)) for a in here]
            if len(here) > 1:
                lines.append(line("setup", rng.randrange(9), place, visit, here[:2]))
        lines.append(line("visit", rng.randrange(20), Place.HOME, visit))
        lines.append(line("cell", rng.randrange(1, 12), Place.HOME, visit, ("S",)))
    for day in {v.calendar_day for v in protocol.visits}:
        for dimension in ("travel_minutes", "contact_days"):
            amount = 1 if dimension == "contact_days" else rng.randrange(10, 60)
            lines.append(BurdenLine(dimension, "day", "one", amount, Place.SITE, None, day))
    return tuple(lines)


def make_levers(rng: random.Random, protocol: Protocol, kinds: tuple[str, ...]) -> tuple:
    """Levers of these kinds on random cells and visits, with random limits."""
    keys = [c.key for c in protocol.cells]
    ids = [v.id for v in protocol.visits]
    scans = tuple(k for k in keys if k[1] == "A2")
    rest = [k for k in keys if k[1] != "A2"] if "scans" in kinds else keys
    safety = tuple(k for k in rest if k[1] == "A1") if "safety" in kinds else ()
    optional = tuple(k for k in rest if k not in safety and rng.random() < 0.7)[:5]
    made: list = []
    if "drop" in kinds:
        made.append(DropCells("drop", optional, rng.randint(0, (len(optional) + 1) // 2), **WORDS))
    if "thin" in kinds:
        thin = tuple(sorted(rng.sample(ids, 3)))
        gap = max(int(thin_gap(protocol, thin)), 1) if rng.random() < 0.4 else None
        gap = None if gap is None else float(gap + rng.randrange(4))
        most = rng.randint(2, 3)
        only = ("A0",) if rng.random() < 0.3 else ()
        made.append(ThinVisits("thin", thin, rng.randint(0, 2), most, gap, only, **WORDS))
    if "days" in kinds:
        made.append(ConsolidateDays("days", tuple(sorted(rng.sample(ids, rng.randint(2, 3)))), **WORDS))
    if "move" in kinds:
        for place in rng.sample((Place.HOME, Place.LOCAL), rng.randint(1, 2)):
            moved = tuple(v for v in ids if rng.random() < 0.5)
            possible = None if rng.random() < 0.5 else ("A0", "A1")
            most = rng.randint(min(1, len(moved)), len(moved))
            made.append(MoveVisits(f"to {place}", moved, place, most, possible, **WORDS))
    if "replace" in kinds:
        some = tuple(k for k in keys if k[1] == "A0" and rng.random() < 0.6)
        made.append(ReplaceMeasure("replace", some, "S", rng.randint(0, len(some)), **WORDS))
    if "scans" in kinds and scans:
        plans = tuple(
            ScanSchedule(f"plan {i}", tuple(v for v, _ in scans if rng.random() < 0.6)) for i in range(2)
        )
        made.append(SparserImaging("scans", scans, plans, **WORDS))
    if safety:
        made.append(SelectiveSafety("safety", safety, **WORDS))
    return tuple(made)


def thin_gap(protocol: Protocol, visit_ids: tuple[str, ...]) -> float:
    days = sorted(protocol.visit_by_id[v].offset_days for v in visit_ids)
    return max((b - a for a, b in itertools.pairwise(days)), default=1.0)


def make_measure(rng: random.Random, cells: tuple):
    """A monotone set function with diminishing returns: shares covered by the kept cells."""
    covers = {key: frozenset(rng.sample(range(8), rng.randint(1, 4))) for key in cells}

    def measure(kept: frozenset) -> float:
        return len(frozenset().union(*(covers[k] for k in kept))) / 8 if kept else 0.0

    return measure


def make_problem(seed: int, kinds: tuple[str, ...] | None = None) -> ScheduleProblem:
    rng = random.Random(seed)
    protocol = make_schedule(rng)
    lines = make_lines(rng, protocol)
    if kinds is None:
        kinds = tuple(rng.sample(KINDS, rng.randint(3, 6)))
    levers = make_levers(rng, protocol, kinds)
    keys = [c.key for c in protocol.cells]

    def pick(count):
        return tuple(sorted(rng.sample(keys, min(count, len(keys)))))

    def losses(share):
        return {k: rng.randrange(1, 9) / 8 for k in keys if rng.random() < share}

    endpoints = []
    for i in range(rng.randrange(3)):
        cells = pick(rng.randint(1, 4))
        weight = float(rng.randint(1, 3))
        endpoints.append(EndpointNeed(f"E{i}", cells, rng.randint(1, len(cells)), rng.random() < 0.2, weight))
    budgets = ()
    if rng.random() < 0.5:
        most = rng.choice((0.5, 2.0, 4.0, 8.0))
        budgets = (InformationBudget("budget", most, losses(0.7), losses(0.4), losses(0.3)),)
    series = []
    for i in range(rng.randrange(3)):
        cells = pick(rng.randint(2, 6))
        series.append(
            SeriesInformation(
                f"series {i}", cells, make_measure(rng, cells), rng.choice((0.0, 0.25, 0.4, 0.6))
            )
        )
    limits = ()
    if rng.random() < 0.2:
        limits = (BurdenLimit("few dates", {"contact_days": 1.0}, float(rng.randint(1, 4))),)
    weights = {"site_minutes": 1.0, "home_minutes": rng.choice((0.5, 1.0)), "travel_minutes": 1.0}
    if rng.random() < 0.2:
        weights["contact_days"] = 7.0
    return ScheduleProblem(
        protocol, levers, lines, {"one": ONE}, weights,
        place_bound=frozenset(a.id for a in protocol.activities if rng.random() < 0.15),
        locks={"lock": frozenset(k for k in keys if rng.random() < 0.05)},
        endpoints=tuple(endpoints), budgets=budgets, series=tuple(series), limits=limits,
    )  # fmt: skip


def enumerate_states(problem: ScheduleProblem) -> Iterator[State]:
    """Every schedule that the levers and the locks allow, the limits beside them not yet looked at."""
    protocol = problem.protocol
    keys = frozenset(c.key for c in protocol.cells)
    for gone in enumerate_gone(problem, keys):
        kept = keys - gone
        if locked_of(problem) & gone:
            continue
        for replaced in enumerate_replaced(problem, kept):
            done = kept - replaced.keys()
            for place in enumerate_places(problem, done):
                for day in enumerate_days(problem, done, place):
                    yield State(kept, replaced, place, day)


def locked_of(problem: ScheduleProblem) -> frozenset:
    return frozenset().union(*problem.locks.values())


def enumerate_gone(problem: ScheduleProblem, keys: frozenset) -> Iterator[frozenset]:
    choices = []
    droppers = []
    for lever in problem.levers:
        if isinstance(lever, DropCells):
            droppers.append(lever)
            choices.append([frozenset(s) for s in subsets(lever.cells)])
        elif isinstance(lever, ThinVisits):
            choices.append(
                [cells_of(keys, off, lever.activity_ids) for off in enumerate_thin(problem, lever)]
            )
        elif isinstance(lever, SparserImaging):
            plans = [{v for v, _ in lever.cells}, *({*s.visit_ids} for s in lever.schedules)]
            choices.append([frozenset(k for k in lever.cells if k[0] not in plan) for plan in plans])
        elif isinstance(lever, SelectiveSafety):
            names = {a for _, a in lever.cells}
            choices.append([frozenset(k for k in lever.cells if k[1] in off) for off in subsets(names)])
    for picked in itertools.product(*choices):
        gone = frozenset().union(*picked)
        if all(len({*lever.cells} - gone) >= lever.keep_at_least for lever in droppers):
            yield gone


def cells_of(keys: frozenset, visits, activity_ids) -> frozenset:
    return frozenset(k for k in keys if k[0] in visits and (not activity_ids or k[1] in activity_ids))


def enumerate_thin(problem: ScheduleProblem, lever: ThinVisits) -> Iterator[tuple]:
    for off in subsets(lever.visit_ids):
        on = [v for v in lever.visit_ids if v not in off]
        if not lever.keep_at_least <= len(on) <= lever.keep_at_most:
            continue
        if lever.most_gap_days is not None:
            days = {v: problem.protocol.visit_by_id[v].offset_days for v in lever.visit_ids}
            kept = sorted(days[v] for v in on)
            if not kept or kept[0] != min(days.values()) or kept[-1] != max(days.values()):
                continue
            if any(b - a > lever.most_gap_days for a, b in itertools.pairwise(kept)):
                continue
        yield off


def subsets(items) -> Iterator[tuple]:
    held = sorted(items)
    for n in range(len(held) + 1):
        yield from itertools.combinations(held, n)


def enumerate_replaced(problem: ScheduleProblem, kept: frozenset) -> Iterator[dict]:
    levers = [x for x in problem.levers if isinstance(x, ReplaceMeasure)]
    if not levers:
        yield {}
        return
    (lever,) = levers
    for some in subsets({*lever.cells} & kept - locked_of(problem)):
        if len(some) <= lever.at_most:
            yield dict.fromkeys(some, lever.by)


def enumerate_places(problem: ScheduleProblem, done: frozenset) -> Iterator[dict]:
    visits = problem.protocol.visits
    movers = [x for x in problem.levers if isinstance(x, MoveVisits)]
    held = {v.id: [v.place, *(m.place for m in movers if v.id in m.visit_ids)] for v in visits}
    for picked in itertools.product(*held.values()):
        place = dict(zip(held, picked, strict=True))
        moved = {v.id for v in visits if place[v.id] != v.place}
        if any(sum(place[v] == m.place for v in m.visit_ids) > m.at_most for m in movers):
            continue
        if any(v in moved for v, _ in locked_of(problem)):
            continue
        by_place = {m.place: m for m in movers}
        if all(can_be_done(problem, a, by_place[place[v]]) for v, a in done if v in moved):
            yield place


def can_be_done(problem: ScheduleProblem, activity_id: str, mover: MoveVisits) -> bool:
    return activity_id not in problem.place_bound and (
        mover.possible is None or activity_id in mover.possible
    )


def enumerate_days(problem: ScheduleProblem, done: frozenset, place: dict) -> Iterator[dict]:
    """Dates of the visits away from home; the written order of a lever's visits stays."""
    visits = problem.protocol.visit_by_id
    written = {v: visits[v].calendar_day for v in visits}
    lever = next((x for x in problem.levers if isinstance(x, ConsolidateDays)), None)
    away = sorted({v for v, _ in done if place[v] != Place.HOME} & {*(lever.visit_ids if lever else ())})
    if lever is None or not away:
        yield written
        return
    offered = []
    for v in away:
        low = written[v] - visits[v].window_before_days
        high = written[v] + visits[v].window_after_days
        offered.append([d for d in {written[w] for w in lever.visit_ids} if low <= d <= high])
    for picked in itertools.product(*offered):
        day = {**written, **dict(zip(away, picked, strict=True))}
        pairs = ((a, b) for a in away for b in away if written[a] < written[b])
        if all(day[a] <= day[b] for a, b in pairs):
            yield day


def state_of(problem: ScheduleProblem, changes) -> State:
    """The schedule after some changes; each must be of something that is there, and change it once."""
    keys = {c.key for c in problem.protocol.cells}
    place = {v.id: v.place for v in problem.protocol.visits}
    day = {v.id: v.calendar_day for v in problem.protocol.visits}
    replaced = {}
    for change in changes:
        if change.kind == "drop-cell":
            keys.remove((change.visit_id, change.activity_id))
        elif change.kind == "replace-cell":
            replaced[change.visit_id, change.activity_id] = change.by
        elif change.kind == "move-visit":
            assert place[change.visit_id] != change.place
            place[change.visit_id] = change.place
        else:
            assert day[change.visit_id] != change.day
            day[change.visit_id] = change.day
    assert replaced.keys() <= keys
    return State(frozenset(keys), replaced, place, day)


def count_changes(problem: ScheduleProblem, state: State) -> int:
    held = {v for v, _ in state.done}
    away = {v for v in held if state.place[v] != Place.HOME}
    visits = problem.protocol.visits
    moved = sum(v.id in held and state.place[v.id] != v.place for v in visits)
    later = sum(v.id in away and state.day[v.id] != v.calendar_day for v in visits)
    return len(problem.protocol.cells) - len(state.kept) + len(state.replaced) + moved + later


def is_reachable(problem: ScheduleProblem, wanted: State) -> bool:
    """Whether the levers and locks allow a schedule: visits where nothing is done may be anywhere."""
    held = {v for v, _ in wanted.done}
    return any(
        s.kept == wanted.kept
        and s.replaced.keys() == wanted.replaced.keys()
        and all(s.place[v] == wanted.place[v] and s.day[v] == wanted.day[v] for v in held)
        for s in enumerate_states(problem)
    )


def sum_burden(problem: ScheduleProblem, state: State, weights: dict) -> float:
    total = 0.0
    done = state.done
    away_days = {state.day[v] for v, _ in done if state.place[v] != Place.HOME}
    for line in problem.lines:
        weight = weights.get(line.dimension, 0.0)
        if not weight:
            continue
        if line.cause == "day":
            shown = line.calendar_day in away_days
        elif line.activity_ids == ("S",):
            shown = any(v == line.visit_id for v, _ in state.replaced)
        else:
            here = [a for v, a in done if v == line.visit_id and state.place[v] == line.place]
            shown = bool(here) if not line.activity_ids else any(a in line.activity_ids for a in here)
        total += weight * line.times if shown else 0.0
    return total


def count_endpoints(problem: ScheduleProblem, state: State) -> float:
    return sum(e.weight for e in problem.endpoints if len({*e.cells} & state.kept) >= e.keep_at_least)


def measure_loss(problem: ScheduleProblem, state: State) -> float:
    (budget,) = problem.budgets
    written = {v.id: v.place for v in problem.protocol.visits}
    return (
        sum(x for k, x in budget.dropped.items() if k not in state.kept)
        + sum(x for k, x in budget.replaced.items() if k in state.replaced)
        + sum(x for k, x in budget.moved.items() if k in state.done and state.place[k[0]] != written[k[0]])
    )


def is_allowed(problem: ScheduleProblem, state: State) -> bool:
    if any(len({*e.cells} & state.kept) < e.keep_at_least for e in problem.endpoints if e.is_required):
        return False
    if problem.budgets and measure_loss(problem, state) > problem.budgets[0].at_most + 1e-9:
        return False
    if any(s.measure(state.kept & {*s.cells}) < s.at_least - 1e-9 for s in problem.series):
        return False
    return all(sum_burden(problem, state, x.weights) <= x.at_most + 1e-9 for x in problem.limits)


def enumerate_allowed(problem: ScheduleProblem) -> Iterator[State]:
    return (state for state in enumerate_states(problem) if is_allowed(problem, state))


def count_optional(problem: ScheduleProblem, state: State) -> int:
    optional: set = set()
    for lever in problem.levers:
        if isinstance(lever, DropCells | SparserImaging | SelectiveSafety):
            optional |= {*lever.cells}
        elif isinstance(lever, ThinVisits):
            keys = frozenset(c.key for c in problem.protocol.cells)
            optional |= cells_of(keys, lever.visit_ids, lever.activity_ids)
    return len(optional & state.kept)


def keep_unbeaten(points: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """The points (smaller is better) that no other beats, sorted."""
    held = sorted({tuple(round(x, 6) for x in p) for p in points})
    kept: list[tuple[float, ...]] = []
    for point in held:
        if not any(all(b <= a for a, b in zip(point, other, strict=True)) for other in kept):
            kept.append(point)
    return kept
