"""What a study declares of its conduct: every way in which it cannot be, told with its place and remedy."""

from pathlib import Path

import pytest

from unburden.data.protocols import read_protocol
from unburden.domain.burden import TimeOnStudy
from unburden.domain.errors import Problems
from unburden.study.conduct import check_curves, check_views, parse_conduct, parse_curves, parse_views
from unburden.study.parts import Parts

EXAMPLE = Path(__file__).parents[3] / "examples" / "adjuvant-breast"
PROTOCOL = read_protocol(EXAMPLE / "protocol.json")
WEEKLY = {"visits": ["month-60"], "first_day": 10, "every_days": 7}
HUGE = 10**400


def conduct(**table) -> list[str]:
    parts = Parts("study.toml")
    found = parse_conduct(table, PROTOCOL, parts)
    assert (found is None) == bool(parts.problems.found)
    return parts.problems.found


def recurrence(**changes) -> list[str]:
    return conduct(recurrences=[{**WEEKLY, **changes}])


def curves(*tables) -> list[str]:
    parts = Parts("study.toml")
    check_curves(parse_curves(list(tables), PROTOCOL, parts), parts.problems)
    return parts.problems.found


def unscheduled(**changes) -> list[str]:
    usual = {"per_100_days": 0.5, "low": 0.4, "high": 0.7, "source": "observed:records", "grade": "A"}
    return conduct(unscheduled=usual | changes)


@pytest.mark.parametrize("days", [0, -1, 0.5, 36_526, 1e308, float("nan"), float("inf"), 1e-300])
@pytest.mark.parametrize("key", ["cycle_days", "horizon_days"])
def test_days_that_are_none_are_refused(key, days):
    assert conduct(**{key: days}) == [
        f"[conduct] has {key} = {days:g}; give days from 1 to 36,525 (100 years)"
    ]


@pytest.mark.parametrize("days", [-1, 36_526, float("nan"), float("inf")])
def test_a_delay_that_is_none_is_refused(days):
    assert conduct(delay_days=days) == [
        f"[conduct] has delay_days = {days:g}; give days from 0 to 36,525 (100 years)"
    ]


@pytest.mark.parametrize("value", ["21", True, [], {}, HUGE], ids=str)
def test_a_wrong_type_is_told_once(value):
    (problem,) = conduct(cycle_days=value)
    assert problem.startswith("[conduct] has cycle_days = ") and problem.endswith("; give a number")


def test_wrong_tables_are_told_once():
    assert conduct(unscheduled=3) == ["[conduct] has unscheduled = 3; give a table"]
    assert conduct(recurrences="x") == ["[conduct] has recurrences = 'x'; give a list"]
    assert conduct(cycledays=3)[0].startswith(
        "[conduct] has the unknown key 'cycledays'; the keys are cycle_days"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"every_days": 0.001}, "recurs every 0.001 days; give days from 1 to 36,525"),
        ({"every_days": -7}, "recurs every -7.0 days; give days from 1 to 36,525"),
        ({"every_days": float("nan")}, "recurs every nan days; give days from 1 to 36,525"),
        ({"every_days": 40_000}, "recurs every 40000.0 days; give days from 1 to 36,525"),
        ({"first_day": float("nan")}, "has the day nan; give days up to 36,525 from the reference"),
        ({"first_day": -40_000}, "has the day -40000; give days up to 36,525 from the reference"),
        ({"last_day": 5}, "has the last day 5.0; give one from its first day, 10, up to 36,525"),
        ({"last_day": float("nan")}, "has the last day nan; give one from its first day, 10, up to 36,525"),
        ({"last_day": float("inf")}, "has the last day inf; give one from its first day, 10, up to 36,525"),
        (
            {"after": "treatment"},
            "starts after treatment has ended and lasts until treatment ends; give a later until",
        ),
        (
            {"after": "alive"},
            "starts after alive has ended and lasts until treatment ends; give a later until",
        ),
        ({"after": "cured"}, "has after = 'cured'; use one of study, treatment, progression, alive"),
        ({"until": "x"}, "has until = 'x'; use one of study, treatment, progression, alive"),
        ({"clock": "x"}, "has clock = 'x'; use one of cycle, calendar"),
        ({"clock": 3}, "has clock = 3; give words"),
        ({"first_day": True}, "has first_day = True; give a number"),
        ({"visits": []}, "names no visit; give at least one"),
        ({"visits": "month-60"}, "has visits = 'month-60'; give a list"),
        ({"visits": ["month-60", "month-60"]}, "has 'month-60' twice in visits; keep one"),
    ],
)
def test_a_recurrence_that_cannot_be_is_told_once_with_its_place(changes, expected):
    assert recurrence(**changes) == [f"[[conduct.recurrences]] 1 {expected}"]


def test_a_recurrence_of_an_unknown_visit_or_after_the_horizon_is_told():
    (problem,) = recurrence(visits=["nope"])
    assert problem.startswith("[[conduct.recurrences]] 1 names the visit 'nope'; use one of screening, ")
    assert conduct(horizon_days=5, recurrences=[WEEKLY]) == [
        "[[conduct.recurrences]] 1 has first_day = 10, after the horizon; give an earlier day or a later "
        "horizon_days"
    ]
    assert conduct(recurrences=[WEEKLY, WEEKLY]) == [
        "[[conduct.recurrences]] 2 names the visit 'month-60' a second time; keep one"
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"high": 150}, "has high = 150; give at most 100, one on every day"),
        ({"low": -1}, "needs 0 <= low <= value <= high, found -1, 0.5, 0.7"),
        ({"per_100_days": float("nan")}, "needs 0 <= low <= value <= high, found 0.4, nan, 0.7"),
        ({"grade": "Z"}, "has the grade 'Z'; use A, B, C or assumed"),
        (
            {"source": "observed: "},
            "source 'observed: ' names nothing after its kind; say who, where and when",
        ),
        ({"activities": ["ecg", "ecg"]}, "has 'ecg' twice in activities; keep one"),
        ({"activities": [3]}, "has 3 in activities; give words"),
    ],
)
def test_unscheduled_visits_that_cannot_be_are_told_with_their_place(changes, expected):
    (problem,) = unscheduled(**changes)
    assert problem == f"[conduct.unscheduled] {expected}" or problem.replace(".0,", ",") == (
        f"[conduct.unscheduled] {expected}"
    )


