"""Footnotes, classified: every rule has a made-up sentence of its own."""

import time

import pytest

from unburden.burden.footnote_rules import RULES
from unburden.burden.footnotes import classify_footnote, classify_footnotes, derive_cell_factors
from unburden.domain.errors import InvalidProtocol
from unburden.domain.estimate import Estimate
from unburden.domain.footnotes import NOTE_KINDS, NoteEffect
from unburden.domain.protocol import Activity, Cell, Condition, Place, Protocol, Timeline, Visit

SENTENCES = {
    "menopause": "FSH to confirm menopause.",
    "childbearing": "Women of childbearing potential only.",
    "women": "Female participants only.",
    "men": "For men.",
    "age": "For participants younger than 12.",
    "hepatitis": "HBV DNA where positive for anti-HBc.",
    "disease": "Except for glioma.",
    "people-named": "Spirometry in smokers.",
    "patients-with": "For patients with diabetes.",
    "patients-who": "From those who wear lenses.",
    "if-patient-is": "If the patient is diabetic.",
    "arm": "Not applicable for Cohort C.",
    "group-only": "Troponin for drug Q only.",
    "subset": "Biopsies in a subset.",
    "country-or-site": "Chest X-ray in Japan only.",
    "consent": "Optional biopsy.",
    "done-before": "Need not be repeated when done last week.",
    "earlier-result": "A scan performed earlier may be used.",
    "left-out": "May be skipped.",
    "no-longer": "The sputum is no longer collected.",
    "until-event": "Scans until disease progression.",
    "every-kth": "On every third cycle.",
    "moment-only": "Height at screening only.",
    "not-then": "No dosing at the last visit.",
    "not-if": "No sampling is required if the line is blocked.",
    "if-needed": "If clinically indicated.",
    "discretion": "By the sister at her discretion.",
    "on-event": "In the event of rash, a photograph is taken.",
    "who-later": "Those who withdraw attend once more.",
    "early-visit": "For early termination.",
    "if-scheduled": "Only when the ward is open.",
    "triplicate": "ECGs in triplicate.",
    "duplicate": "Blood pressure is taken twice.",
    "before-and-after": "Pre-dose and 1 h post-dose.",
    "before-and-later": "Plasma before dosing and at the times listed after the end of infusion.",
    "several-time-points": "Glucose at 1, 2, and 4 hours.",
    "serial": "Serial sampling.",
    "daily": "Weight is measured daily.",
    "periodic": "CT every 8 weeks.",
    "more": "Extra blood samples are allowed.",
    "again-later": "The scale is read, and then again.",
    "telephone": "This visit may be held by telephone.",
    "home": "A home nurse may come.",
    "post": "Drug is mailed to the patient.",
    "local": "A local laboratory may be used.",
    "report-period": "Serious adverse events are reported from consent until the last call.",
    "window": "Within 14 days.",
    "fasting": "Overnight fast.",
    "rest": "Supine for 5 minutes.",
    "around-dose": "Prior to dosing.",
    "time-point": "At the same time as CT.",
    "on-day": "On Day 8.",
    "before-or-after": "After the interview.",
    "reporting": "Adverse events are recorded.",
    "content": "Includes sodium.",
    "definition": "A cycle is 21 days.",
    "recording": "Shoe size is noted.",
    "reference": "See Section 4.",
    "conduct": "By a trained rater.",
    "measured": "Systolic blood pressure.",
    "how-done": "Ask about sleep.",
    "names": "Sleep, mood, and gait.",
}


