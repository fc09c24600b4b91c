import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from unburden.domain.errors import InvalidStudy
from unburden.study.parts import Patients
from unburden.study.reading import read_eligibility, read_study
from unburden.study.times import parse_time_on_study

EXAMPLE = Path(__file__).parents[3] / "examples" / "adjuvant-breast"


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "study"
    shutil.copytree(EXAMPLE, target)
    return target


def edit(folder: Path, *pairs: tuple[str, str]) -> Path:
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return folder


def test_the_embedded_study_reads(folder):
    study = read_study(folder)
    assert study.cohort is not None
    assert study.cohort.patients == 2982
    assert study.attrition is not None
    assert [step.criterion_id for step in study.attrition.steps] == ["IN01", "IN02", "IN03", "EX01", "EX02"]
    assert study.attrition.uncomputed == ("IN04",)
    assert sum(study.share_by_arm.values()) == 1
    assert len(study.protocol.cells) == 178


def test_problems_of_every_part_come_in_one_error(folder):
    edit(
        folder,
        ("trials = 5000", "trails = 5000"),
        ("share = 0.7", "share = 0.6"),
        ('criterion = "IN02"', 'criterion = "IN99"'),
        ('column = "age"', 'column = "years"'),
        ('activities = ["ecg"]', 'activities = ["eeg"]'),
        ("hazard_ratio = 0.75", "hazard_ratio = 1.75"),
        ('oestrogen_receptor = "fmol/L"', 'oestrogen_receptor = "spoon"'),
    )
    with pytest.raises(InvalidStudy) as caught:
        read_study(folder)
    text = str(caught.value)
    for expected in (
        "the shares of the personas sum to 0.9; make them sum to 1",
        "criterion 'IN99' is not in the protocol; use one of IN01, IN02",
        "unit 'spoon' is not known",
    ):
        assert expected in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("trials = 5000", "trails = 5000"), "[search] has the unknown key 'trails'"),
        (('column = "age"', 'column = "years"'), "there is no column 'years' in cohort"),
        (('activities = ["ecg"]', 'activities = ["eeg"]'), "names the activity 'eeg'; use one of consent"),
        (("hazard_ratio = 0.75", "hazard_ratio = 1.75"), "give a number between 0 and 1"),
        (
            ('visits = ["month-18", "month-30"', 'visits = ["month-99", "month-30"'),
            "names the visit 'month-99'",
        ),
        (('time = "disease_free_days"', 'time = "no_days"'), "the cohort has no column 'no_days'"),
        (("events = [280, 330, 380, 430, 510]", "events = [9999]"), "leaves no design to try"),
        (("patients = [1000,", "patients = [1.5,"), "has 1.5 in patients; give a whole number"),
        (('protocol = "protocol.json"', 'protocol = "none.json"'), "there is no such file"),
        (('unknown = "exclude"', 'unknown = "maybe"'), "has unknown 'maybe'; use 'keep' or 'exclude'"),
        (('from = "scenario"', 'from = "hearsay"'), "use one of scenario, cohort, complete"),
        (("alpha = 0.025", "alpha = 0.9"), "alpha is 0.9; give a number from 1e-12 to below 0.5"),
        (("keep_at_least = 2", "keep_at_least = 20"), "keeps at least 20 of 8 cells"),
    ],
)
def test_each_mistake_is_told_with_its_remedy(folder, change, expected):
    with pytest.raises(InvalidStudy) as caught:
        read_study(edit(folder, change))
    assert expected in str(caught.value)


@pytest.mark.parametrize("text", ["", "[study", "\x00", "[study]\nname = 3\n", "study = 3"])
def test_garbage_is_refused(tmp_path, text):
    (tmp_path / "study.toml").write_text(text)
    with pytest.raises(InvalidStudy):
        read_study(tmp_path)


def test_an_empty_cohort_is_refused(folder):
    import polars as pl

    path = folder / "patients" / "rotterdam.parquet"
    pl.read_parquet(path).clear().write_parquet(path)
    with pytest.raises(InvalidStudy, match="it has no patients; give at least one row"):
        read_study(folder)


def change_cohort(folder: Path, *columns) -> None:
    import polars as pl

    path = folder / "patients" / "rotterdam.parquet"
    pl.read_parquet(path).with_columns(*columns).write_parquet(path)


def declare(text: str) -> tuple[str, str]:
    """A change that adds tables or keys at the end of a table."""
    return ('[scenario]\nname = "hoped-for effect"\n', text + '\n[scenario]\nname = "hoped-for effect"\n')


