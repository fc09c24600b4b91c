from types import SimpleNamespace

import pytest

from unburden.burden.draws import EvidenceDraws
from unburden.burden.population import draw_population, draw_worst_tenth
from unburden.data.evidence import read_evidence
from unburden.domain.burden import PATIENT_MINUTES, Evidence, Persona
from unburden.domain.protocol import Activity, Cell, Place, Protocol, Timeline, Visit, move_visits
from unburden.study.asking import describe_asks
from unburden.study.comparing import compare_schedules
from unburden.study.scoring import list_weighted, score_burden

PROTOCOL = Protocol(
    id="made-up",
    title="Made up",
    source="test",
    timelines=(Timeline("main", "Main", True),),
    visits=(Visit("first", "Day 1", "main", 0.0), Visit("second", "Day 29", "main", 28.0)),
    activities=(Activity("vitals", "Vital signs"),),
    cells=(Cell("first", "vitals"), Cell("second", "vitals")),
)
MOVED = move_visits(PROTOCOL, ["second"], Place.HOME)
HOME = Evidence(
    "home.visit_minutes", "an hour's walk to meet the nurse", 300, 250, 350, "minute", "observed:made up", "B"
)
PEOPLE = (Persona("town", 0.9), Persona("island", 0.1, (HOME,)))
DRAWS = EvidenceDraws(500, 3)


def compare(changed: Protocol, personas=PEOPLE, care=None):
    study = SimpleNamespace(
        personas=personas, share_by_arm={None: 1.0}, plan=SimpleNamespace(burden=PATIENT_MINUTES)
    )
    written, other = (score_burden(each, personas) for each in (PROTOCOL, changed))
    return compare_schedules(written, other, study, care=care, evidence_draws=DRAWS)  # type: ignore[arg-type]


def test_a_visit_at_home_that_hurts_the_island_is_flagged():
    change = compare(MOVED)
    town, island = change.by_persona
    expected = 0.9 * town.saving.value + 0.1 * island.saving.value
    assert change.saving.value == pytest.approx(expected)
    assert town.saving.value > 0 > island.saving.value
    assert island.asks_less.value < 0.01 < 0.5 < town.asks_less.value
    assert change.saving.value > 0
    assert [each.persona for each in change.hurt] == ["island"]
    assert change.worst_tenth > change.written_worst_tenth


def test_nobody_is_flagged_where_all_gain():
    change = compare(MOVED, personas=(Persona("town", 1.0),))
    assert change.saving.value > 0
    assert change.hurt == ()
    assert not change.is_worst_tenth_hurt


def test_a_schedule_beside_itself_changes_nothing():
    change = compare(PROTOCOL)
    assert {each.saving.value for each in change.by_persona} == {0.0}
    assert change.asks_less.bounds() == (0.5, 0.5, 0.5)
    assert change.worst_tenth == change.written_worst_tenth
    assert not change.hurt and not change.is_worst_tenth_hurt


def test_the_increment_is_the_design_minus_standard_care():
    asks = describe_asks(PROTOCOL, PEOPLE, standard_of_care=MOVED, draws=100, seed=1)
    against_care = compare(MOVED, care=asks.standard_care)
    assert all(abs(more.value) < 1e-9 for more in against_care.increment.values())
    for name, more in compare(PROTOCOL, care=asks.standard_care).increment.items():
        assert more.value == pytest.approx(asks.increment[name].value)


def test_the_worst_tenth_of_one_dimension_is_that_of_the_whole_population():
    weighted = list_weighted(score_burden(PROTOCOL, PEOPLE), PEOPLE, {None: 1.0})
    whole = draw_population(weighted, DRAWS).worst_tenth
    for name in (PATIENT_MINUTES, "travel_km", "contact_days"):
        assert draw_worst_tenth(weighted, DRAWS, name) == pytest.approx(whole[name])


def test_overrides_name_what_they_replace():
    base = Evidence("home.visit_minutes", "for all", 30, 20, 40, "minute", "observed:made up", "B")
    found = describe_asks(PROTOCOL, PEOPLE, evidence=(base,), draws=100, seed=1).overridden
    assert [(each.id, each.persona) for each in found] == [
        ("home.visit_minutes", ""),
        ("home.visit_minutes", "island"),
    ]
    ledger, own = found
    assert ledger.replaced == read_evidence().evidence_by_id["home.visit_minutes"]
    assert own.replaced == base
