import shutil
from pathlib import Path

import pytest

from unburden.domain.errors import InvalidStudy
from unburden.study.reading import read_study

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


@pytest.mark.parametrize("text", ["", "[study", "\x00", "[study]\nname = 3\n"])
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