CTDNA = """activities = ["ctdna"]
visits = ["month-06", "month-18", "month-30", "month-36", "month-42", "month-48", "month-54", "month-60"]"""
ON_STUDY = ('[time_on_study]\nfrom = "scenario"', '[time_on_study]\nfrom = "cohort"\ntime = "relapse_days"')
EVIDENCE = """
[[evidence]]
id = "travel.one_way_km"
description = "one way"
value = 10.0
low = 5.0
high = 20.0
unit = "km"
source = "published:x"
grade = "B"
"""


def read_problems(folder: Path) -> tuple[str, ...]:
    with pytest.raises(InvalidStudy) as caught:
        read_study(folder)
    return caught.value.problems


def test_personas_are_told_apart_by_name(folder):
    edit(folder, ('name = "patient living far away"', 'name = "patient living near"'))
    assert read_problems(folder) == ("two personas are named 'patient living near'; give each its own name",)


def test_a_persona_without_a_name_is_refused(folder):
    edit(folder, ('name = "patient living far away"', 'name = " "'))
    assert read_problems(folder) == ("[[personas]] 2 has an empty name; name it",)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("mm", "column 'disease_free_days' is in mm, which is no time; give a time in year, month"),
        ("", "column 'disease_free_days' is declared without a unit; give its unit, such as day"),
    ],
)
def test_a_time_needs_a_unit_of_time(folder, unit, expected):
    edit(
        folder, ('had_hormonal_treatment = ""', f'had_hormonal_treatment = ""\ndisease_free_days = "{unit}"')
    )
    (problem,) = read_problems(folder)
    assert expected in problem


def test_a_time_in_another_unit_becomes_days(folder):
    import polars as pl

    as_days = read_study(folder)
    change_cohort(folder, pl.col("disease_free_days", "relapse_days") / 30.4375)
    edit(folder, ON_STUDY)
    units = 'had_hormonal_treatment = ""\ndisease_free_days = "month"\nrelapse_days = "month"'
    as_months = read_study(edit(folder, ('had_hormonal_treatment = ""', units)))
    hazards = [study.scenario.outcome.control.per_month for study in (as_days, as_months)]
    assert hazards[0] == pytest.approx(hazards[1], rel=1e-9)
    days = as_days.cohort.frame["relapse_days"]
    assert as_months.time_on_study[0].share_at(1000.5) == pytest.approx(float((days >= 1000).mean()))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("age", "a time is 32872.5 days; give at most 50 years"),
        ("has_died", "column 'has_died' holds true and false; name one that holds a time"),
        ("tumour_size_class", "column 'tumour_size_class' holds words; name one that holds a time"),
    ],
)
def test_time_on_study_needs_times(folder, column, expected):
    edit(
        folder, ('[time_on_study]\nfrom = "scenario"', f'[time_on_study]\nfrom = "cohort"\ntime = "{column}"')
    )
    (problem,) = read_problems(folder)
    assert expected in problem


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "column 'relapse_days' is empty"),
        (float("nan"), "column 'relapse_days' is empty"),
        (float("inf"), "2982 of 2982 times is not a finite number"),
        (-5.0, "column 'relapse_days': a time is negative (-5 days)"),
        (1e300, "column 'relapse_days': a time is 1e+300 days; give at most 50 years"),
    ],
)
def test_days_on_study_that_cannot_be_are_refused(folder, value, expected):
    import polars as pl

    change_cohort(folder, pl.lit(value, dtype=pl.Float64).alias("relapse_days"))
    (problem,) = read_problems(edit(folder, ON_STUDY))
    assert expected in problem


@pytest.mark.parametrize("column", ["disease_free_days", "has_relapsed_or_died"])
def test_unknown_follow_up_of_eligible_patients_is_refused(folder, column):
    import polars as pl

    change_cohort(folder, pl.when(pl.col("age") > 60).then(pl.col(column)).alias(column))
    (problem,) = read_problems(folder)
    assert "of 537 patients who pass the criteria have no value in" in problem
    assert f"{column!r}" in problem