def test_every_rule_has_a_sentence():
    assert SENTENCES.keys() == {rule.name for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_meets_its_sentence(rule):
    effect = classify_footnote(SENTENCES[rule.name], "n")
    assert (effect.rule, effect.kind, effect.place) == (rule.name, rule.kind, rule.place)
    start, end = effect.span
    assert SENTENCES[rule.name][start:end] == effect.matched != ""


def test_the_table_holds_its_effects_in_the_order_of_the_codebook():
    order = [NOTE_KINDS.index(rule.kind) for rule in RULES]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("In triplicate, within 7 days. Women of childbearing potential only.", "restricts-population"),
        ("ECG in triplicate within 1 hour, by telephone.", "repeats"),
        ("By telephone within 3 days.", "alternative-place"),
        ("Includes sodium, after an overnight fast.", "timing"),
        ("Includes urea. See Section 3. \u2022 Not at Visit 5. \u2022 Take two tubes.", "restricts-visits"),
        ("Lorem ipsum.", "not-understood"),
        ("", "not-understood"),
        ("[Note k is not printed in the source; no women only, no days.]", "not-understood"),
    ],
)
def test_the_first_effect_of_any_sentence_is_the_main_one(text, kind):
    assert classify_footnote(text).kind == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Within 28 days of the first dose.", "timing"),
        ("To be done if not done within 28 days of the first dose.", "restricts-visits"),
        ("More often if clinically indicated.", "repeats"),
        ("Only if clinically indicated.", "restricts-visits"),
        ("Blood at 1, 2 and 6 hours after the dose.", "repeats"),
        ("Blood at 6 hours after the dose.", "timing"),
        ("Only serious adverse events are reported after Day 30.", "no-effect"),
        ("Results of every second cycle only are recorded in the eCRF.", "no-effect"),
        ("Adverse events are collected throughout the study.", "no-effect"),
        ("Adverse events are collected from consent until 30 days after the last dose.", "timing"),
        ("Patients who stop early attend an unscheduled visit.", "restricts-visits"),
        ("Patients who stop early attend the termination visit.", "restricts-visits"),
        ("For participants who have asthma.", "restricts-population"),
        ("For participants who progress.", "restricts-visits"),
        ("Not applicable to Arm B.", "restricts-population"),
        ("Not applicable to responders.", "restricts-visits"),
        ("Weekly by telephone.", "repeats"),
        ("Repeat if abnormal.", "repeats"),
        ("Fasting is not needed at Visit 3.", "timing"),
        ("If a dose is late, the tests are delayed to the day of the dose.", "timing"),
        ("No more than 3 days later.", "timing"),
    ],
)
def test_the_codebook_s_pairs_of_labels_are_told_apart(text, kind):
    assert classify_footnote(text).kind == kind


def test_the_share_of_every_nth_cycle_is_given_where_it_holds_without_condition():
    effect = classify_footnote("Every third cycle.")
    assert effect.factor is not None
    assert (effect.factor.value, effect.grade) == (pytest.approx(1 / 3), "A")
    assert classify_footnote("Every 2nd visit.").factor == Estimate(
        0.5, 0.5, 0.5, "1", ("observed:the footnote's own words",)
    )
    assert classify_footnote("Every third cycle until Cycle 9, then every second cycle.").factor is None
    assert classify_footnote("At alternate cycles.").factor is None


def test_the_moments_that_a_note_lists_are_named():
    assert classify_footnote("Only at Cycles 4, 6 and 8.").moments == ("cycle 4", "cycle 6", "cycle 8")
    assert classify_footnote("Days -8 and 3 only.").moments == ("day -8", "day 3")
    assert classify_footnote("Samples only occur on ward days 3 and 5.").moments == ("day 3", "day 5")
    assert classify_footnote("The Day 1 sample is for baseline only.").moments == ()
    assert classify_footnote("Within 3 days of Day 8.").moments == ()


@pytest.mark.parametrize(
    "piece",
    [
        "for ",
        "within ",
        "1, ",
        "patients with ",
        "before and ",
        "a",
        "sae ",
        " ",
        "(; ",
        "A. ",
        "not required if ",
        "every 3 ",
        "additional x ",
        "only visits ",
    ],
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
    "text",
    [
        "In triplicate at screening.",
        "In triplicate. If abnormal, tell the sponsor.",
        "Pre-dose, and 1 h and 3 h post-dose.",
        "Three times a week.",
        "Patients receiving a second dose: before and 1 h after it.",
        "Every third cycle.",
        "Lorem ipsum.",
        "Daily.",
    ],
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
