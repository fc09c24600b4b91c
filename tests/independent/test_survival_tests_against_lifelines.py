"""Each statistic of each simulated trial at each look, against lifelines or a plain second writing of it."""

import math
import warnings

import numpy as np
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test
from lifelines.utils import restricted_mean_survival_time
from scipy.stats import multivariate_normal, norm

from unburden.domain.analysis import (
    CoxWald,
    FlemingHarrington,
    LogRank,
    MaxCombo,
    Milestone,
    ModestlyWeighted,
    RestrictedMean,
)
from unburden.domain.design import Design, Events
from unburden.domain.scenario import Accrual, PiecewiseHazard, Scenario, TimeToEvent
from unburden.kernels import courses, looks, patients
from unburden.kernels.looks import select_smallest
from unburden.kernels.survival_tests import allocate_notes, compute_test_z, find_quantile, fit_cox
from unburden.simulation.trials import encode_test, make_world

POINTS = np.polynomial.legendre.leggauss(24)
HAZARDS = PiecewiseHazard((0.0,), (0.05,)), PiecewiseHazard((0.0, 6.0), (0.05, 0.03))
WORLD = Scenario(
    "test", Accrual((0.0, 4.0), (10.0, 25.0)), TimeToEvent("death", *HAZARDS), 0.06, ("assumed:test",)
)
DESIGN = Design(150, 1.0, 0.025, (1.0,), Events(90))


def draw(number: int, design: Design = DESIGN):
    world = make_world(design, WORLD)
    trial, scratch = patients.allocate_trial(world)
    courses.draw_trial(np.uint64(2), np.uint64(0), np.uint64(number), world, trial, scratch)
    return world, trial


def look(world, trial, wanted: int):
    """What the kernels see at a look, and the same patients as a statistician would hold them."""
    n = trial.time.shape[0]
    sets, desk = looks.allocate_desk(n)
    seen_ever = looks.list_events(trial, desk)
    cut = looks.find_event_month(desk, seen_ever, wanted)
    ends, entered, horizon = np.zeros(1, np.int64), np.zeros(1), np.zeros(1)
    events = looks.cut_trial(trial, world.ends, cut, desk, sets, ends, entered)
    looks.find_horizons(trial, world.ends, cut, horizon)
    entry = np.empty(n)
    place = {calendar: q for q, calendar in enumerate(trial.calendar_by_entry)}
    entry = trial.entry[[place[c] for c in trial.calendar]]
    here = entry <= cut
    is_seen = trial.calendar[here] <= cut
    follow_up = np.where(is_seen, trial.time[here], cut - entry[here])
    has_event = is_seen & (trial.mark[here] >> np.uint64(1) == 1)
    arm = (trial.mark[here] & np.uint64(1)).astype(bool)
    assert (events, entered[0]) == (wanted, here.sum())
    return (sets, ends, entered, horizon), (follow_up, has_event, arm)


def compute(test, seen, bound=math.nan) -> float:
    notes = allocate_notes(seen[0].time.shape[0])
    return compute_test_z(np.array(encode_test(test), float), *seen, bound, notes, *POINTS)


def tabulate(follow_up, has_event, arm):
    times = np.unique(follow_up[has_event])
    risk = np.array([[(follow_up >= t).sum(), (follow_up[arm] >= t).sum()] for t in times])
    events = np.array(
        [[(has_event & (follow_up == t)).sum(), (has_event & arm & (follow_up == t)).sum()] for t in times]
    )
    survival = np.concatenate([[1.0], np.cumprod(1 - events[:, 0] / risk[:, 0])])
    difference = events[:, 0] * risk[:, 1] / risk[:, 0] - events[:, 1]
    share = risk[:, 1] / risk[:, 0]
    variance = (
        events[:, 0] * share * (1 - share) * (risk[:, 0] - events[:, 0]) / np.maximum(risk[:, 0] - 1, 1)
    )
    return times, survival, difference, variance


