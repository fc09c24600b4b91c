"""Strata and who is shut out, counted by hand."""

import numpy as np
import polars as pl
import pytest

from unburden.domain.cohort import Cohort, Column
from unburden.domain.errors import InvalidCohort, InvalidStudy
from unburden.domain.passing import PassingTable
from unburden.domain.representation import Strata, Stratification
from unburden.eligibility.strata import derive_strata, screen_strata

COHORT = Cohort(
    "hand",
    pl.DataFrame(
        {
            "age": [49.9, 50.0, 65.0, 80.0, None, float("nan")],
            "race": ["W", "B", "W", "A", "U", None],
            "ecog": [0, 1, 2, 1, None, 0],
            "is_female": [True, False, None, True, True, True],
            "id": [1, 2, 3, 4, 5, 6],
            "kind": pl.Series(["a", "b", "a", "b", None, "a"], dtype=pl.Categorical),
        }
    ),
    (
        Column("age", "year"),
        Column("race"),
        Column("ecog"),
        Column("is_female"),
        Column("id"),
        Column("kind"),
    ),
    "observed:hand",
)


@pytest.mark.parametrize(
    ("stratification", "labels", "codes"),
    [
        (
            Stratification("age", "age", (50, 65), "year"),
            ("below 50", "50 to below 65", "65 and over"),
            [0, 1, 2, 2, -1, -1],
        ),
        (Stratification("age", "age", (600,), "month"), ("below 600", "600 and over"), [0, 1, 1, 1, -1, -1]),
        (
            Stratification(
                "race", "race", groups=(("White", ("W",)), ("unknown", ("U",)), ("Other", ("A", "B")))
            ),
            ("White", "Other"),
            [0, 1, 0, 1, -1, -1],
        ),
        (Stratification("ecog", "ecog"), ("0", "1", "2"), [0, 1, 2, 1, -1, 0]),
        (Stratification("sex", "is_female"), ("no", "yes"), [1, 0, -1, 1, 1, 1]),
        (Stratification("kind", "kind"), ("a", "b"), [0, 1, 0, 1, -1, 0]),
    ],
)
def test_strata_by_hand(stratification, labels, codes):
    found = derive_strata(stratification, COHORT)
    assert (found.labels, found.codes.tolist()) == (labels, codes)


@pytest.mark.parametrize(
    ("stratification", "told"),
    [
        (
            Stratification("sex", "sex"),
            "there is no declared column 'sex'; declare one of the table. "
            "Declared columns: age, race, ecog, is_female, id, kind",
        ),
        (
            Stratification("age", "age", (3,), "cm"),
            "cm is a length and year is a time; give a length in m, cm, mm",
        ),
        (
            Stratification("age", "age", (50,)),
            "column 'age' has the unit 'year' and the cut points ''; give both",
        ),
        (
            Stratification("race", "race", (3,)),
            "column 'race' holds String; cut points need numbers, so give groups",
        ),
        (
            Stratification("race", "race", groups=(("White", ("W",)), ("unknown", ("U",)))),
            "column 'race' holds 'A', 'B', which are in no group; add them, or to 'unknown'",
        ),
    ],
)
def test_strata_that_cannot_be_made_are_refused(stratification, told):
    with pytest.raises(InvalidCohort) as caught:
        derive_strata(stratification, COHORT)
    assert caught.value.problems == (told,)


def test_too_many_values_are_no_strata():
    cohort = Cohort("many", pl.DataFrame({"id": range(21)}), (Column("id"),), "observed:many")
    with pytest.raises(InvalidCohort, match="column 'id' holds 21 values; give cut points or groups"):
        derive_strata(Stratification("id", "id"), cohort)


def test_a_stratification_that_contradicts_itself_is_refused_with_every_problem():
    with pytest.raises(InvalidStudy) as caught:
        Stratification("", "x", (3, 2), "year", (("A", (1, 2)), ("B", (2,)), ("B", (3,))))
    assert caught.value.problems == (
        "it has no name; give one such as 'age'",
        "it has cut points and groups; keep one of them",
        "its cut points are 3, 2; give rising numbers",
        "group 'B' stands twice; join them",
        "value 2 stands in 'A' and in 'B'; keep it in one",
    )


def test_who_is_shut_out_by_hand():
    """Old: 3 of 4 kept out by C0; young: 1 of 4. C1 keeps out one old patient and the unknown one."""
    passing = np.ones((9, 2), dtype=bool)
    passing[[0, 1, 2, 4], 0] = False
    passing[[2, 8], 1] = False
    table = PassingTable("hand", ("C0", "C1"), passing, np.zeros_like(passing), "observed:hand")
    strata = Strata("age", ("old", "young"), np.array([0, 0, 0, 0, 1, 1, 1, 1, -1]), "hand", "observed:hand")
    found = screen_strata(table, strata)
    counts = [(f.criterion_id, f.stratum, f.patients, f.kept_out, f.last) for f in found]
    assert counts == [
        ("C0", "old", 4, 3, 2),
        ("C0", "young", 4, 1, 1),
        ("C0", "unknown", 1, 0, 0),
        ("C1", "old", 4, 1, 0),
        ("C1", "young", 4, 0, 0),
        ("C1", "unknown", 1, 1, 1),
        (None, "old", 4, 3, None),
        (None, "young", 4, 1, None),
        (None, "unknown", 1, 1, None),
    ]
    old, young, unknown = found[:3]
    assert (old.kept_out_share.value, young.kept_out_share.value) == (0.75, 0.25)
    assert (old.share_of_kept_out.value, old.share_of_staying.value) == (0.75, 0.25)
    assert old.ratio.value == pytest.approx(3) and young.ratio.value == pytest.approx(1 / 3)
    assert old.ratio.low < 1 < old.ratio.high, "four patients against four prove nothing"
    assert (unknown.share_of_kept_out, unknown.ratio) == (None, None)


def test_a_stratum_without_anybody_staying_has_no_ratio():
    passing = np.array([[False], [True]])
    table = PassingTable("hand", ("C0",), passing, np.zeros_like(passing), "observed:hand")
    strata = Strata("age", ("old", "young"), np.array([0, 1]), "hand", "observed:hand")
    old, young = screen_strata(table, strata)[:2]
    assert old.ratio is None and young.ratio.value == 0


def test_strata_of_other_patients_are_refused():
    table = PassingTable("hand", ("C0",), np.ones((3, 1), bool), np.zeros((3, 1), bool), "observed:hand")
    with pytest.raises(InvalidCohort, match="they hold 2 patients and the criteria 3; take one cohort"):
        screen_strata(table, Strata("age", ("a",), np.zeros(2, int), "hand", "observed:hand"))


def test_codes_beyond_the_labels_are_refused():
    with pytest.raises(InvalidCohort) as caught:
        Strata("age", ("old", "old"), np.array([0, 2, -1]), "hand", "observed:hand")
    assert caught.value.problems == ("code [2] is none of -1 to 1", "a label stands twice; give each its own")
    with pytest.raises(InvalidCohort, match=r"codes have shape \(2,\) of float64; give one whole number"):
        Strata("age", ("old",), np.zeros(2), "hand", "observed:hand")