def test_follow_up_of_no_length_is_refused(folder):
    import polars as pl

    change_cohort(folder, pl.lit(0.0).alias("disease_free_days"))
    text = "\n".join(read_problems(edit(folder, ("start_months = [0, 12, 36, 60]", "start_months = [0]"))))
    assert "nobody is followed from month 0 to inf" in text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (('visits = ["month-24", "month-36", "month-48", "month-60"]', "visits = []"), "2 has visits = []"),
        (('activities = ["ecg"]', "activities = []"), "[[levers]] 2 has activities = []; name at least one"),
        (
            ('visits = ["month-01", "month-09",', 'visits = ["month-01", "month-01",'),
            "has 'month-01' twice in",
        ),
        (('activities = ["ecg"]', 'activities = ["ecg", "ecg"]'), "has 'ecg' twice in activities; keep one"),
        ((CTDNA, 'activities = ["ecg"]\nvisits = ["month-36", "month-48"]'), "stands in two levers"),
        (('activities = ["ecg"]', 'activities = ["disease"]'), "would drop 'disease', on which the primary"),
        (
            ('activity = "disease"', 'activity = "ecg"'),
            "would drop 'ecg', on which the",
        ),
        (('activity = "disease"', 'activity = "eeg"'), "names the activity 'eeg'; use"),
        (("patients = [1000, 1200,", "patients = [1000, 1000,"), "[design] has 1000 twice in patients; keep"),
        (("events = [280, 330,", "events = [280, 280,"), "[design] has 280 twice in events; keep one"),
        (
            ("patients = [1000,", "patients = [0,"),
            "[design] has 0 patients, which is above no number of events",
        ),
        (("events = [280,", "events = [9999,"), "[design] has 9999 events, which is below no number of pat"),
        (('protocol = "protocol.json"', 'protocol = ""'), "[study] names no protocol; give the name of its"),
        (("patients = [1000,", f"patients = [{10**30},"), "give 2 to 1,000,000"),
        (("trials = 5000", f"trials = {10**12}"), "[search] has trials = 1000000000000; give at most"),
        (
            ("information_rates = [0.5,", "information_rates = [1e-9,"),
            "no trial can stop at the look at 1e-09",
        ),
        (("alpha = 0.025", "alpha = 1e-300"), "alpha is 1e-300; give a number from 1e-12"),
        (("accrual_start_months = [0, 6]", "accrual_start_months = [0, inf]"), "are [0.0, inf]; give finite"),
        (("accrual_start_months = [0, 6]", "accrual_start_months = [0, nan]"), "are [0.0, nan]; give finite"),
        (("start_months = [0, 12, 36, 60]", "start_months = [0, 12, 36, inf]"), "give finite numbers"),
        (('from = "cohort"\ntime', 'from = "hearsay"\ntime'), "has from = 'hearsay'; use 'cohort', or"),
        (declare('[kinds]\necg = ["x"]\n'), "[kinds] has ecg = ['x']; give words"),
        (declare('[kinds]\necg = "x"\n'), "activity 'ecg' has the kind 'x'; use one of"),
        (declare('[kinds]\neeg = "ecg"\n'), "no activity 'eeg' to give the kind"),
        (declare(EVIDENCE.replace("travel.", "travels.")), "no entry 'travels.one_way_km' to override"),
        (declare(EVIDENCE.replace("20.0", "inf")), "[[evidence]] 1 has high = inf; give a finite number"),
        (declare(EVIDENCE + EVIDENCE), "[[evidence]] has 'travel.one_way_km' twice; keep one"),
        (('id = "travel.minutes"', 'id = "travel.one_way_km"'), "2 evidence has 'travel.one_way_km' twice"),
        (('id = "travel.minutes"', 'id = "travel.hours"'), "no entry 'travel.hours' to override"),
    ],
)
def test_each_contradiction_is_told_with_its_remedy(folder, change, expected):
    assert expected in "\n".join(read_problems(edit(folder, change)))


def test_what_serves_a_primary_endpoint_stays(folder):
    activity = read_study(folder).protocol.activity_by_id["mammography"]
    assert activity.purpose == "primary"
    edit(folder, ('activities = ["ecg"]\nvisits = ["month-24", "month-36", "month-48", "month-60"]',
                  'activities = ["mammography"]'))  # fmt: skip
    (problem,) = read_problems(folder)
    assert "[[levers]] 2 would drop 'mammography', on which the primary outcome rests; leave it" in problem


def test_a_visit_has_one_place(folder):
    place = '[[places]]\nvisits = ["month-01"]\nplace = "{}"\nreason = "x"\n'
    edit(folder, declare(place.format("home") + place.format("remote")))
    (problem,) = read_problems(folder)
    assert problem == "[[places]] 2 gives the visit 'month-01' a second place; keep one"


@pytest.mark.parametrize("ratio", ["-1", "0", "nan", "inf"])
def test_a_ratio_that_cannot_be_is_one_problem(folder, ratio):
    edit(folder, ("allocation_ratio = 1.0", f"allocation_ratio = {ratio}"))
    (problem,) = read_problems(folder)
    assert "give a number over 0" in problem


