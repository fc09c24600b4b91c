"""Representation of a small group whose figures can be worked out by hand."""

import numpy as np
import pytest

from unburden.data.representation import parse_representation
from unburden.domain.errors import InvalidStudy
from unburden.domain.estimate import Estimate, exact
from unburden.domain.representation import Strata, TargetPopulation, TargetStratum
from unburden.eligibility.representation import derive_diversity_plan, evaluate_representation

SOURCE = "published:register 2020"


def share_of(value, low=None, high=None):
    return Estimate(value, low or value, high or value, "1", (SOURCE,))


def target_of(*shares, **goals):
    named = zip("ABCDE", shares, strict=False)
    return TargetPopulation("race", tuple(TargetStratum(n, share_of(s), goals.get(n)) for n, s in named))


def strata_of(*counts, unknown=0, name="race"):
    codes = np.repeat(np.arange(len(counts)), counts)
    codes = np.append(codes, np.full(unknown, -1))
    return Strata(name, tuple("ABCDE"[: len(counts)]), codes, "hand", "observed:hand")


def evaluate(strata, target, planned=100, is_member=None, replicates=500):
    members = np.ones(len(strata.codes), bool) if is_member is None else is_member
    return evaluate_representation(
        strata, target, members, group="eligible", planned_patients=planned, replicates=replicates, seed=1
    )


def test_ratios_gaps_and_distance_by_hand():
    """80 A, 15 B, 5 C against 60, 25, 15 %: ratios 4/3, 0.6, 1/3; distance 0.2; of 400 missing 0, 40, 40."""
    found = evaluate(strata_of(80, 15, 5, unknown=7), target_of(0.6, 0.25, 0.15), planned=400)
    assert (found.known, found.unknown) == (100, 7)
    assert [s.patients for s in found.strata] == [80, 15, 5]
    assert [s.ratio.value for s in found.strata] == pytest.approx([4 / 3, 0.6, 1 / 3])
    assert [s.expected.value for s in found.strata] == pytest.approx([320, 60, 20])
    assert [s.gap.value for s in found.strata] == pytest.approx([0, 40, 40])
    assert [s.goal_patients for s in found.strata] == [240, 100, 60]
    assert found.distance.value == pytest.approx(0.2)
    for stratum in found.strata:
        # An exact prevalence only scales the share's interval.
        assert stratum.ratio.low == pytest.approx(stratum.share.low / stratum.prevalence.value)
        assert stratum.ratio.high == pytest.approx(stratum.share.high / stratum.prevalence.value)
        assert stratum.simultaneous_share.low < stratum.share.low
        assert stratum.simultaneous_share.level == pytest.approx(1 - 0.05 / 3)


def test_only_members_count():
    strata = strata_of(10, 10)
    found = evaluate(strata, target_of(0.5, 0.5), is_member=strata.codes == 0)
    assert [s.patients for s in found.strata] == [10, 0]
    assert found.distance.value == 0.5


def test_a_goal_above_the_share_makes_the_gap():
    found = evaluate(strata_of(50, 50), target_of(0.5, 0.5, B=0.6))
    assert [s.goal for s in found.strata] == [0.4, 0.6]
    assert [s.gap.value for s in found.strata] == pytest.approx([0, 10])
    assert target_of(0.5, 0.3, 0.2, A=0.6).goals == pytest.approx((0.6, 0.24, 0.16))


def test_an_uncertain_prevalence_widens_the_ratio():
    """Donner & Zou's formula (2012), written out: 0.2 (0.133 to 0.289) over 0.25 (0.2 to 0.3)."""
    strata = strata_of(80, 20)
    target = TargetPopulation(
        "race", (TargetStratum("A", share_of(0.75)), TargetStratum("B", share_of(0.25, 0.2, 0.3)))
    )
    stratum = evaluate(strata, target).strata[1]
    p, l1, u1 = stratum.share.bounds()
    low = (p * 0.25 - ((p * 0.25) ** 2 - l1 * 0.3 * (2 * p - l1) * (0.5 - 0.3)) ** 0.5) / (0.3 * (0.5 - 0.3))
    high = (p * 0.25 + ((p * 0.25) ** 2 - u1 * 0.2 * (2 * p - u1) * (0.5 - 0.2)) ** 0.5) / (0.2 * (0.5 - 0.2))
    assert (stratum.ratio.low, stratum.ratio.high) == pytest.approx((low, high))
    assert stratum.ratio.low < l1 / 0.25 and stratum.ratio.high > u1 / 0.25


def test_a_stratum_that_the_population_lacks_has_no_ratio():
    found = evaluate(strata_of(9, 1), target_of(1.0, 0.0))
    assert found.strata[1].ratio is None


def test_printed_shares_are_scaled_to_1():
    target = target_of(0.333, 0.333, 0.333)
    assert target.shares.sum() == pytest.approx(1, abs=1e-15)
    assert evaluate(strata_of(10, 10, 10), target).distance.value == pytest.approx(0, abs=1e-12)


def test_the_diversity_plan_has_a_row_for_each_stratum():
    plan = derive_diversity_plan([evaluate(strata_of(80, 20), target_of(0.6, 0.4))])
    assert plan.select("stratum", "goal_patients", "gap_patients").rows() == [("A", 60, 0.0), ("B", 40, 20.0)]
    assert plan["sources"].to_list() == [SOURCE] * 2


