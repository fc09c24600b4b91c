from dataclasses import replace
from types import SimpleNamespace

import pytest

from unburden.domain.burden import Evidence, Persona, TimeOnStudy
from unburden.domain.conduct import Conduct, UnscheduledVisits
from unburden.domain.protocol import Activity, Arm, Cell, Condition, Place, Protocol, Timeline, Visit
from unburden.report.ask_content import derive_ask_content
from unburden.study.asking import describe_asks

NEAR, FAR = Persona("near", 0.75), Persona("far", 0.25)
CURVE = TimeOnStudy((0.0, 50.0), (1.0, 0.5), "assumed:half leave before the second visit")


def make_protocol(**changes) -> Protocol:
    given = {
        "id": "made-up",
        "title": "Made up",
        "source": "test",
        "timelines": (Timeline("main", "Main", True),),
        "visits": (Visit("first", "Day 1", "main", 0.0), Visit("second", "Day 100", "main", 99.0)),
        "activities": (Activity("blood", "Clinical chemistry"), Activity("vitals", "Vital signs")),
        "cells": (Cell("first", "blood"), Cell("second", "blood"), Cell("second", "vitals")),
    }
    return Protocol(**(given | changes))


CARE = make_protocol(cells=(Cell("second", "vitals"),))


def ask(protocol=None, *, personas=(NEAR, FAR), care=None, conduct=None, curves=(CURVE,)):
    protocol, conduct = protocol or make_protocol(), conduct or Conduct()
    asks = describe_asks(
        protocol, personas, time_on_study=curves, conduct=conduct, standard_of_care=care, draws=100, seed=1
    )
    study = SimpleNamespace(protocol=protocol, personas=personas, standard_of_care=care, conduct=conduct)
    content = derive_ask_content(SimpleNamespace(study=study, asks=asks))  # type: ignore[arg-type]
    assert content is not None
    return content


def find_row(content, dimension, card=0):
    return next(row for row in content["cards"][card]["rows"] if row["dimension"] == dimension)


def test_without_asks_there_is_no_page():
    assert derive_ask_content(SimpleNamespace(asks=None)) is None  # type: ignore[arg-type]


def test_each_kind_of_patient_has_a_card_with_its_share():
    content = ask()
    assert [(card["persona"], card["share"]) for card in content["cards"]] == [
        ("near", "75 in 100 people"),
        ("far", "25 in 100 people"),
    ]


def test_days_are_told_with_those_of_most_people_and_of_the_tenth_with_most():
    content = ask()
    row = find_row(content, "contact_days")
    assert (row["about"]["text"], row["people"], row["most"], row["unsure"]) == (
        "about 2 days",  # 1 + 0.5
        "1 to 2 days",
        "about 2 days",
        "counted",
    )
    assert content["cards"][0]["lead"][0] == (
        "You would be away from home on about 2 days out of 99 days (3 months)."
    )


def test_where_everybody_stays_all_have_the_same():
    row = find_row(ask(curves=()), "contact_days")
    assert (row["about"]["text"], row["people"], row["most"]) == (
        "2 days",
        "the same for all",
        "the same for all",
    )


def test_what_is_not_asked_is_said_to_be_absent():
    card = ask()["cards"][0]
    assert "going without food before a test" in card["absent"]
    assert "scans and X-rays" in card["absent"]
    assert {row["dimension"] for row in card["rows"]}.isdisjoint({"fasting_hours", "radiation_msv"})


def test_normal_care_and_what_the_trial_adds_stand_beside_each_other():
    content = ask(care=CARE, curves=())
    days, needles = find_row(content, "contact_days"), find_row(content, "invasive_procedures")
    assert (days["care"]["text"], days["adds"]["text"]) == ("1 day", "1 day")
    assert (needles["care"]["text"], needles["adds"]["text"]) == ("nothing", "2 times")
    assert any(sentence.startswith("Normal care would take") for sentence in content["cards"][0]["lead"])


def test_a_trial_that_replaces_normal_care_adds_less_than_nothing():
    content = ask(make_protocol(cells=(Cell("first", "vitals"),)), care=make_protocol(), curves=())
    assert find_row(content, "contact_days")["adds"]["text"] == "1 day less"
    assert find_row(content, "blood_ml")["about"]["text"] == "nothing"


def test_a_schedule_against_itself_adds_nothing():
    content = ask(care=make_protocol())
    assert {row["adds"]["text"] for card in content["cards"] for row in card["rows"]} == {"nothing"}


def test_arms_that_ask_different_things_have_their_own_cards():
    arms = (Arm("a", "Tablets"), Arm("b", "Waiting"))
    visits = (
        Visit("first", "Day 1", "main", 0.0),
        Visit("second", "Day 100", "main", 99.0, arm_ids=("a",)),
    )
    content = ask(make_protocol(arms=arms, visits=visits), personas=(replace(NEAR, share=1.0),))
    assert [card["arms"] for card in content["cards"]] == [["Tablets"], ["Waiting"]]
    alike = ask(make_protocol(arms=arms), personas=(replace(NEAR, share=1.0),))
    assert [card["arms"] for card in alike["cards"]] == [[]]


@pytest.mark.parametrize(
    ("rate", "text"),
    [(3.2, "about 3 extra visits in 100 days"), (0.5, "about 1 extra visit in 200 days"), (0.0, "none")],
)
def test_extra_visits_are_told_where_their_rate_is_given(rate, text):
    source = "published:x" if rate else "observed:x"
    entry = Evidence("unscheduled.per_100_days", "extra", rate, rate, 2 * rate, "1", source, "B")
    assert ask(conduct=Conduct(unscheduled=UnscheduledVisits(entry)))["unscheduled"]["text"] == text
    assert ask()["unscheduled"] is None


def test_footnotes_that_were_not_understood_are_counted():
    notes = (
        Condition("n1", "Zorgle the frumious."),
        Condition("n2", "Women of childbearing potential only."),
    )
    cells = (Cell("first", "blood", "X", ("n1",)), Cell("second", "blood", "X", ("n2",)))
    assert ask(make_protocol(conditions=notes, cells=cells))["footnotes"] == {"all": 2, "unread": 1}


def test_blood_is_held_against_the_rule_for_patients_of_no_known_weight():
    content = ask()
    assert content["blood_limit"]["blood"]["text"] == "50 mL"
    assert content["blood_limit"]["weeks"] == 8
    assert content["peak_blood"]["sources"]


def test_visits_at_home_need_no_journey():
    visits = (
        Visit("first", "Day 1", "main", 0.0, (Place.HOME,)),
        Visit("second", "Day 100", "main", 99.0, (Place.HOME,)),
    )
    card = ask(make_protocol(visits=visits))["cards"][0]
    assert "days away from home" in card["absent"]
    assert "at home or on the phone" in " ".join(card["lead"])
    assert "on the road" not in " ".join(card["lead"])