@pytest.mark.parametrize(
    ("line", "expected"), [('allocation_ratio = "x"', "give a number"), ("", "has no 'allocation_ratio'")]
)
def test_a_ratio_that_is_no_number_is_one_problem(folder, line, expected):
    (problem,) = read_problems(edit(folder, ("allocation_ratio = 1.0", line)))
    assert expected in problem


def test_one_mistake_does_not_hide_another(folder):
    edit(
        folder,
        ('name = "hoped-for effect"', 'name = "hoped-for effect"\nunknown_key = 1'),
        ("hazard_ratio = 0.75", "hazard_ratio = 7"),
        ("trials = 5000", "trials = 0"),
        ("alpha = 0.025", "alpha = 7"),
        ('activities = ["ecg"]', 'activities = ["eeg"]'),
        ('from = "scenario"', 'from = "x"'),
        ("accrual_per_month = [20, 45]", "accrual_per_month = [20, 0]"),
        ("dropout_per_year = 0.02", "dropout_per_year = 2"),
    )
    problems = read_problems(folder)
    expected = (
        "unknown key 'unknown_key'", "hazard_ratio = 7", "trials = 0", "alpha is 7", "'eeg'", "from = 'x'",
        "rates [20.0, 0.0]", "dropout_per_year is 2",
    )  # fmt: skip
    assert len(problems) == len(expected)
    for text in expected:
        assert any(text in problem for problem in problems), text


def test_a_missing_protocol_hides_nothing_and_adds_nothing(folder):
    edit(
        folder,
        ('protocol = "protocol.json"', 'protocol = "none.json"'),
        ("alpha = 0.025", "alpha = 7"),
        ("trials = 5000", "trials = 0"),
        ("at_most = 4", 'at_most = "x"'),
    )
    problems = read_problems(folder)
    assert len(problems) == 4
    for text in ("there is no such file", "alpha is 7", "trials = 0", "at_most = 'x'"):
        assert any(text in problem for problem in problems), text


@pytest.mark.parametrize(
    "change",
    [
        ('protocol = "protocol.json"', 'protocol = "none.json"'),
        ('oestrogen_receptor = "fmol/L"', 'oestrogen_receptor = "spoon"'),
        ('unknown = "exclude"', 'unknown = "maybe"'),
        ('column = "age"', 'column = "years"'),
    ],
)
def test_a_cohort_that_is_there_is_not_asked_for(folder, change):
    problems = read_problems(edit(folder, change, ON_STUDY))
    assert not any("needs a [cohort]" in problem for problem in problems)


def test_a_cohort_that_is_not_there_is_asked_for(folder):
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("[cohort]"), text.index("# Who carries")
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    problems = read_problems(edit(folder, ON_STUDY))
    assert [p for p in problems if "needs a [cohort]" in p] == list(problems)
    assert len(problems) == 2


@pytest.mark.parametrize("day", [36_500.0])
def test_a_far_day_takes_no_longer(folder, day):
    study = read_study(folder)
    visits = study.protocol.visits
    far = replace(study.protocol, visits=(*visits[:-1], replace(visits[-1], offset_days=day)))
    (curve,) = parse_time_on_study({"from": "scenario"}, study.scenario, False, Patients(False), far, 1.0)
    assert curve.share_at(day) < 1e-4
    (near,) = study.time_on_study
    assert curve.share_at(30.0) == near.share_at(30.0)


def write_records(folder: Path, **columns) -> Path:
    import polars as pl

    rows = {
        "patient_id": ["p1", "p1", "p2"],
        "date": ["2020-01-01", "2020-02-01", "2020-01-01"],
        "category": ["planned", "telephone", "planned"],
        "is_in_person": [True, False, True],
    }
    pl.DataFrame(rows | columns).write_parquet(folder / "visits.parquet")
    return edit(
        folder,
        declare('[records]\nfile = "visits.parquet"\nsource = "observed:x"\nplanned = "planned"\n'),
    )


def test_records_read(folder):
    assert read_study(write_records(folder)).records.planned == "planned"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"category": ["a", "b", "b"]}, "planned is 'planned', which no visit is; use one of a, b"),
        ({"patient_id": [None, None, None]}, "column 'patient_id' is empty in 3 of 3 rows; fill it in"),
        ({"patient_id": ["p1", None, "p2"]}, "column 'patient_id' is empty in 1 of 3 rows; fill it in"),
        ({"date": ["2020-01-01", None, "2020-01-01"]}, "column 'date' is empty in 1 of 3 rows"),
        ({"date": ["2020-01-01", "2020", "x"]}, "column 'date' holds '2020'; write dates as 2020-12-31"),
        ({"date": [1, 2, 3]}, "column 'date' holds numbers; write dates as 2020-12-31"),
        ({"category": ["planned", None, "planned"]}, "column 'category' is empty in 1 of 3 rows"),
        ({"category": [["planned"], ["x"], ["y"]]}, "column 'category' holds lists; write words"),
        ({"is_in_person": [True, None, True]}, "column 'is_in_person' is empty in 1 of 3 rows"),
        ({"is_in_person": ["yes", "no", "yes"]}, "column 'is_in_person' holds words; write true or false"),
    ],
)
def test_records_that_cannot_be_counted_are_refused(folder, columns, expected):
    (problem,) = read_problems(write_records(folder, **columns))
    assert expected in problem


