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
    "kind-of-patient": "Obese patients: sleep study.",
    "group-before-noun": "Spirometry in asthmatic patients.",
    "named-group": "The retinoid group only.",
    "first-n": "Limited to the first 8 participants.",
    "followed-by-arm": "Patients in the control arm will be followed for new AEs for 30 days.",
    "regulation": "Race where permitted by law.",
    "optional-visit": "V9: the visit is optional.",
    "any-condition": "A scan unless the fracture has healed.",
    "several-readings": "The best of four efforts.",
    "prose": "Both sides of the mouth.",
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


WORDINGS = {
    "restricts-population": """
        Serum FSH is drawn from women whose last menses was more than a year ago.
        Urine hCG for all participants capable of becoming pregnant.
        To be carried out in females who have not undergone hysterectomy.
        Testosterone will be measured in male subjects only.
        Bone age X-ray for children who have not yet reached puberty.
        Patients over the age of 70 will additionally complete the geriatric scale.
        For subjects with a history of brain metastases, MRI of the head is added to the CT.
        Patients known to carry a KRAS mutation give an extra tube of blood.
        Required for individuals with HIV infection: CD4 count and viral load.
        HbA1c: diabetic patients only.
        Participants with pre-existing cardiac disease have an echocardiogram at each of these visits.
        Only patients on warfarin at study entry need an INR.
        Thyroid function: participants already taking levothyroxine.
        Race is recorded where local law allows.
        Intensive PK is limited to the first 12 subjects enrolled.
        A subset of about 30 participants provides a muscle biopsy.
        Participants in the immunogenicity substudy give 20 mL of blood.
        Patients randomised to docetaxel receive premedication and have a blood count on Day 8.
        Part B participants only.
        These visits do not apply to subjects in Cohorts 1 and 2.
        Arm A: MUGA at every visit marked. Arm B: MUGA is not performed.
        Infusion-site assessment: subcutaneous group only.
        Subjects receiving placebo are not sampled.
        Tissue is requested from consenting patients.
        Caregiver questionnaire applies if the patient lives with a carer.
        HCV RNA only in patients who are HCV antibody positive.
        Holter monitoring will be skipped for participants who have a pacemaker.
        Sperm count in sexually active men who agree to it.
        Uterine ultrasound (women with an intact uterus).
        Alpha-fetoprotein is measured in hepatocellular carcinoma patients.
        Dental check for participants who still have their own teeth.
        Prostate symptoms questionnaire - males 50 years and over.
        G6PD testing for participants of African, Asian or Mediterranean ancestry.
        Samples for pharmacogenomics are taken unless the participant has declined.
        The first six patients treated at each dose level stay for 24-hour observation and sampling.
        Required for participants with NYHA class II or worse at enrolment.
        Applies to the paediatric cohort.
        CSF sampling in a subset who agreed to lumbar puncture.
        Childbearing-age women must use contraception; a pregnancy test is done monthly.
        Peak flow in asthmatic subjects only.
        Fundus photographs are not taken in participants with bilateral cataract.
        Parents complete the form for children under 8.
        Additional consent is needed for the genetic blood sample.
        Bone densitometry: participants on aromatase inhibitors.
        Cognitive testing for subjects who are at least 60 years old.
        EEG in participants with epilepsy in their medical history.
        Urine drug screen may be done at sites where this is customary; it is not mandatory elsewhere.
        Not required in patients with a prior splenectomy.
        Lipid subfractions in participants in the metabolic sub-study.
        Open-label arm: drug is dispensed.
    """,
    "restricts-visits": """
        Not needed at Visit 4.
        This assessment is dropped after the first year.
        Only the Week 12 and Week 24 samples are taken.
        Chest X-ray is limited to the baseline visit.
        Echocardiography should be considered when there are signs of heart failure.
        MRI only where the CT is inconclusive.
        Lumbar puncture as clinically warranted.
        To be performed if the investigator considers it useful.
        At the investigator's discretion.
        Per physician judgement.
        Should a rash appear, photographs of the skin are taken.
        Subjects who fail screening do not come to this visit.
        Participants who withdraw prematurely are asked to attend this visit.
        For patients stopping treatment for reasons other than progression, scans go on as scheduled.
        Patients still on treatment after Week 52.
        Imaging continues until the disease progresses.
        Questionnaires need not be filled in when the patient is too ill.
        This visit takes place only if the drug was given in the preceding period.
        V12: this visit is optional.
        Physical examination is optional at Weeks 2 and 6.
        Patients with progressive disease enter survival follow-up.
        Bone marrow aspirate to confirm complete response.
        If the dose is held, PK samples are not drawn.
        Except at Week 8.
        Height: first visit only.
        Reflex T4 only if TSH is out of range.
        These samples may be left out if the volume of blood exceeds the limit for small children.
        A biopsy on progression, if feasible.
        Cultures when symptoms of infection are present.
        Patients who crossed over to active drug after unblinding.
        Applicable to patients who develop anti-drug antibodies during the study.
        Ultrasound when palpation is uncertain.
        Assessments stop once the patient starts another anticancer treatment.
        At Visits 2, 5 and 9 only.
        Skip this test at Week 3.
        For participants who roll over into the long-term study, this visit is not held.
        As needed.
        Body weight thereafter only when there is a change of more than 10%.
        Subjects discontinuing early should complete the procedures of Week 24.
        Visit 7 may be waived by the sponsor.
        The last four visits apply only to participants who were re-treated.
        Not performed if haemoglobin is under 8 g/dL.
        ADA samples are discontinued for participants testing negative at Week 48.
        Genetic sample: one time only, any visit.
        Once two consecutive samples are negative, sampling can cease.
        May be cancelled if the participant has already completed the Week 12 procedures.
        During the maintenance phase only.
        If tuberculosis testing was negative in the last 3 months, documentation suffices.
        Visits 10 to 14 are held only for participants not yet in remission.
        Trough samples are no longer taken from Amendment 4 on.
    """,
    "repeats": """
        Three ECGs are recorded about 2 minutes apart.
        Blood samples at 0.5, 1, 2, 4 and 8 hours after the dose.
        And at any time thereafter if symptoms warrant.
        ECG at baseline and then as clinically indicated.
        CT every 12 weeks for two years, then every 6 months.
        Diary is filled in every evening.
        If QTcF exceeds 500 ms, two more tracings are made.
        Unscheduled ECGs are permitted at any time.
        PK: prior to the infusion and again at its end.
        Both arms are measured, each twice.
        Other time points when medically needed, besides those marked.
        Temperature is taken every 4 hours during the stay.
        Two tubes, one before and one an hour after the meal.
        Pain is scored in the morning and again at bedtime.
        Vital signs: 15, 30, and 60 min after the start of infusion.
        Recorded weekly in the diary between visits.
        The sample is redrawn if haemolysed.
        ECG is done at the marked visits and additionally whenever the dose is raised.
        Blood pressure is measured in both arms and repeated after 5 minutes.
        Diary: twice a day, morning and night.
        If the first test fails, a second one is made the same day.
        Scans every 9 weeks (±1 week).
    """,
    "alternative-place": """
        Patients are called by the study nurse.
        Video call.
        May be conducted by visiting health professionals at the nursing home.
        Safety call 7 days after the dose.
        Follow-up contact can be by phone, mail or review of medical records.
        The infusion can be given at a local infusion centre.
        Participants wear an activity tracker on the wrist between visits.
        Conducted over the telephone by the coordinator.
        Participants without symptoms may have this visit by video link.
        Blood tests can be drawn at the local hospital.
        The nurse visits the patient at home.
        The questionnaire is sent by post.
        Either at the clinic or at home by a visiting nurse.
        Blood can be taken by the general practitioner.
        Survival status by telephone or from public records.
    """,
    "timing": """
        Up to 28 days before first dose.
        May be done up to 3 days in advance of the visit.
        Plus or minus two days.
        Participants should not eat for 8 hours before the blood draw.
        Patients must be fasted.
        Unless stated otherwise, all tests take place before the dose.
        If the infusion is late, the sample times move with it.
        Serious adverse events are collected from signature of consent to 90 days after the last dose.
        The interval between doses is at least 3 weeks.
        Day 1 procedures may be split over two consecutive days.
        Blood is taken from the arm opposite to the infusion, 5 minutes after its end.
        Before discharge from the ward.
        Screening may last up to six weeks.
        Two hours after the start of infusion.
        Day 1 is the day of first dose.
        Coffee must not be drunk on the morning of the test.
        Subjects sit quietly for 5 minutes before the measurement.
        The washout lasts at least five half-lives.
    """,
    "no-effect": """
        See Section 8 for participants who become pregnant.
        Only medicines for pain are reported after Week 8.
        Either arm may be used for blood pressure.
        Tumour response is judged by RECIST 1.1.
        Height in cm, weight in kg.
        Serum or urine.
        Samples are stored at -70 degrees.
        All adverse events regardless of cause.
        Details are given in the pharmacy manual.
        Prior treatment for the disease is listed in the case report form.
        Local reading of the scan is sufficient.
        Samples go to the central laboratory.
        BMI is computed from height and weight.
        Women and men are asked the same questions.
        Blood volume is about 10 mL.
    """,
}
"""Made-up notes in varied wording, labelled by the codebook before the rules met them."""


@pytest.mark.parametrize(
    ("kind", "text"),
    [(kind, text.strip()) for kind, texts in WORDINGS.items() for text in texts.strip().splitlines()],
)
def test_an_effect_is_told_in_many_wordings(kind, text):
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
        "if a, tests ",
        "in a b patients ",
        "the arm group: ",
        "one before one ",
        "where law ",
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
        "A pregnancy test is not necessary for women who are surgically sterile.",
        "Not applicable to women of childbearing potential.",
        "Except for females.",
        "Advice for men whose partners could become pregnant.",
        "ALT above three times the upper limit of normal.",
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
