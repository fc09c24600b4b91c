"""A patient's minutes by role, on a schedule small enough to add up by hand."""

import pytest

from unburden.burden.role_time import share_time
from unburden.burden.score import score_schedule
from unburden.burden.trace import trace_cells
from unburden.data.evidence import read_evidence
from unburden.domain.burden import PATIENT_MINUTES, Persona
from unburden.domain.conduct import Conduct
from unburden.domain.cycles import PatientCourse
from unburden.domain.protocol import Activity, Cell, Endpoint, Protocol, Timeline, Visit

PROTOCOL = Protocol(
    id="P",
    title="A trial",
    source="made up",
    timelines=(Timeline("main", "main", True),),
    visits=(Visit("v", "Week 2", "main", 14.0),),
    activities=(Activity("eq", "EQ-5D-5L"), Activity("x", "Mystery"), Activity("h", "Hematology")),
    cells=(Cell("v", "eq"), Cell("v", "x"), Cell("v", "h")),
    endpoints=(Endpoint("e", "EQ-5D-5L", "Exploratory Endpoint"),),
)


def test_the_roles_and_what_is_shared_are_all_of_a_patients_time():
    ledger = read_evidence()
    score = score_schedule(
        PROTOCOL,
        Persona("p", 1.0),
        ledger,
        course=PatientCourse(),
        conduct=Conduct(),
        arm_id=None,
        kinds={},
        overrides=(),
    )
    reasons = trace_cells(PROTOCOL, score.kinds)
    assert [reason.role for reason in reasons] == ["non-core", "none-found", "core"]
    shares = {share.role: share for share in share_time(score, reasons)}
    assert {role: share.cells for role, share in shares.items()} == {
        "core": 1,
        "non-core": 1,
        "none-found": 1,
        "shared": 0,
    }
    assert sum(share.share for share in shares.values()) == pytest.approx(1)
    total = sum(share.minutes.value for share in shares.values())
    assert total == pytest.approx(score.totals[PATIENT_MINUTES].value)
    amounts = {key: entry.value for key, entry in score.evidence.items()}
    assert shares["non-core"].minutes.value == pytest.approx(amounts["minutes.eq5d"])
    assert shares["none-found"].minutes.value == pytest.approx(amounts["minutes.unclassified"])
    needle = amounts["minutes.blood_extra"] + amounts["minutes.venepuncture"]
    assert shares["core"].minutes.value == pytest.approx(needle)
