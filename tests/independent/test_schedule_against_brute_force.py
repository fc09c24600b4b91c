"""The solver's optimum against every schedule that the levers allow, on random small protocols."""

import itertools
import random

import pytest

from unburden.domain.burden import BurdenLine, Evidence
from unburden.domain.levers import DropCells, MoveVisits
from unburden.domain.protocol import Activity, Cell, Place, Protocol, Timeline, Visit
from unburden.search.schedule import ScheduleProblem, search_schedule, search_schedule_front

WORDS = {"reason": "r", "information": "i", "source": "assumed:test"}
ONE = Evidence("one", "one minute", 1.0, 1.0, 1.0, "minute", "observed:counted", "A")


def make_problem(rng: random.Random) -> ScheduleProblem:
    visits = tuple(Visit(f"V{i}", f"V{i}", "T", float(rng.randrange(3))) for i in range(3))
    activities = tuple(Activity(f"A{i}", f"A{i}") for i in range(3))
    cells = tuple(Cell(v.id, a.id) for v in visits for a in activities if rng.random() < 0.8)
    protocol = Protocol("P", "P", "made up", (Timeline("T", "T", True),), visits, activities, cells)
    lines = []
    for cell in cells:
        day = protocol.visit_by_id[cell.visit_id].calendar_day
        for place in (Place.SITE, Place.HOME):
            minutes = rng.randrange(1, 20)
            lines.append(
                BurdenLine(
                    "site_minutes", "cell", "one", minutes, place, cell.visit_id, day, (cell.activity_id,)
                )
            )
    for visit in visits:
        done = tuple(c.activity_id for c in cells if c.visit_id == visit.id)
        for place in (Place.SITE, Place.HOME):
            lines.append(
                BurdenLine(
                    "site_minutes",
                    "setup",
                    "one",
                    rng.randrange(9),
                    place,
                    visit.id,
                    visit.calendar_day,
                    done[:2],
                )
            )
        lines.append(
            BurdenLine(
                "site_minutes", "visit", "one", rng.randrange(30), Place.HOME, visit.id, visit.calendar_day
            )
        )
    for day in {v.calendar_day for v in visits}:
        lines.append(BurdenLine("site_minutes", "day", "one", rng.randrange(60), Place.SITE, None, day))
    optional = tuple(c.key for c in cells if rng.random() < 0.5)
    movable = tuple(v.id for v in visits if rng.random() < 0.7)
    levers = (
        DropCells("drop", optional, rng.randint(0, len(optional)), **WORDS),
        MoveVisits("move", movable, Place.HOME, rng.randint(0, len(movable)), **WORDS),
    )
    bound = frozenset(a.id for a in activities if rng.random() < 0.2)
    return ScheduleProblem(protocol, levers, tuple(lines), {"one": ONE}, {"site_minutes": 1.0}, bound)


def cost_of(problem: ScheduleProblem, kept: set, home: set) -> float | None:
    visits = problem.protocol.visit_by_id
    if any(v in home and a in problem.place_bound for v, a in kept):
        return None
    total = 0.0
    for line in problem.lines:
        if line.cause == "day":
            shown = any(visits[v].calendar_day == line.calendar_day and v not in home for v, _ in kept)
        else:
            here = [a for v, a in kept if v == line.visit_id and (v in home) == (line.place == Place.HOME)]
            shown = any(
                (not line.activity_ids and line.cause != "setup") or a in line.activity_ids for a in here
            )
        total += line.times if shown else 0.0
    return total


def enumerate_costs(problem: ScheduleProblem):
    drop, move = problem.levers
    fixed = {c.key for c in problem.protocol.cells} - set(drop.cells)
    for n in range(drop.keep_at_least, len(drop.cells) + 1):
        for kept in itertools.combinations(drop.cells, n):
            for m in range(move.at_most + 1):
                for home in itertools.combinations(move.visit_ids, m):
                    cost = cost_of(problem, fixed | set(kept), set(home))
                    if cost is not None:
                        yield n, cost


@pytest.mark.parametrize("seed", range(200))
def test_optimum_equals_brute_force(seed):
    problem = make_problem(random.Random(seed))
    solution = search_schedule(problem)
    assert solution.burden == pytest.approx(min(cost for _, cost in enumerate_costs(problem)))
    assert solution.proof.gap <= 1e-9


@pytest.mark.parametrize("seed", range(0, 200, 10))
def test_front_equals_brute_force(seed):
    problem = make_problem(random.Random(seed))
    costs = list(enumerate_costs(problem))
    expected = []
    for n in sorted({n for n, _ in costs}):
        best = min(c for k, c in costs if k >= n)
        is_reached_later = any(c == pytest.approx(best) for k, c in costs if k > n)
        if not is_reached_later and min(c for k, c in costs if k == n) == pytest.approx(best):
            expected.append((n, best))
    front = [(s.cells_kept, s.burden) for s in search_schedule_front(problem)]
    assert front == [(n, pytest.approx(best)) for n, best in expected]
