"""Kinds by code first: each case is one of the rules that the docstring states."""

from unburden.burden.classify import classify_activities
from unburden.data.evidence import read_evidence
from unburden.domain.protocol import Activity, Protocol, Timeline

CDISC = "http://www.cdisc.org"


def classify(title: str, *codes: tuple[str, str], kinds: dict[str, str] | None = None) -> tuple[str, str]:
    activity = Activity("a", title, codes=codes)
    protocol = Protocol("P", "P", "codes", (Timeline("T", "T", True),), (), (activity,), ())
    found = classify_activities(protocol, read_evidence(), kinds or {})["a"]
    return found.kind, found.rule


def test_a_code_wins_over_the_title_and_says_so():
    """383371000119108 is SNOMED CT's CT of the head without contrast (CDISC's LZZT protocol)."""
    kind, rule = classify("CT scan", ("SNOMED", "383371000119108"))
    assert kind == "CT of head"
    assert rule == "code 383371000119108 (SNOMED CT) of 'CT of head'"


def test_many_codes_of_one_kind_are_that_kind():
    """ALT, creatinine, sodium and potassium, whatever the row is called."""
    codes = tuple((CDISC, code) for code in ("C64433", "C64547", "C64809", "C64853"))
    kind, rule = classify("Row 7", *codes)
    assert kind == "chemistry"
    assert rule == "code C64433 (NCI) and 3 more, all of 'chemistry'"


def test_codes_of_a_panels_parts_are_the_panel():
    """Haematocrit, sodium and urobilinogen: blood count, chemistry and urine in one row."""
    codes = tuple((CDISC, code) for code in ("C64796", "C64809", "C64816"))
    assert classify("Row 7", *codes)[0] == "hematology and chemistry"


def test_the_title_decides_among_kinds_that_hold_the_same_codes():
    """C105585 is glucose, in serum or in urine."""
    assert classify("Chemistry", (CDISC, "C105585"))[0] == "chemistry"
    assert classify("Urinalysis", (CDISC, "C105585"))[0] == "urinalysis"
    assert classify("Row 7", (CDISC, "C105585"))[0] == "urinalysis", "the kind with the fewest codes"


def test_the_title_decides_where_no_kind_holds_all_codes():
    """Temperature, weight and height; a code that the ledger does not know."""
    codes = tuple((CDISC, code) for code in ("C174446", "C25208", "C25347"))
    kind, rule = classify("Vital Signs and Temperature", *codes)
    assert kind == "vital signs" and rule.startswith("title ")
    assert classify("Chemistry", (CDISC, "C64433"), (CDISC, "C99999999"))[1].startswith("title ")


def test_a_sponsors_own_codes_are_left_out():
    """ "124" is a subject standing in one protocol, the vital signs in another."""
    assert classify("Subject Standing", ("SPONSOR", "124"))[0] == "position before a measurement"
    codes = (("SPONSOR", "124"), (CDISC, "C25298"), (CDISC, "C25299"))
    assert classify("Row 7", *codes)[0] == "vital signs"


def test_systems_are_known_by_their_names_and_addresses():
    for system in ("http://loinc.org", "LOINC", "http://loinc.org/"):
        assert classify("Row 7", (system, "4548-4"))[0] == "HbA1c"
    assert classify("Row 7", ("ICD-10-PCS", "4A02X4Z"))[0] == "ECG"


def test_the_study_wins_over_codes():
    assert classify("CT scan", ("SNOMED", "383371000119108"), kinds={"a": "MRI"}) == (
        "MRI",
        "declared by the study",
    )
