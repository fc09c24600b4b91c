"""Patients who walk through real schedules, one by one, against the burden score.

When a column or cell happens is written here by hand, from its words.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from burden_walk import Times, Walk, World, take_values
from burden_walk_checks import ask, assert_patients_agree, find_differences

from unburden.data.protocols import read_protocol
from unburden.domain.burden import Evidence, Persona
from unburden.domain.conduct import UnscheduledVisits
from unburden.domain.cycles import Recurrence
from unburden.domain.protocol import Place, move_visits

ROOT = Path(__file__).resolve().parents[2]
PROTOCOLS = ROOT.parent / "shared" / "data" / "protocols"
MATRICES = PROTOCOLS / "soa"

# By whole thousandths, so that 1,000 typical patients stand for all exactly.
CURVES = {
    "treatment": ((20.0, 0.93), (70.0, 0.71), (131.0, 0.5), (217.0, 0.31), (345.0, 0.14), (560.0, 0.02)),
    "progression": ((60.0, 0.82), (126.0, 0.6), (230.0, 0.37), (378.0, 0.2), (602.0, 0.05)),
    "alive": ((90.0, 0.97), (205.0, 0.83), (390.0, 0.61), (611.0, 0.4)),
}
STAY = {"study": ((1.0, 0.98), (29.0, 0.9), (100.0, 0.725), (169.0, 0.6))}


def calendar(*first: float, every: float, until: str = "progression") -> Times:
    return Times(first, every, until, "calendar")


def follow_up(*first: float, every: float | None = None) -> Times:
    return Times(first, every, "alive", "calendar", "treatment")


# "Weeks 9, 18, 27, and then every 12 weeks"; "Weeks 6, 12, 18, 24, and then every 9 weeks". Markers of a
# tumour are no scan and go with treatment.
WEEKS_9 = calendar(63, 126, 189, every=84)
WEEKS_6 = calendar(42, 84, 126, 168, every=63)
MARKERS = calendar(63, 126, 189, every=84, until="treatment")
ISATUXIMAB = World(
    curves=CURVES,
    cycle_days=21,  # "A cycle is 21 days"
    horizon_days=730,
    visits={
        "xcol-006": Times((21,), 21),  # "Cycle 2 and Beyond / D1"
        "xcol-010": follow_up(90, every=90),  # "Every 90 days after last safety follow-up"
    },
    cells={
        ("xcol-006", "xact-014"): Times((21,)),  # "Cycle 2 Day 1 only"
        ("xcol-006", "xact-018"): WEEKS_9,
        ("xcol-006", "xact-019"): WEEKS_6,
        ("xcol-006", "xact-020"): MARKERS,
    },
)
ISATUXIMAB_WOMEN = tuple((f"xcol-{n:03}", "xact-009") for n in (2, 6, 7, 8, 9))

# "every 9 weeks from start of treatment for the first 54 weeks, then every 12 weeks"
WEEKS_54 = calendar(63, 126, 189, 252, 315, 378, every=84)
IMAGING = tuple((f"xcol-{n:03}", row) for n in (3, 4, 5, 6, 7) for row in ("xact-031", "xact-032"))
BEMPEG = World(
    curves=CURVES,
    cycle_days=21,  # "Each cycle = 3 wks"
    horizon_days=730,
    visits={
        "xcol-006": Times((21,), 21),  # "Cycle 2 and Beyond / Day 1"
        "xcol-007": Times((23,), 21),  # "Cycle 2 and Beyond / Day 3-5": the first of the days
        "xcol-011": follow_up(91.3125, every=91.3125),  # "Every 3 Months"
    },
    cells={("xcol-007", "xact-024"): Times((86,)), **dict.fromkeys(IMAGING, WEEKS_54)},
)
BEMPEG_WOMEN = (
    ("xcol-001", "xact-014"),
    *((f"xcol-{n:03}", "xact-029") for n in (2, 6)),
    *((f"xcol-{n:03}", "xact-058") for n in (8, 9, 10)),
)

# The length depends on the chemotherapy; 21 days is declared. "Cycles 3-6/8": up to the eighth.
OBINUTUZUMAB = World(
    curves=CURVES,
    cycle_days=21,
    horizon_days=730,
    visits={
        "xcol-006": Times((21,)),  # "Cycle 2 / D1"
        "xcol-007": Times((42,), 21, last=147),
        "xcol-009": calendar(8 * 21 + 56, every=56, until="treatment"),  # "Maintenance (every 8 weeks)"
    },
)

READINGS = {
    "NCT03637764": (ISATUXIMAB, ISATUXIMAB_WOMEN),
    "NCT04730349": (BEMPEG, BEMPEG_WOMEN),
    "NCT03817853": (OBINUTUZUMAB, (("xcol-002", "xact-016"),)),
    "CDISC_Pilot": (World(curves=STAY, horizon_days=730), ()),
}


@pytest.mark.shared
@pytest.mark.skipif(not MATRICES.exists(), reason="needs ../shared")
@pytest.mark.parametrize("delay", [0.0, 3.0])
@pytest.mark.parametrize("name", READINGS)
def test_matrices(name, delay):
    world, women = READINGS[name]
    world = replace(world, delay_days=delay, factors=dict.fromkeys(women, 0.25))
    protocol = read_protocol(MATRICES / f"{name}_consolidated.json")
    is_declared = name == "NCT03817853"  # the words of the others say how long a cycle is
    asks = ask(protocol, {None: world}, cycle_days=21 if is_declared else None)
    walk = Walk(protocol, world, None, take_values())
    assert find_differences(walk, asks.by_persona[0]) == {}
    assert_patients_agree(walk, asks.by_persona[0])


DAYS_AFTER = {"xcol-007": (30, None), "xcol-008": (60, None), "xcol-009": (90, None), "xcol-010": (180, 90)}


@pytest.mark.shared
@pytest.mark.skipif(not MATRICES.exists(), reason="needs ../shared")
def test_follow_up_that_the_study_declares():
    # As its words say: 30, 60 and 90 days after the last dose, then every 90 days "after last safety
    # follow-up". Screening is given days, so that days at home follow.
    protocol = read_protocol(MATRICES / "NCT03637764_consolidated.json")
    screening = {"xcol-001": -20.0, "xcol-002": -10.0}
    visits = tuple(replace(v, offset_days=screening.get(v.id, v.offset_days)) for v in protocol.visits)
    protocol = replace(protocol, visits=visits)
    late = {name: follow_up(first, every=every) for name, (first, every) in DAYS_AFTER.items()}
    declared = {
        name: Recurrence(t.first, t.every, "calendar", "alive", "declared", "", "treatment")
        for name, t in late.items()
    }
    factors = dict.fromkeys(ISATUXIMAB_WOMEN, 0.25)
    world = replace(ISATUXIMAB, visits={**ISATUXIMAB.visits, **late}, factors=factors)
    each = ask(protocol, {None: world}, recurrences=declared, cycle_days=21).by_persona[0]
    walk = Walk(protocol, world, None, take_values())
    assert each.home_days is not None
    assert find_differences(walk, each) == {}
    # The score counts a visit after treatment as a date of its own. On true dates a patient who is still
    # scanned by the calendar may have both on one: that is below one date in a hundred here.
    true = walk.average(true_dates=True)["contact_days"]
    counted = each.score.totals["contact_days"].value
    assert true <= counted + 1e-9
    assert counted == pytest.approx(true, rel=0.01)


LZZT_CALLS = tuple(f"ScheduledActivityInstance_{n}" for n in (16, 18, 20, 22))
LZZT_RATE = Evidence(
    "lzzt.unscheduled", "visits in 100 days", 0.555, 0.46, 0.669, "1", "observed:CDISC pilot SDTM (SV)", "A"
)


@pytest.mark.shared
@pytest.mark.skipif(not (PROTOCOLS / "CDISC_Pilot").exists(), reason="needs ../shared")
def test_lzzt():
    # Calls between visits as in examples/lzzt/study.toml; arms with curves of their own.
    protocol = read_protocol(PROTOCOLS / "CDISC_Pilot" / "CDISC_Pilot_Study.json")
    protocol = move_visits(protocol, LZZT_CALLS, Place.REMOTE)
    steps = {
        "StudyArm_1": ((10.0, 0.98), (60.0, 0.9), (130.0, 0.8), (183.0, 0.7)),
        "StudyArm_2": ((5.0, 0.97), (40.0, 0.7), (85.0, 0.5), (169.0, 0.31)),
        "StudyArm_3": ((7.5, 0.94), (29.0, 0.61), (113.0, 0.4)),
    }
    worlds: dict[str | None, World] = {
        arm_id: World({"study": s}, unscheduled=(0.555, ())) for arm_id, s in steps.items()
    }
    asks = ask(protocol, worlds, UnscheduledVisits(LZZT_RATE))
    for each in asks.by_persona:
        walk = Walk(protocol, worlds[each.arm_id], each.arm_id, take_values())
        assert find_differences(walk, each) == {}
        assert_patients_agree(walk, each)


FAR = (
    Evidence("travel.one_way_km", "far", 121.2, 60.0, 180.0, "km", "published:Borno et al. 2018", "B"),
    Evidence("travel.minutes", "far", 180.0, 130.0, 290.0, "minute", "assumed:speed", "assumed"),
)


def test_adjuvant_breast():
    protocol = read_protocol(ROOT / "examples" / "adjuvant-breast" / "protocol.json")
    steps = {
        "control": ((30.0, 0.99), (200.0, 0.93), (800.0, 0.8), (1500.0, 0.6)),
        "experimental": ((91.0, 0.97), (500.0, 0.9), (1278.0, 0.77)),
    }
    worlds: dict[str | None, World] = {arm_id: World({"study": s}) for arm_id, s in steps.items()}
    asks = ask(protocol, worlds, personas=(Persona("near", 0.7), Persona("far", 0.3, FAR)))
    means = []
    for each in asks.by_persona:
        values = take_values(FAR if each.persona == "far" else ())
        walk = Walk(protocol, worlds[each.arm_id], each.arm_id, values)
        assert find_differences(walk, each) == {}
        assert_patients_agree(walk, each)
        assert each.share == pytest.approx((0.3 if each.persona == "far" else 0.7) / 2)
        means.append((each.share, walk.average()["travel_km"]))
    # Drawn: 100 draws of a distance whose standard deviation is half its mean.
    expected = sum(share * mean for share, mean in means)
    assert asks.mean["travel_km"].value == pytest.approx(expected, rel=4 * 0.65 / 100**0.5)