def test_what_cannot_be_compared_is_refused_with_every_problem():
    strata = strata_of(2, 2, name="sex")
    with pytest.raises(InvalidStudy) as caught:
        evaluate(strata, target_of(1.0), planned=0, is_member=np.zeros(4, bool), replicates=10)
    assert caught.value.problems == (
        "the strata are those of 'sex'; give the target population of the same name",
        "patients of stratum 'B' have no target share; the target has A",
        "no member of the group has a known stratum; there is no share to compare",
        "planned patients are 0; give at least 1",
        "replicates are 10; give at least 200",
    )


def test_a_stratum_that_no_patient_has_counts_0():
    found = evaluate(strata_of(50, 50), target_of(0.5, 0.4, 0.1))
    assert [s.patients for s in found.strata] == [50, 50, 0]
    assert found.strata[2].gap.value == pytest.approx(10)
    assert found.strata[2].ratio.value == 0 < found.strata[2].ratio.high
    assert found.distance.value == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("strata", "told"),
    [
        (
            (("A", 0.5, None), ("B", 0.4, None)),
            "its shares sum to 0.9; give all strata, with shares that sum to 1",
        ),
        ((("A", 0.5, None), ("A", 0.5, None)), "stratum 'A' stands twice; keep one"),
        (
            (("A", 0.5, None), ("unknown", 0.5, None)),
            "it gives a share to 'unknown'; share it among the known strata",
        ),
        ((("A", 1.5, 0.5), ("B", -0.5, 0.5)), "stratum 'A' has the share 1.5; give one from 0 to 1"),
        ((("A", 0.5, 1.5), ("B", 0.5, None)), "stratum 'A' has the goal 1.5; give a share from 0 to 1"),
        (
            (("A", 0.5, 0.7), ("B", 0.5, 0.5)),
            "its goals sum to 1.2; more than the whole trial cannot be aimed at",
        ),
    ],
)
def test_a_target_population_that_cannot_be_is_refused(strata, told):
    with pytest.raises(InvalidStudy) as caught:
        TargetPopulation("race", tuple(TargetStratum(n, exact(s, "1", SOURCE), g) for n, s, g in strata))
    assert told in caught.value.problems


AGE = {"name": "age", "column": "age", "cut_points": [50, 65], "unit": "year"}
RACE = {"name": "race", "column": "race", "groups": {"White": ["W"], "Other": ["A", 3], "unknown": ["U"]}}


def target_row(stratum, share, name="age", **more):
    return {"representation": name, "stratum": stratum, "share": share, "source": SOURCE} | more


def test_tables_of_a_study_file_are_read():
    targets = [
        target_row("below 50", 0.2, low=0.18, high=0.22),
        target_row("50 to below 65", 0.3, goal=0.4, rationale="few so far"),
        target_row("65 and over", 0.5),
    ]
    stratifications, (age,) = parse_representation([AGE, RACE], targets, "study.toml")
    assert stratifications[0].cut_points == (50.0, 65.0)
    assert stratifications[1].labels == ("White", "Other")
    assert age.strata[0].share.bounds() == (0.2, 0.18, 0.22)
    assert (age.strata[1].goal, age.strata[1].rationale) == (0.4, "few so far")


def test_every_problem_of_every_table_is_told():
    tables = [AGE | {"sise": 1}, {"name": "x", "column": 3}, RACE | {"groups": {"White": "W"}}, "x"]
    targets = [
        target_row("A", "half"),
        target_row("B", 0.2, low=0.1),
        target_row("C", 0.2) | {"source": "x"},
        4,
    ]
    with pytest.raises(InvalidStudy) as caught:
        parse_representation(tables, targets, "study.toml")
    assert caught.value.problems == (
        "[[representation]] 1 has the unknown key 'sise'; "
        "the keys are name, column, cut_points, unit, groups",
        "[[representation]] 2 has column = 3; give words",
        "[[representation]] 3 has the group 'White' = 'W'; give a list of its values",
        "[[representation]] 4 is 'x'; give a table",
        "[[representation]] 4 has no 'name'; give words",
        "[[representation]] 4 has no 'column'; give words",
        "[[target_population]] 1 has share = 'half'; give a number",
        "[[target_population]] 2 has one of low and high; give both",
        "[[target_population]] 3: source 'x' must start with one of observed:, published:, assumed:, model:, "
        "simulated:",
        "[[target_population]] 4 is 4; give a table",
        "[[target_population]] 4 has no 'representation'; give words",
        "[[target_population]] 4 has no 'stratum'; give words",
        "[[target_population]] 4 has no 'share'; give a number",
        "[[target_population]] 4 has no 'source'; give words",
    )


def test_targets_that_do_not_fit_the_strata_are_told():
    targets = [target_row("below 50", 0.2), target_row("old", 0.2)]
    with pytest.raises(InvalidStudy) as caught:
        parse_representation([AGE], targets, "study.toml")
    assert caught.value.problems == (
        "[[target_population]] of 'age' has the stratum 'old'; "
        "the representation makes below 50, 50 to below 65, 65 and over",
        "[[target_population]] of 'age' has no share of 50 to below 65, 65 and over; give one",
        "[[target_population]] of 'age': its shares sum to 0.4; give all strata, with shares that sum to 1",
    )
    with pytest.raises(InvalidStudy, match="names the representation 'sex'; the study has age"):
        parse_representation([AGE], [target_row("F", 1.0, "sex")], "study.toml")