@pytest.mark.parametrize("number", range(170))
def test_logrank_at_each_look(number):
    """510 statistics."""
    world, trial = draw(number)
    for wanted in (20, 50, 90):
        seen, (follow_up, has_event, arm) = look(world, trial, wanted)
        theirs = logrank_test(follow_up[arm], follow_up[~arm], has_event[arm], has_event[~arm])
        ours = compute(LogRank(), seen)
        assert ours**2 == pytest.approx(theirs.test_statistic, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("number", range(100))
def test_logrank_with_tied_times(number):
    rng = np.random.default_rng(number)
    n = int(rng.integers(20, 300))
    entry = np.sort(rng.integers(0, 20, n).astype(float))
    treated = rng.integers(0, 2, n).astype(np.uint64)
    time = np.ceil(rng.exponential(np.where(treated == 1, 14.0, 10.0)))
    has_event = rng.random(n) < 0.8
    order = np.argsort(time, kind="stable")
    calendar = entry + time
    mark = treated + np.uint64(2) * has_event.astype(np.uint64)
    trial = patients.Trial(time[order], calendar[order], mark[order], entry, calendar, treated)
    sets, desk = looks.allocate_desk(n)
    ends, entered, horizon = np.zeros(1, np.int64), np.zeros(1), np.zeros(1)
    looks.cut_trial(trial, np.array([n]), 22.0, desk, sets, ends, entered)
    looks.find_horizons(trial, np.array([n]), 22.0, horizon)
    here = entry <= 22.0
    seen = (calendar <= 22.0)[here]
    follow_up = np.where(seen, time[here], 22.0 - entry[here])
    event, arm = seen & has_event[here], treated[here] == 1
    theirs = logrank_test(follow_up[arm], follow_up[~arm], event[arm], event[~arm])
    ours = compute(LogRank(), (sets, ends, entered, horizon))
    assert ours**2 == pytest.approx(theirs.test_statistic, rel=1e-10, abs=1e-10)
    assert horizon[0] == min(follow_up[arm].max(), follow_up[~arm].max())


@pytest.mark.parametrize("number", range(40))
def test_weighted_tests(number):
    world, trial = draw(number)
    seen, observed = look(world, trial, 80)
    times, survival, difference, variance = tabulate(*observed)
    before = survival[:-1]
    floor = survival[np.searchsorted(times, 10.0, side="right")]
    for test, weight in (
        (FlemingHarrington(0, 1), 1 - before),
        (FlemingHarrington(1, 0), before),
        (FlemingHarrington(0.5, 2), before**0.5 * (1 - before) ** 2),
        (ModestlyWeighted(10.0), 1 / np.maximum(before, floor)),
    ):
        theirs = (weight * difference).sum() / math.sqrt((weight**2 * variance).sum())
        assert compute(test, seen) == pytest.approx(theirs, rel=1e-10)
    follow_up, has_event, arm = observed
    lifelines = logrank_test(
        follow_up[arm],
        follow_up[~arm],
        has_event[arm],
        has_event[~arm],
        weightings="fleming-harrington",
        p=1,
        q=0,
    )
    assert compute(FlemingHarrington(1, 0), seen) ** 2 == pytest.approx(lifelines.test_statistic, rel=1e-9)


@pytest.mark.parametrize("number", range(25))
@pytest.mark.parametrize(
    "weights",
    [((0, 0), (1, 0), (0, 1), (1, 1)), ((0, 0), (0, 1)), ((0, 0), (1, 0), (0, 1)), ((0, 1), (1, 0))],
)
def test_max_combo_p_value(number, weights):
    world, trial = draw(number)
    seen, observed = look(world, trial, 80)
    _, survival, difference, variance = tabulate(*observed)
    before = survival[:-1]
    w = np.array([before**rho * (1 - before) ** gamma for rho, gamma in weights])
    covariance = (w * variance) @ w.T
    sd = np.sqrt(np.diag(covariance))
    highest = ((w @ difference) / sd).max()
    correlation = covariance / np.outer(sd, sd)
    below = multivariate_normal.cdf(
        np.full(len(w), highest), np.zeros(len(w)), correlation,
        allow_singular=True, maxpts=2_000_000, abseps=1e-6, releps=1e-6,
    )  # fmt: skip
    ours = norm.sf(compute(MaxCombo(weights), seen))
    tolerance = 1e-6 if len(weights) == 2 else 3e-4  # their quasi-random rule, singular in four dimensions
    assert ours == pytest.approx(1 - below, abs=tolerance)
    z = compute(MaxCombo(weights), seen)
    for bound in (1.0, 1.96, 2.5, *(z + off for off in (-0.2, -0.05, -0.01, -1e-4, 1e-4, 0.01, 0.05, 0.2))):
        assert (compute(MaxCombo(weights), seen, bound) >= bound) == (z >= bound)


@pytest.mark.parametrize("number", range(40))
def test_restricted_mean_and_milestone(number):
    world, trial = draw(number)
    seen, (follow_up, has_event, arm) = look(world, trial, 80)
    month = min(15.0, float(seen[3][0]))
    curves = [KaplanMeierFitter().fit(follow_up[a], has_event[a]) for a in (~arm, arm)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        means = [restricted_mean_survival_time(curve, t=month) for curve in curves]
    times = [np.unique(follow_up[a & has_event]) for a in (~arm, arm)]
    spread, errors, shares = [], [], []
    for a, t in zip((~arm, arm), times, strict=True):
        risk = np.array([(follow_up[a] >= x).sum() for x in t])
        died = np.array([(has_event[a] & (follow_up[a] == x)).sum() for x in t])
        survival = np.concatenate([[1.0], np.cumprod(1 - died / risk)])
        edges = np.concatenate([[0.0], t])
        terms, greenwood = 0.0, 0.0
        for i, x in enumerate(t):
            if x > month or risk[i] == died[i]:
                continue
            stops = np.append(edges[edges > x], np.inf)
            lengths = np.minimum(stops, month) - np.minimum(np.append(x, stops[:-1]), month)
            left = (survival[i + 1 : i + 1 + len(lengths)] * lengths).sum()
            hazard = died[i] / (risk[i] * (risk[i] - died[i]))
            terms += left**2 * hazard
            greenwood += hazard
        share = survival[np.searchsorted(t, month, side="right")]
        spread.append(terms)
        shares.append(share)
        errors.append(share**2 * greenwood)
    theirs = (means[1] - means[0]) / math.sqrt(sum(spread))
    assert compute(RestrictedMean(month), seen) == pytest.approx(theirs, rel=1e-9)
    theirs = (shares[1] - shares[0]) / math.sqrt(sum(errors))
    assert compute(Milestone(month), seen) == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_a_milestone_that_nobody_reached_tells_nothing():
    world, trial = draw(1)
    seen, _ = look(world, trial, 20)
    assert compute(Milestone(1000.0), seen) == 0.0
    assert compute(RestrictedMean(1000.0), seen) == compute(RestrictedMean(float(seen[3][0])), seen)


@pytest.mark.parametrize("number", range(15))
def test_cox(number):
    import pandas as pd

    world, trial = draw(number)
    seen, (follow_up, has_event, arm) = look(world, trial, 80)
    table = pd.DataFrame({"t": follow_up, "e": has_event, "arm": arm.astype(float)})
    theirs = CoxPHFitter().fit(table, "t", "e", fit_options={"precision": 1e-12})
    beta, error = fit_cox(seen[0], seen[1][-1])
    assert beta == pytest.approx(theirs.params_["arm"], rel=1e-4, abs=1e-6)
    assert error == pytest.approx(theirs.standard_errors_["arm"], rel=1e-5)
    weight = np.where(arm, math.exp(beta), 1.0)
    score = sum(arm[i] - (weight * arm)[at].sum() / weight[at].sum()
                for i in np.flatnonzero(has_event) for at in [follow_up >= follow_up[i]])  # fmt: skip
    assert score == pytest.approx(0.0, abs=1e-9)
    assert compute(CoxWald(), seen) == pytest.approx(-beta / error)


def test_no_event_tells_nothing():
    world, trial = draw(3)
    (sets, ends, entered, horizon), _ = look(world, trial, 20)
    nothing = (sets, np.zeros_like(ends), entered, horizon)
    for test in (LogRank(), FlemingHarrington(0, 1), MaxCombo(), CoxWald(), ModestlyWeighted(3.0)):
        assert compute(test, nothing) == 0.0


@pytest.mark.parametrize("tail", [1e-300, 1e-16, 1e-5, 0.025, 0.5, 0.9, 1 - 1e-12])
def test_quantile(tail):
    assert find_quantile(tail) == pytest.approx(norm.isf(tail), rel=1e-11, abs=1e-11)


def test_kernels_agree_with_plain_python():
    """The whole way of one trial, compiled and plain, to the bit."""
    world, trial = draw(7)
    plain, scratch = patients.allocate_trial.py_func(world)
    with np.errstate(all="ignore"):
        draw_in_plain_python(world, plain, scratch)
    for one, other in zip(trial, plain, strict=True):
        np.testing.assert_array_equal(one, other)


def draw_in_plain_python(world, trial, scratch):
    names = ["draw_stratum", "view_stratum", "view_steps", "draw_arm", "invert_steps", "draw_entries"]
    names += ["shuffle_places", "merge_arms", "draw_patients", "fill_exponentials", "count_below"]
    from unburden.kernels import random

    compiled = [
        (m, name, getattr(m, name)) for m in (patients, courses) for name in names if hasattr(m, name)
    ]
    philox = random.compute_philox
    try:
        for module, name, kernel in compiled:
            setattr(module, name, kernel.py_func)
        random.compute_philox = philox.py_func
        courses.draw_trial.py_func(np.uint64(2), np.uint64(0), np.uint64(7), world, trial, scratch)
    finally:
        random.compute_philox = philox
        for module, name, kernel in compiled:
            setattr(module, name, kernel)


def test_plain_patients_are_those_drawn_the_longer_way():
    world, trial = draw(11)
    other, scratch = patients.allocate_trial(world)
    patients.draw_plain_trial(np.uint64(2), np.uint64(0), np.uint64(11), world, other, scratch)
    for one, two in zip(trial, other, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("size", [1, 2, 7, 40, 500])
def test_the_month_of_an_event_is_that_of_a_sorted_list(size):
    values = np.random.default_rng(size).integers(0, size, size).astype(float)
    for rank in range(size):
        assert select_smallest(values.copy(), size, rank) == np.sort(values)[rank]
        assert select_smallest.py_func(values.copy(), size, rank) == np.sort(values)[rank]
