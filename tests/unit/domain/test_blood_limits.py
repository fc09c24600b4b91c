"""OHRP, expedited review category 2 (1998): 550 mL, or the lesser of 50 mL and 3 mL/kg, in 8 weeks."""

import pytest

from unburden.data.evidence import read_evidence
from unburden.domain.blood_limits import find_blood_limit
from unburden.domain.burden import Evidence
from unburden.domain.errors import InvalidEvidence
from unburden.domain.ledger import EvidenceLedger, KindRule, replace_evidence


@pytest.mark.parametrize(
    ("weight_kg", "is_healthy", "blood_ml"),
    [
        (70, True, 550),
        (49.9, True, 550),  # 110 pounds
        (49, True, 50),
        (None, True, 50),
        (70, False, 50),
        (None, False, 50),
        (20, False, 50),  # 60 mL by weight
        (10, False, 30),
        (10, True, 30),
    ],
)
def test_limits_are_those_of_the_rule(weight_kg, is_healthy, blood_ml):
    found = find_blood_limit(read_evidence(), weight_kg=weight_kg, is_healthy=is_healthy)
    assert found.blood_ml.value == blood_ml
    assert (found.days, found.draws_per_week) == (56, 2)
    assert found.blood_ml.sources[0].startswith("published:OHRP 1998")
    assert f"{blood_ml:g} mL" in found.rule or "3 mL/kg" in found.rule


def test_a_study_may_set_another_limit():
    own = Evidence("blood_limit.other_ml", "own rule", 40, 40, 40, "mL", "observed:our committee", "A")
    ledger = replace_evidence(read_evidence(), [own])
    found = find_blood_limit(ledger, weight_kg=80, is_healthy=False)
    assert (found.blood_ml.value, found.blood_ml.sources) == (40, ("observed:our committee",))


def test_what_cannot_be_answered_is_told():
    with pytest.raises(InvalidEvidence, match="weight_kg is 0; give kilograms above 0"):
        find_blood_limit(read_evidence(), weight_kg=0, is_healthy=True)
    whole = read_evidence()
    entries = tuple(e for e in whole.evidence if e.id != "blood_limit.days")
    with pytest.raises(InvalidEvidence, match=r"no 'blood_limit\.days'; add it"):
        find_blood_limit(EvidenceLedger(entries, whole.kinds), weight_kg=None, is_healthy=False)


def test_a_kind_may_be_known_by_codes_alone_and_needs_both_their_texts():
    whole = read_evidence()
    known = KindRule("coded", (), False, (), (("LOINC", "1-1"),))
    assert EvidenceLedger(whole.evidence, (*whole.kinds, known)).kind_by_name["coded"] is known
    with pytest.raises(InvalidEvidence) as caught:
        EvidenceLedger(whole.evidence, (*whole.kinds, KindRule("coded", (), False, (), (("LOINC", ""),))))
    assert caught.value.problems == ("kind 'coded' has the code '' of the system 'LOINC'; give both texts",)
