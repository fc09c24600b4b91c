"""Laws of records: totals are sums over dates, order means nothing, differences have no rest."""

import math
from datetime import date, timedelta
from itertools import pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from unburden.burden.record_prediction import derive_compound
from unburden.burden.records import derive_totals, learn_time_on_study
from unburden.domain.records import DONE_COLUMNS, DOSE_COLUMNS, VISIT_COLUMNS, PatientRecords

MEASURES = ("in_person_days", "blood_draws", "questionnaire_items")
PATIENTS = ("a", "b", "c")

done_rows = st.lists(
    st.tuples(st.sampled_from(PATIENTS), st.integers(0, 40), st.sampled_from(MEASURES), st.integers(1, 9)),
    max_size=30,
)


def make_records(rows):
    start = date(2020, 1, 1)
    nobody = {"arm": "A", "start": start, "left_day": 0, "left_reason": ""}
    full = [(p, start + timedelta(d), d, m, "V", "planned", "V", n) for p, d, m, n in rows]
    text, whole, day = pl.String, pl.Int64, pl.Date
    done_types = (text, day, whole, text, text, text, text, whole)
    visit_types = (text, day, whole, text, text, text, pl.Boolean)
    dose_types = (text, text, day, day, whole)
    return PatientRecords(
        patients=pl.DataFrame([{"patient_id": p, **nobody} for p in PATIENTS]),
        visits=pl.DataFrame(schema=dict(zip(VISIT_COLUMNS, visit_types, strict=True))),
        done=pl.DataFrame(full, schema=dict(zip(DONE_COLUMNS, done_types, strict=True)), orient="row"),
        doses=pl.DataFrame(schema=dict(zip(DOSE_COLUMNS, dose_types, strict=True))),
        source="observed:test",
    )


@given(done_rows, st.randoms())
def test_totals_are_sums_over_dates_in_any_order(rows, random):
    totals = derive_totals(make_records(rows))
    for patient in PATIENTS:
        for measure in MEASURES:
            by_date = {}
            for p, day, m, amount in rows:
                if (p, m) == (patient, measure):
                    by_date[day] = by_date.get(day, 0) + amount
            assert totals.filter(pl.col("patient_id") == patient)[measure].item() == sum(by_date.values())
    mixed = list(rows)
    random.shuffle(mixed)
    assert derive_totals(make_records(mixed)).equals(totals)


@given(st.dictionaries(st.text(min_size=1), st.floats(-30, 400), min_size=1))
def test_time_on_study_never_rises_and_lies_in_its_interval(last_days):
    learnt = learn_time_on_study(last_days, "observed:test")
    shares = learnt.curve.shares
    assert all(a >= b for a, b in pairwise(shares))
    bounds = zip(learnt.low, shares, learnt.high, strict=True)
    assert all(low - 1e-12 <= share <= high + 1e-12 for low, share, high in bounds)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 8), st.floats(0, 2), st.lists(st.integers(0, 6), min_size=1, max_size=6))
def test_a_compound_is_a_distribution_with_walds_mean(mean, dispersion, seen):
    amounts = tuple((amount, seen.count(amount) / len(seen)) for amount in sorted(set(seen)))
    found = derive_compound(mean, dispersion, amounts)
    assert math.isclose(found.sum(), 1.0)
    assert (found >= 0).all()
    expected = mean * sum(amount * share for amount, share in amounts)
    assert math.isclose(sum(i * p for i, p in enumerate(found)), expected, abs_tol=1e-4)
