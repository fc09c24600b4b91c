"""Screening procedures and checks from a study file's tables."""

import pytest

from unburden.data.screening import parse_screening
from unburden.domain.errors import InvalidStudy

DRAW = {
    "id": "draw",
    "description": "blood draw",
    "source": "published:x",
    "amounts": {"blood_ml": [10, 5, 15], "site_minutes": 5},
}


def test_procedures_and_checks_are_read():
    tables = [
        {"criterion": "IN01", "procedures": ["draw"], "after": ["IN00"]},
        {"criterion": "IN00", "procedures": []},
    ]
    (draw,), (first, second) = parse_screening([DRAW], tables, "study.toml")
    assert draw.amounts["blood_ml"].bounds() == (10, 5, 15)
    assert (draw.amounts["site_minutes"].unit, draw.amounts["site_minutes"].is_exact) == ("minute", True)
    assert (first.procedure_ids, first.after, second.procedure_ids) == (("draw",), ("IN00",), ())


def test_every_problem_is_told():
    procedures = [
        DRAW | {"amounts": {"blood_ml": "some", "pain": 3, "site_minutes": [5, 6, 7]}},
        {"id": "scan", "source": "hearsay", "amounts": {"site_minutes": 3}, "cost": 1},
        DRAW | {"amounts": {"site_minutes": [5, -1, 7]}},
        DRAW | {"amounts": {}},
    ]
    with pytest.raises(InvalidStudy) as caught:
        parse_screening(procedures, [{"procedures": [3]}], "study.toml")
    kinds = "contact_days, site_minutes, home_minutes, travel_minutes, travel_km, blood_ml, radiation_msv"
    problems = caught.value.problems
    assert (
        problems[0] == "[[screening_procedures]] 1 has blood_ml = 'some'; give a number or [value, low, high]"
    )
    assert problems[1].startswith(f"[[screening_procedures]] 1 asks 'pain'; use one of {kinds}")
    assert problems[2:] == (
        "[[screening_procedures]] 1, site_minutes: the interval (6.0, 7.0) must hold the value 5.0",
        "[[screening_procedures]] 2 has the unknown key 'cost'; "
        "the keys are id, source, description, amounts",
        "[[screening_procedures]] 2, site_minutes: source 'hearsay' must start with one of observed:, "
        "published:, assumed:, model:, simulated:",
        "[[screening_procedures]] 3: site_minutes is 5 minute (95% -1 to 7); give at least 0",
        "[[screening_procedures]] 4: it has no amounts; say what it asks, such as site_minutes",
        "[[screening_checks]] 1 has no 'criterion'; give words",
        "[[screening_checks]] 1 has 3 in procedures; give words",
    )
