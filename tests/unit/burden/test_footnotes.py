"""Footnotes, classified: every rule has a made-up sentence of its own."""

import time

import pytest

from unburden.burden.footnote_rules import RULES
from unburden.burden.footnotes import classify_footnote, classify_footnotes, derive_cell_factors
from unburden.domain.errors import InvalidProtocol
from unburden.domain.footnotes import NoteEffect
from unburden.domain.protocol import Activity, Cell, Condition, Place, Protocol, Timeline, Visit

SENTENCES = {
    "adverse-event-reporting": "Adverse events are reported until the last call.",
    "record-medication": "Concomitant medication is recorded.",
    "not-printed": "The mark q is not printed below the table.",
    "menopause": "FSH to confirm menopause.",
    "childbearing": "Women of childbearing potential only.",
    "women": "Female participants only.",
    "men": "For men.",
    "hepatitis": "HBV DNA where positive for anti-HBc.",
    "subset": "Biopsies in a subset.",
    "arm": "Not applicable for Cohort Z.",
    "group-only": "Troponin for drug Q only.",
    "patients-with": "For patients with diabetes.",
    "if-needed": "If clinically indicated.",
    "on-event": "In the event of rash, a photograph.",
    "optional": "Optional biopsy.",
    "done-before": "Not required to be repeated when done last week.",
    "every-kth-cycle": "On every third cycle.",
    "moment-only": "Height at screening only.",
    "not-then": "No dosing at the last visit.",
    "triplicate": "ECGs in triplicate.",
    "duplicate": "Blood pressure is taken twice.",
    "before-and-after": "Pre-dose and 1 h post-dose.",
    "before-and-later": "Plasma before dosing and at the times listed after the end of infusion.",
    "several-time-points": "Glucose at 1, 2, and 4 hours.",
    "daily": "Weight is measured daily.",
    "periodic": "CT every 8 weeks.",
    "again-later": "Give an extra blood sample.",
    "telephone": "This visit may be held by telephone.",
    "home": "A home nurse may come.",
    "local": "A local laboratory may be used.",
    "may-be-added": "Tubes may be added.",
    "posture": "Supine for 5 minutes.",
    "window": "Within 14 days.",
    "fasting": "Overnight fast.",
    "around-dose": "Prior to dosing.",
    "time-point": "At the same time as CT.",
    "content": "Includes sodium.",
    "definition": "A cycle is 21 days.",
    "recording": "Record at each visit.",
    "reference": "See Section 4.",
    "conduct": "By the sister at her discretion.",
}


def test_every_rule_has_a_sentence():
    assert SENTENCES.keys() == {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_meets_its_sentence(rule):
    effect = classify_footnote(SENTENCES[rule.name], "n")
    assert (effect.rule, effect.kind, effect.place) == (rule.name, rule.kind, rule.place)
    start, end = effect.span
    assert SENTENCES[rule.name][start:end] == effect.matched != ""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Women of childbearing potential only, within 7 days, in triplicate.", "restricts-population"),
        ("ECG in triplicate within 1 hour, by telephone.", "repeats"),
        ("By telephone within 3 days.", "alternative-place"),
        ("Includes sodium, after an overnight fast.", "timing"),
        ("Lorem ipsum.", "not-understood"),
        ("", "not-understood"),
    ],
)
def test_the_effect_that_changes_most_is_the_main_one(text, kind):
    assert classify_footnote(text).kind == kind


@pytest.mark.parametrize(
    "piece", ["for ", "within ", "1, ", "patients with ", "before and ", "a", "sae ", " "]
)
def test_a_long_text_takes_no_long_time(piece):
    start = time.perf_counter()
    classify_footnote(piece * (100_000 // len(piece)))
    assert time.perf_counter() - start < 10


def make_protocol(*notes: str, title: str = "Pregnancy test") -> Protocol:
    ids = tuple(str(number) for number, _ in enumerate(notes))
    return Protocol(
        id="P",
        title="P",
        source="p.json",
        timelines=(Timeline("main", "Main", is_main=True),),
        visits=(Visit("v", "Day 1", "main", 0.0), Visit("w", "Day 8", "main", 7.0)),
        activities=(Activity("a", title),),
        conditions=tuple(Condition(i, text) for i, text in zip(ids, notes, strict=True)),
        cells=(Cell("v", "a", condition_ids=ids), Cell("w", "a")),
    )


def test_a_share_applies_to_the_cell_of_its_note_and_is_assumed_and_wide():
    factors = derive_cell_factors(make_protocol("Women of childbearing potential only."))
    assert factors.keys() == {("v", "a")}
    found = factors["v", "a"]
    assert found.note_ids == ("0",)
    assert found.factor.low < 0.1 < 0.5 < found.factor.high
    assert found.factor.sources[0].startswith("assumed:")


def test_a_share_does_not_apply_to_an_activity_that_it_does_not_speak_of():
    assert derive_cell_factors(make_protocol("For all women.", title="Chemistry panel")) == {}


def test_a_reflex_test_does_not_thin_the_row_that_it_follows():
    note = "HCV RNA to confirm positive hepatitis C antibody."
    assert derive_cell_factors(make_protocol(note, title="Hepatitis C tests")) == {}
    assert derive_cell_factors(make_protocol(note, title="HCV RNA"))["v", "a"].factor.high == 0.3


def test_of_two_shares_the_smaller_holds_and_times_multiply():
    factors = derive_cell_factors(
        make_protocol("Female participants only.", "Women of childbearing potential only.", "In triplicate.")
    )
    assert factors["v", "a"].factor.value == pytest.approx(0.25 * 3)
    assert factors["v", "a"].note_ids == ("0", "1", "2")


@pytest.mark.parametrize(
    "text", ["In triplicate at screening.", "Every third cycle.", "Lorem ipsum.", "Daily."]
)
def test_what_is_tied_to_part_of_the_cells_or_has_no_number_counts_as_always_done(text):
    assert derive_cell_factors(make_protocol(text)) == {}


def test_every_note_is_listed_with_its_cells():
    effects = classify_footnotes(make_protocol("Lorem ipsum.", "By telephone."))
    assert [(e.note_id, e.kind, e.cells) for e in effects] == [
        ("0", "not-understood", (("v", "a"),)),
        ("1", "alternative-place", (("v", "a"),)),
    ]
    assert effects[1].place is Place.REMOTE


def test_an_effect_of_another_name_is_refused():
    with pytest.raises(InvalidProtocol, match=r"footnote 'n'(.|\n)*has the effect 'drops'; use one of"):
        NoteEffect("n", "drops", "r", "why")  # pyright: ignore[reportArgumentType]
