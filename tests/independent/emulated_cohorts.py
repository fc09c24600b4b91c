"""Simulated patients and criteria, and a second writing of an emulated cohort, for the tests."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time

from unburden.domain.criteria_worth import EmulationData, WorthPlan


def draw_patients(seed: int, n: int, k: int, p: int = 4, *, has_ties: bool = True):
    """Confounded patients; criteria that depend on the covariates."""
    random = np.random.default_rng(seed)
    table = random.normal(size=(n, p))
    table[:, -1] = random.random(n) < 0.4
    treated = random.random(n) < 1 / (1 + np.exp(-table @ random.normal(0, 0.4, p)))
    rate = np.exp(table @ random.normal(0, 0.3, p) - 0.3 * treated) / 20
    times, limit = random.exponential(1 / rate), random.uniform(14, 50, n)
    events = times <= limit
    times = np.minimum(times, limit)
    if has_ties:
        times = np.ceil(times * 4) / 4
    passing = table @ random.normal(0, 0.4, (p, k)) + random.normal(size=(n, k)) > -1.0
    adverse = random.random(n) < 0.15 + 0.1 * treated
    return passing, EmulationData(times, events, treated, table, "simulated:tests", adverse=adverse)


def make_plan(**changes) -> WorthPlan:
    plan = {
        "horizon": 12.0, "weighting": "stabilised", "ties": "efron", "replicates": 0, "seed": 1, "level": 0.95
    }  # fmt: skip
    return WorthPlan(**{**plan, **changes})


def compute_weights(treated, table, plan: WorthPlan) -> np.ndarray:
    """Weights from statsmodels' logistic regression."""
    varying = table[:, table.std(axis=0) > 0]
    design = sm.add_constant(varying, has_constant="add")
    e = np.asarray(sm.Logit(treated, design).fit(disp=0, tol=1e-14, maxiter=100).predict())
    if plan.weighting == "unweighted":
        return np.ones(len(e))
    if plan.weighting == "overlap":
        return np.where(treated == 1, 1 - e, e)
    cut = plan.truncation
    if cut.kind == "probabilities":
        e = np.clip(e, cut.low, cut.high)
    share = treated.mean()
    weights = np.where(treated == 1, share / e, (1 - share) / (1 - e))
    if cut.kind == "quantiles":
        limits = np.quantile(weights, [cut.low, cut.high], method="inverted_cdf")
        weights = np.clip(weights, *limits)
    return weights


def compute_cohort(passing, data: EmulationData, mask: int, plan: WorthPlan) -> dict[str, float]:
    """Outcomes of one cohort by statsmodels and lifelines."""
    inside = np.ones(len(passing), bool)
    for j in range(passing.shape[1]):
        if mask >> j & 1:
            inside &= passing[:, j]
    treated, table = data.treated[inside].astype(float), data.covariates[inside]
    weights = compute_weights(treated, table, plan)
    frame = pd.DataFrame(
        {"t": data.times[inside], "e": data.events[inside].astype(int), "z": treated, "w": weights}
    )
    fit = CoxPHFitter().fit(
        frame, "t", "e", weights_col="w", robust=True, fit_options={"precision": 1e-14, "r_precision": 1e-16}
    )
    means, risks = [], []
    for arm in (1.0, 0.0):
        part = frame[frame.z == arm]
        curve = KaplanMeierFitter().fit(part.t, part.e, weights=part.w)
        means.append(restricted_mean_survival_time(curve, t=plan.horizon))
        risks.append(np.average(data.adverse[inside][treated == arm], weights=part.w))
    return {
        "patients": int(inside.sum()),
        "log_hazard_ratio": float(fit.params_["z"]),
        "robust": float(fit.standard_errors_["z"]),
        "rmst_difference": means[0] - means[1],
        "risk_difference": risks[0] - risks[1],
    }
