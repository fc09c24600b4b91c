"""Screening of the Rotterdam patients counted again with plain Polars filters."""

from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from unburden.domain.representation import Stratification
from unburden.eligibility.passing import derive_passing, join_criteria
from unburden.eligibility.screen import screen_cohort
from unburden.eligibility.set_counts import derive_set_counts, derive_set_strata
from unburden.eligibility.strata import derive_strata, screen_strata
from unburden.study.reading import read_study

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "adjuvant-breast"
FRAME = pl.read_parquet(EXAMPLE / "patients" / "rotterdam.parquet")
PASSES = {
    "IN01": pl.col("age").is_between(18, 75),
    "IN02": pl.col("oestrogen_receptor") >= 10,
    "IN03": pl.col("positive_nodes") >= 1,
    "EX01": ~pl.col("had_chemotherapy"),
    "EX02": pl.col("positive_nodes") < 10,
}
EVENTS = FRAME["has_relapsed_or_died"].cast(pl.Int64).to_numpy()


@pytest.fixture(scope="module")
def study():
    return read_study(EXAMPLE)


def count(names):
    return FRAME.filter(*(PASSES[name] for name in names)).height


def test_leave_one_out_and_alone(study):
    found = screen_cohort(study.rules, study.cohort)
    assert found.eligible == count(PASSES)
    for step in found.steps:
        others = [name for name in PASSES if name != step.criterion_id]
        assert step.leave_one_out == count(others)
        assert step.alone == FRAME.height - count([step.criterion_id])
        assert step.only == count(others) - count(PASSES)


def test_pools_events_and_ages_of_all_32_sets(study):
    table = derive_passing(study.rules, study.cohort)
    assert table.criterion_ids == tuple(PASSES)
    strata = derive_strata(Stratification("age", "age", (50, 65), "year"), study.cohort)
    pools, events = derive_set_counts(table), derive_set_counts(table, EVENTS)
    ages = derive_set_strata(table, strata)
    for size in range(6):
        for names in combinations(PASSES, size):
            mask = sum(1 << list(PASSES).index(name) for name in names)
            left = FRAME.filter(*(PASSES[name] for name in names))
            assert pools[mask] == left.height
            assert events[mask] == left["has_relapsed_or_died"].sum()
            age = left["age"]
            assert ages[mask].tolist() == [(age < 50).sum(), age.is_between(50, 64).sum(), (age >= 65).sum()]
    joined = join_criteria(table, ("IN02", "EX02"), name="always")
    assert derive_set_counts(joined)[-1] == pools[-1]
    assert derive_set_counts(joined)[1] == count(["IN02", "EX02"])


def test_who_is_shut_out(study):
    table = derive_passing(study.rules, study.cohort)
    strata = derive_strata(Stratification("menopause", "is_postmenopausal"), study.cohort)
    for found in screen_strata(table, strata):
        inside = FRAME.filter(pl.col("is_postmenopausal") == (found.stratum == "yes"))
        passing = [PASSES[found.criterion_id]] if found.criterion_id else list(PASSES.values())
        assert found.patients == inside.height
        assert found.kept_out == inside.height - inside.filter(*passing).height
        stays = FRAME.filter(*passing)
        out = FRAME.height - stays.height
        share_out = found.kept_out / out
        share_in = inside.filter(*passing).height / stays.height
        assert found.ratio.value == pytest.approx(share_out / share_in)
        assert np.isclose(found.share_of_staying.value, share_in)
