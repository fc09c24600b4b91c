"""Rules beside the text of a USDM document's criteria."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from unburden.data.formats.usdm import read_usdm, write_usdm
from unburden.data.formats.usdm_checks import find_document_problems
from unburden.data.formats.usdm_criteria import RULE_URL, attach_rules, read_rules
from unburden.domain.criteria import Between, Compare, CompareToLimit, CriterionRule
from unburden.domain.errors import InvalidCriterion
from unburden.domain.protocol import Criterion, Protocol, Timeline

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "protocols"
FILES = [
    FOLDER / "CDISC_Pilot" / "CDISC_Pilot_Study.json",
    FOLDER / "Alexion_NCT04573309_Wilsons" / "Alexion_NCT04573309_Wilsons.json",
    FOLDER / "EliLilly_NCT03421379_Diabetes" / "EliLilly_NCT03421379_Diabetes.json",
]
needs_shared = pytest.mark.skipif(not FILES[0].exists(), reason="../shared/data/protocols is absent")
FRESH = Protocol(
    id="X1",
    title="A trial",
    source="hand",
    timelines=(Timeline("T", "Main", True),),
    visits=(),
    activities=(),
    cells=(),
    criteria=(
        Criterion("C1", "IN01", "Age 18 to 75 years, ALT below 2.5 x ULN & 75 kg", True),
        Criterion("C2", "EX01", "ALT > 3 × ULN on day 1 or 3-fold", False),
    ),
)
RULES = (
    CriterionRule("C1", "Adults", True, Between("age", 18, 75, "year"), "exclude"),
    CriterionRule("C2", FRESH.criteria[1].text, False, CompareToLimit("alt", ">", 3, "ULN"), "keep"),
)


def test_rules_come_back_and_the_text_reads_as_before(tmp_path):
    carrying = attach_rules(FRESH, RULES)
    write_usdm(carrying, tmp_path / "x.json")
    document = json.loads((tmp_path / "x.json").read_text())
    assert list(find_document_problems(document)) == []
    back = read_usdm(tmp_path / "x.json")
    assert back.criteria == FRESH.criteria
    assert read_rules(back) == RULES
    version = document["study"]["versions"][0]
    # 18 stands once in the first text; 75 twice, and so stays. "3-fold" is no 3.
    assert [item["text"] for item in version["eligibilityCriterionItems"]] == [
        'Age <usdm:tag name="parameter_1"/> to 75 years, ALT below 2.5 x ULN &amp; 75 kg',
        'ALT &gt; <usdm:tag name="parameter_1"/> × ULN on day 1 or 3-fold',
    ]
    maps = [held["parameterMaps"] for held in version["dictionaries"]]
    assert [[(m["tag"], m["reference"]) for m in held] for held in maps] == [
        [("parameter_1", "18")],
        [("parameter_1", "3")],
    ]


def test_rules_are_named_by_name_too_and_replaced_and_removed():
    by_name = attach_rules(FRESH, [replace(RULES[0], criterion_id="IN01")])
    assert read_rules(by_name) == (RULES[0],)
    other = replace(RULES[0], expression=Compare("age", ">", 1, "year"))
    assert read_rules(attach_rules(by_name, [other])) == (other,)
    assert read_rules(attach_rules(by_name, [])) == ()
    assert read_rules(FRESH) == ()


def test_rules_of_no_criterion_or_the_other_kind_are_refused():
    rules = [
        replace(RULES[0], criterion_id="IN09"),
        replace(RULES[0], is_inclusion=False),
        RULES[1],
        replace(RULES[1], criterion_id="EX01"),
    ]
    with pytest.raises(InvalidCriterion) as caught:
        attach_rules(FRESH, rules)
    assert caught.value.problems == (
        "there is no criterion 'IN09'; the protocol's are IN01, EX01",
        "C1 is an exclusion rule of an inclusion criterion; give it the same kind",
        "EX01 has two rules; keep one",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "C1 has a rule that is not JSON (Expecting property name"),
        ("[" * 100_000, "C1 has a rule that is not JSON ("),
        ("[]", "C1 has the rule '[]'; give a JSON object as text or drop it"),
        (None, "C1 has the rule None; give a JSON object as text or drop it"),
        ("{}", "C1 has no kind; give 'inclusion' or 'exclusion'"),
        ('{"kind": "inclusion", "unknown": "keep", "column": 3, "in": [NaN]}', "C1 has column 3; give its"),
    ],
)
def test_garbage_in_a_document_is_named(text, expected):
    tree = json.loads(attach_rules(FRESH, RULES).carried)
    node = tree["study"]["versions"][0]["studyDesigns"][0]["eligibilityCriteria"][0]
    node["extensionAttributes"][0]["valueString"] = text
    with pytest.raises(InvalidCriterion) as caught:
        read_rules(replace(FRESH, carried=json.dumps(tree)))
    assert caught.value.where == f"hand, {RULE_URL}"
    assert caught.value.problems[0].startswith(expected)


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_real_documents_carry_rules_without_loss(path, tmp_path):
    protocol = read_usdm(path)
    rules = tuple(
        CriterionRule(c.id, c.text, c.is_inclusion, Compare("age", ">=", number, "year"), "keep")
        for number, c in enumerate(protocol.criteria, start=1)
    )
    write_usdm(attach_rules(protocol, rules), tmp_path / "x.json")
    back = read_usdm(tmp_path / "x.json")
    assert read_rules(back) == rules
    assert back.criteria == protocol.criteria
    assert replace(back, carried=None, source="", notes=()) == replace(
        protocol, carried=None, source="", notes=()
    )
    write_usdm(attach_rules(back, ()), tmp_path / "y.json")
    assert read_usdm(tmp_path / "y.json").criteria == protocol.criteria