TREATMENT = {"state": "treatment", "source": "assumed:a team"}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"median_days": 0}, "has median_days = 0; give days from 1 to 36,525 (100 years)"),
        ({"median_days": 1e-300}, "has median_days = 1e-300; give days from 1 to 36,525 (100 years)"),
        ({"median_days": True}, "has median_days = True; give a number"),
        ({}, "needs median_days, or days and shares; give one of both"),
        ({"days": [], "shares": []}, "needs median_days, or days and shares; give one of both"),
        ({"median_days": 9, "shares": [0.5]}, "needs median_days, or days and shares; give one of both"),
        ({"days": [1], "shares": []}, "has 1 in days and 0 in shares; give a share for each day"),
        ({"days": [2, 1], "shares": [0.5, 0.4]}, "has the days 2 and then 1: days must rise; sort them"),
        (
            {"days": [1, 2], "shares": [0.5, 0.6]},
            "has the shares 0.5 and then 0.6: shares must never rise, because nobody comes back",
        ),
        ({"days": [1], "shares": [1.5]}, "has [1.5] in shares: shares must lie between 0 and 1"),
        ({"days": [1], "shares": [float("nan")]}, "has [nan] in shares: shares must lie between 0 and 1"),
        ({"days": [float("nan")], "shares": [0.5]}, "has [nan] in days; give finite numbers"),
        ({"days": [float("inf")], "shares": [0.5]}, "has [inf] in days; give finite numbers"),
        ({"days": [-5], "shares": [0.5]}, "has [-5.0] in days; give days from the reference, day 0, on"),
        ({"median_days": 9, "arm": "nope"}, "has arm = 'nope'; use one of control, experimental"),
        (
            {"median_days": 9, "state": "study"},
            "has state = 'study'; use one of treatment, progression, alive",
        ),
        (
            {"median_days": 9, "source": "assumed:"},
            "source 'assumed:' names nothing after its kind; say who, where and when",
        ),
    ],
)
def test_a_curve_that_cannot_be_is_told_once_with_its_place(table, expected):
    assert curves({**TREATMENT, **table}) == [f"[[curves]] 1 {expected}"]


def test_two_curves_of_a_state_are_told():
    first = {**TREATMENT, "median_days": 400}
    assert curves(first, first) == [
        "[[curves]] 2 is a second curve of the state 'treatment' for every arm; keep one"
    ]
    assert curves(first, {**first, "arm": "control"}) == []


def test_patients_who_go_on_after_their_death_are_told():
    told = curves(
        {**TREATMENT, "days": [100, 200], "shares": [0.9, 0.0]},
        {"state": "alive", "source": "assumed:a team", "days": [50, 150], "shares": [0.8, 0.5]},
    )
    assert told == [
        "on day 50 more patients are in the state 'treatment' (1) than alive (0.8), by the curves of every "
        "arm; correct one of them"
    ]
    problems = Problems("study.toml")
    alive = TimeOnStudy((50.0,), (0.9,), "assumed:x", state="alive")
    check_curves((TimeOnStudy((50.0,), (0.91,), "assumed:x"), alive), problems)
    check_curves((TimeOnStudy((50.0,), (1.0,), "assumed:x", "control"), alive), problems)
    assert problems.found == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": " "}, "has an empty name; name it"),
        ({"unit": ""}, "('v') has no unit; name what a point of it means"),
        ({"weights": {}}, "('v') has no weights; name at least one dimension"),
        (
            {"weights": {"site_minutes": -1}},
            "('v') weighs 'site_minutes' by -1.0; give a number from 0 to 1e+09",
        ),
        ({"weights": {"site_minutes": True}}, "weights has site_minutes = True; give a number"),
        ({"weights": 3}, "has weights = 3; give a table"),
    ],
)
def test_a_view_that_cannot_be_is_told_once_with_its_place(changes, expected):
    parts = Parts("study.toml")
    usual = {"name": "v", "unit": "hour", "source": "assumed:a team", "weights": {"site_minutes": 1}}
    assert parse_views([usual | changes], parts) == ()
    assert parts.problems.found == [f"[[views]] 1 {expected}"]


def test_weights_beyond_all_numbers_and_of_nothing_are_told():
    parts = Parts("study.toml")
    usual = {"name": "v", "unit": "hour", "source": "assumed:a team"}
    parse_views([usual | {"weights": {"site_minutes": HUGE}}], parts)
    (problem,) = parts.problems.found
    assert problem.startswith("[[views]] 1 weights has site_minutes = 1000") and len(problem) < 200
    views = parse_views([usual | {"weights": {"tears": 1}}], Parts("study.toml"))
    problems = Problems("study.toml")
    check_views(views, ("site_minutes",), problems)
    assert problems.found == ["[[views]] 'v' weighs 'tears'; use one of site_minutes"]