def test_patients_are_screened_whatever_the_scenario_says(folder):
    edit(folder, ("between = [18, 75]", "between = [1000, 2000]"), ("alpha = 0.025", "alpha = 7"))
    assert read_eligibility(folder).attrition.eligible == 0


def test_screening_needs_a_cohort_and_known_tables(folder):
    edit(folder, ("[[criteria]]", "[[criterai]]"))
    with pytest.raises(InvalidStudy, match="has the unknown key 'criterai'"):
        read_eligibility(folder)


def test_limits_of_normal_and_timelines_are_read_for_criteria(folder):
    patients = pl.read_parquet(folder / "patients" / "rotterdam.parquet").head(3)
    patients.with_columns(pl.Series("alt", [30.0, 90.0, None])).write_parquet(
        folder / "patients" / "few.parquet"
    )
    events = {"patient_id": [1, 1, 2], "day": [-10, -400, -5], "kind": ["drug"] * 3, "code": ["x", "x", "y"]}
    pl.DataFrame(events).write_csv(folder / "events.csv")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    text = text.replace('file = "patients/rotterdam.parquet"', 'file = "patients/few.parquet"')
    text = text.replace(
        "[cohort.units]",
        '[cohort.events]\nfile = "events.csv"\npatient = "patient_id"\n\n[cohort.upper_limits]\nalt = 40\n\n'
        '[cohort.units]\nalt = "U/L"',
    )
    start, end = text.index("[[criteria]]"), text.index("# What is done at screening")
    rules = (
        '[[criteria]]\ncriterion = "IN01"\nkind = "inclusion"\nunknown = "exclude"\ncolumn = "alt"\n'
        'operator = "<="\ntimes_uln = 2\n\n[[criteria]]\ncriterion = "EX01"\nkind = "exclusion"\n'
        'unknown = "keep"\nevents = { kind = "drug", codes = ["x"] }\noperator = ">="\ncount = 1\n'
        "window_days = [-28, 0]\n\n"
    )
    worth = text.index("# Where endocrine treatment should")
    text = text[:start] + rules + text[end:worth] + text[text.index("# Who carries the burden") :]
    text = text[: text.index("[screening]")] + text[text.index("# Who is shut out") :]
    (folder / "study.toml").write_text(text, encoding="utf-8")
    steps = read_eligibility(folder).attrition.steps
    assert [(s.met, s.not_met, s.unknown) for s in steps] == [(1, 1, 1), (0, 1, 0)]


@pytest.mark.parametrize(
    ("events", "told"),
    [
        (
            "patient_id,day,kind\n9999999,1,drug\n",
            "1 of 1 events are of nobody in the cohort; leave them out",
        ),
        ("patient_id,day\n1,1\n", "there is no column 'kind'"),
        ("patient_id,day,kind\n1,soon,drug\n", "column 'day' holds 1 values that are no numbers"),
        ("patient_id,day,kind,colour\n1,1,drug,red\n", "unknown columns colour"),
        ("patient_id,day,kind\n1,,drug\n", "1 of 1 events have no day"),
    ],
)
def test_timelines_that_cannot_be_are_refused(folder, events, told):
    (folder / "events.csv").write_text(events, encoding="utf-8")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    declared = '[cohort.events]\nfile = "events.csv"\npatient = "patient_id"\n\n[cohort.units]'
    (folder / "study.toml").write_text(text.replace("[cohort.units]", declared), encoding="utf-8")
    with pytest.raises(InvalidStudy) as caught:
        read_eligibility(folder)
    assert told in str(caught.value)


def test_criteria_that_nobody_can_pass_together_are_named(folder):
    edit(folder, ('value = 10\nunit = "count"', 'value = 1\nunit = "count"'))
    with pytest.raises(InvalidStudy) as caught:
        read_eligibility(folder)
    told = "no patient can pass both IN03 and EX02: column 'positive_nodes'"
    assert told in str(caught.value)
