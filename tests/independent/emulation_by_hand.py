"""An emulated trial computed by hand: weights, balance, survival, Cox, doubly robust means, E-values.

Written from the papers alone, slowly and literally, to be compared with the code that is fast. Every
function says which formula it follows. Arrays are (patients,) or (patients, covariates); `treated` and
`events` hold 0 or 1; times are in any one unit.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq, minimize_scalar

Array = np.ndarray


def fit_logistic(covariates: Array, outcome: Array, weights: Array | None = None) -> Array:
    """Coefficients, intercept first, by iteratively reweighted least squares (McCullagh & Nelder 1989).

    Raises ArithmeticError where 100 rounds do not settle (complete separation has no maximum).
    """
    design = np.column_stack([np.ones(len(outcome)), covariates])
    weights = np.ones(len(outcome)) if weights is None else weights
    coefficients = np.zeros(design.shape[1])
    for _ in range(100):
        linear = design @ coefficients
        mean = 1 / (1 + np.exp(-linear))
        variance = mean * (1 - mean)
        if variance.min() < 1e-12:
            break
        working = linear + (outcome - mean) / variance
        normal = design.T @ (design * (weights * variance)[:, None])
        updated = np.linalg.solve(normal, design.T @ (weights * variance * working))
        step = np.abs(updated - coefficients).max()
        coefficients = updated
        if step < 1e-12:
            return coefficients
    raise ArithmeticError("the logistic model does not settle: arms are separated")


def predict_propensity(covariates: Array, coefficients: Array) -> Array:
    """P(treated | covariates) of each patient."""
    return np.array([1 / (1 + math.exp(-coefficients[0] - row @ coefficients[1:])) for row in covariates])


def weigh_patients(treated: Array, propensity: Array, kind: str) -> Array:
    """A weight per patient.

    "ate": 1/e and 1/(1-e) (Horvitz & Thompson). "stabilised": the same times the arm's share (Robins,
    Hernan & Brumback 2000). "att": 1 and e/(1-e) (Hirano & Imbens 2001). "overlap": 1-e and e (Li, Morgan
    & Zaslavsky 2018, Table 1).
    """
    share = sum(treated) / len(treated)
    weights = []
    for a, e in zip(treated, propensity, strict=True):
        weights.append(
            {
                "ate": 1 / e if a else 1 / (1 - e),
                "stabilised": share / e if a else (1 - share) / (1 - e),
                "att": 1.0 if a else e / (1 - e),
                "overlap": 1 - e if a else e,
            }[kind]
        )
    return np.array(weights)


def truncate_weights(weights: Array, low: float, high: float) -> Array:
    """Weights beyond the `low` and `high` quantiles (0 to 1) set to these (Cole & Hernan 2008).

    Quantiles are interpolated between order statistics (type 7 of Hyndman & Fan 1996); both arms together.
    """
    ordered = sorted(weights)

    def find_quantile(share: float) -> float:
        place = share * (len(ordered) - 1)
        below = math.floor(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    least, most = find_quantile(low), find_quantile(high)
    return np.array([min(max(w, least), most) for w in weights])


def compute_standardised_difference(
    values: Array, treated: Array, weights: Array | None = None, *, is_binary: bool = False
) -> float:
    """Weighted mean of the treated less that of the others, over the pooled SD of the unweighted arms.

    The SD is sqrt((s1^2 + s0^2) / 2) with n - 1 for continuous values and p (1 - p) for binary ones
    (Austin 2009, section 2); it stays that of the unweighted arms so that weights do not change the ruler.
    """
    weights = np.ones(len(values)) if weights is None else weights
    means, variances = [], []
    for arm in (1, 0):
        rows = [i for i in range(len(values)) if treated[i] == arm]
        means.append(sum(weights[i] * values[i] for i in rows) / sum(weights[i] for i in rows))
        plain = sum(values[i] for i in rows) / len(rows)
        if is_binary:
            variances.append(plain * (1 - plain))
        else:
            variances.append(sum((values[i] - plain) ** 2 for i in rows) / (len(rows) - 1))
    return (means[0] - means[1]) / math.sqrt((variances[0] + variances[1]) / 2)


def compute_effective_size(weights: Array) -> float:
    """(sum w)^2 / sum w^2 (Kish 1965)."""
    return sum(weights) ** 2 / sum(w * w for w in weights)


def estimate_survival(times: Array, events: Array, weights: Array | None = None) -> list[tuple[float, float]]:
    """Weighted Kaplan-Meier (Xie & Liu 2005): (event time, survival from then on), in order of time.

    Censored patients are at risk at the time of their censoring.
    """
    weights = np.ones(len(times)) if weights is None else weights
    survival, steps = 1.0, []
    for t in sorted({times[i] for i in range(len(times)) if events[i]}):
        at_risk = sum(weights[i] for i in range(len(times)) if times[i] >= t)
        dying = sum(weights[i] for i in range(len(times)) if times[i] == t and events[i])
        survival *= 1 - dying / at_risk
        steps.append((t, survival))
    return steps


def integrate_steps(steps: Sequence[tuple[float, float]], tau: float) -> float:
    """The area from 0 to `tau` under a curve that starts at 1 and steps."""
    area, since, level = 0.0, 0.0, 1.0
    for t, survival in steps:
        if t >= tau:
            break
        area += level * (t - since)
        since, level = t, survival
    return area + level * (tau - since)


def compute_rmst(times: Array, events: Array, tau: float, weights: Array | None = None) -> float:
    """Restricted mean survival time to `tau`; ValueError where the curve is not known so far.

    It is known to the largest time, and for ever if that is an event of everybody left.
    """
    steps = estimate_survival(times, events, weights)
    if tau > max(times) and (not steps or steps[-1][1] > 1e-12):
        raise ValueError(f"survival is not known at {tau}: the last time is {max(times)}")
    return integrate_steps(steps, tau)


def compute_rmst_difference(
    times: Array, events: Array, treated: Array, tau: float, weights: Array | None = None
) -> float:
    """Weighted restricted mean of the treated less that of the others."""
    weights = np.ones(len(times)) if weights is None else weights
    arms = [
        compute_rmst(times[treated == a], events[treated == a], tau, weights[treated == a]) for a in (1, 0)
    ]
    return arms[0] - arms[1]


def _iterate_deaths(times: Array, events: Array):
    """(patients at risk, patients dying) at each event time, by row number."""
    for t in sorted({times[i] for i in range(len(times)) if events[i]}):
        at_risk = [i for i in range(len(times)) if times[i] >= t]
        yield at_risk, [i for i in at_risk if times[i] == t and events[i]]


def _list_shares(dying: list[int], ties: str) -> list[float]:
    """For each term of the tie, the share of the dying that has left the risk set."""
    return [step / len(dying) if ties == "efron" else 0.0 for step in range(len(dying))]


def compute_log_likelihood(beta, covariates, times, events, weights, ties: str) -> float:
    """Cox's weighted log partial likelihood.

    Breslow (1974): over event times, sum_D w x'b - (sum_D w) log sum_R w exp(x'b). Efron (1977) with
    weights as in Therneau & Grambsch (2000, section 7.3 and appendix): sum_D w x'b - (sum_D w / d)
    sum_{l=0}^{d-1} log(sum_R w exp(x'b) - (l/d) sum_D w exp(x'b)).
    """
    beta, x = np.atleast_1d(beta), np.asarray(covariates).reshape(len(times), -1)
    total = 0.0
    for at_risk, dying in _iterate_deaths(times, events):
        mean_weight = sum(weights[i] for i in dying) / len(dying)
        risk = sum(weights[i] * math.exp(x[i] @ beta) for i in at_risk)
        tied = sum(weights[i] * math.exp(x[i] @ beta) for i in dying)
        total += sum(weights[i] * (x[i] @ beta) for i in dying)
        for share in _list_shares(dying, ties):
            total -= mean_weight * math.log(risk - share * tied)
    return total


def compute_score(beta, covariates, times, events, weights, ties: str) -> Array:
    """The first derivative of the log partial likelihood, term by term."""
    beta, x = np.atleast_1d(beta), np.asarray(covariates).reshape(len(times), -1)
    total = np.zeros(len(beta))
    for at_risk, dying in _iterate_deaths(times, events):
        mean_weight = sum(weights[i] for i in dying) / len(dying)
        total += sum(weights[i] * x[i] for i in dying)
        for share in _list_shares(dying, ties):
            total -= mean_weight * _average_at_risk(beta, x, weights, at_risk, dying, share)[1]
    return total


def compute_information(beta, covariates, times, events, weights, ties: str) -> Array:
    """Less the second derivative: the weighted variance of the covariates at risk, term by term."""
    beta, x = np.atleast_1d(beta), np.asarray(covariates).reshape(len(times), -1)
    total = np.zeros((len(beta), len(beta)))
    for at_risk, dying in _iterate_deaths(times, events):
        mean_weight = sum(weights[i] for i in dying) / len(dying)
        for share in _list_shares(dying, ties):
            risk, mean = _average_at_risk(beta, x, weights, at_risk, dying, share)
            for i in at_risk:
                here = weights[i] * math.exp(x[i] @ beta) * (1 - share if i in dying else 1) / risk
                total += mean_weight * here * np.outer(x[i] - mean, x[i] - mean)
    return total


def _average_at_risk(beta, x, weights, at_risk, dying, share) -> tuple[float, Array]:
    """The weighted risk left once a share of the dying has gone, and its mean covariates."""
    risk, moment = 0.0, np.zeros(len(beta))
    for i in at_risk:
        here = weights[i] * math.exp(x[i] @ beta) * (1 - share if i in dying else 1)
        risk += here
        moment += here * x[i]
    return risk, moment / risk


def fit_cox(covariate, times, events, weights=None, ties: str = "efron") -> float:
    """The log hazard ratio of one covariate.

    A generic scalar search maximises the log partial likelihood; as its values tell the place of a maximum
    to half the digits only, a root search on the score then finds the rest nearby.
    """
    weights = np.ones(len(times)) if weights is None else weights
    rest = (covariate, times, events, weights, ties)
    found = minimize_scalar(
        lambda b: -compute_log_likelihood(b, *rest),
        bounds=(-20, 20),
        method="bounded",
        options={"xatol": 1e-9},
    )
    if not abs(found.x) < 15:
        raise ArithmeticError("the partial likelihood has no maximum: all events are in one arm")
    score = lambda b: float(compute_score(b, *rest)[0])  # noqa: E731
    return float(brentq(score, found.x - 1e-3, found.x + 1e-3, xtol=1e-14, rtol=1e-14))


def list_score_residuals(beta, covariates, times, events, weights, ties: str) -> Array:
    """Each patient's part of the score, without his weight: (patients, covariates).

    Lin & Wei (1989): integral of (x_i - mean(t)) dM_i(t), with dM_i = dN_i - exp(x_i'b) dH(t). With Efron's
    ties (Therneau & Grambsch 2000) each of d terms has its own mean and hazard; a patient who dies in the
    tie has 1/d of his death in each term and is 1 - l/d at risk in term l. Equal to the derivative of the
    score by the patient's weight, so the sandwich is the infinitesimal jackknife.
    """
    beta, x = np.atleast_1d(beta), np.asarray(covariates).reshape(len(times), -1)
    residuals = np.zeros((len(times), len(beta)))
    for at_risk, dying in _iterate_deaths(times, events):
        mean_weight = sum(weights[i] for i in dying) / len(dying)
        for share in _list_shares(dying, ties):
            risk, mean = _average_at_risk(beta, x, weights, at_risk, dying, share)
            for i in at_risk:
                died = 1 / len(dying) if i in dying else 0.0
                present = 1 - share if i in dying else 1.0
                expected = math.exp(x[i] @ beta) * present * mean_weight / risk
                residuals[i] += (died - expected) * (x[i] - mean)
    return residuals


def compute_robust_variance(beta, covariates, times, events, weights=None, ties: str = "efron") -> Array:
    """Lin & Wei's (1989) sandwich: I^-1 (sum_i w_i^2 L_i L_i') I^-1, L_i the score residuals."""
    weights = np.ones(len(times)) if weights is None else weights
    residuals = list_score_residuals(beta, covariates, times, events, weights, ties)
    meat = sum(w * w * np.outer(row, row) for w, row in zip(weights, residuals, strict=True))
    bread = np.linalg.inv(compute_information(beta, covariates, times, events, weights, ties))
    return bread @ meat @ bread


def fit_linear(covariates: Array, outcome: Array, weights: Array | None = None) -> Array:
    """Least squares coefficients, intercept first, from the normal equations."""
    design = np.column_stack([np.ones(len(outcome)), covariates])
    weights = np.ones(len(outcome)) if weights is None else weights
    return np.linalg.solve(design.T @ (design * weights[:, None]), design.T @ (weights * outcome))


def estimate_aipw(outcome, covariates, treated, propensity, shares: Array | None = None):
    """Doubly robust difference of means and its standard error (Robins, Rotnitzky & Zhao 1994).

    Each patient's part is m1(x) - m0(x) + a (y - m1(x)) / e - (1 - a) (y - m0(x)) / (1 - e), with m fitted
    by least squares within the arm; the difference is the mean of the parts and its standard error their
    SD (n - 1) over sqrt(n), the propensity taken as known. `shares` multiply residuals and least squares
    (0 for a patient whose outcome is not seen, 1 / P(seen) for the others); None is 1 for all.
    """
    shares = np.ones(len(outcome)) if shares is None else shares
    models = {}
    for arm in (1, 0):
        rows = treated == arm
        models[arm] = fit_linear(covariates[rows], outcome[rows], shares[rows])
    parts = []
    for y, x, a, e, share in zip(outcome, covariates, treated, propensity, shares, strict=True):
        m1, m0 = (models[arm][0] + x @ models[arm][1:] for arm in (1, 0))
        residual = share * (y - m1) / e if a else -share * (y - m0) / (1 - e)
        parts.append(m1 - m0 + residual)
    mean = sum(parts) / len(parts)
    spread = sum((part - mean) ** 2 for part in parts) / (len(parts) - 1)
    return mean, math.sqrt(spread / len(parts))


def estimate_rmst_aipw(times, events, covariates, treated, propensity, tau):
    """AIPW of min(T, tau) where nobody is censored before `tau`: (difference, standard error)."""
    for t, died in zip(times, events, strict=True):
        if not died and t < tau:
            raise ValueError(f"a patient is censored at {t}, before {tau}")
    return estimate_aipw(np.minimum(times, tau), covariates, treated, propensity)


def compute_pseudo_values(times: Array, events: Array, tau: float) -> Array:
    """n R - (n - 1) R_(-i), R the restricted mean, R_(-i) without patient i (Andersen, Hansen & Klein 2004).

    Without patient i the curve is carried on flat where it is not known to `tau`.
    """
    count = len(times)
    whole = compute_rmst(times, events, tau)
    values = []
    for i in range(count):
        kept = [j for j in range(count) if j != i]
        without = integrate_steps(estimate_survival(times[kept], events[kept]), tau)
        values.append(count * whole - (count - 1) * without)
    return np.array(values)


def estimate_pseudo_aipw(times, events, covariates, treated, propensity, tau, *, within_arms: bool):
    """AIPW on pseudo-values of the restricted mean: (difference, standard error).

    `within_arms` takes the values from each arm's own curve, which allows censoring to differ between
    arms; otherwise from one curve for all, as in the paper.
    """
    values = np.zeros(len(times))
    for rows in [treated == 1, treated == 0] if within_arms else [treated >= 0]:
        values[rows] = compute_pseudo_values(times[rows], events[rows], tau)
    return estimate_aipw(values, covariates, treated, propensity)


def compute_seen_shares(times, events, treated, tau) -> Array:
    """Weights against censoring for min(T, tau): 0 where it is not seen, else 1 / G(min(T, tau)-).

    G is the arm's Kaplan-Meier of censoring just before, deaths first among ties (Robins & Finkelstein
    2000; Tian, Zhao & Wei 2014).
    """
    shares = np.zeros(len(times))
    for arm in (1, 0):
        rows = [i for i in range(len(times)) if treated[i] == arm]
        for i in rows:
            if not events[i] and times[i] < tau:
                continue
            seen = 1.0
            for c in sorted({times[j] for j in rows if not events[j] and times[j] < min(times[i], tau)}):
                leaving = sum(1 for j in rows if times[j] == c and not events[j])
                staying = sum(1 for j in rows if times[j] > c or (times[j] == c and not events[j]))
                seen *= 1 - leaving / staying
            shares[i] = 1 / seen
    return shares


def estimate_ipcw_aipw(times, events, covariates, treated, propensity, tau):
    """AIPW of min(T, tau) over the patients in whom it is seen, each standing for those censored alike."""
    shares = compute_seen_shares(times, events, treated, tau)
    return estimate_aipw(np.minimum(times, tau), covariates, treated, propensity, shares)


def estimate_one_step_rmst(times, events, treated, propensity, tau, grid, survival, censoring):
    """One-step (augmented) restricted mean difference with censoring: (difference, standard error).

    Patient i's part of arm a's mean (Hubbard, van der Laan & Robins 2000; Zhang & Schaubel 2012):
    m(x) - 1{A=a}/P(a|x) * sum_{u in grid} [R(u|x) / (S(u|x) G(u-|x))] (dN(u) - Y(u) dH(u|x)), where S is
    the model's survival, a step function that falls at the grid's times; R(u|x) its area from u to tau;
    m(x) = R(0|x); dH(u|x) = 1 - S(u|x) / S(u-|x); G(u-|x) the probability of not being censored before u.
    `survival[a]` and `censoring[a]` are (patients, grid): S at each time and G just before it. Every event
    time before `tau` must be in the grid. Terms whose S(u|x) is 0 need R(u|x) = 0 and count as such.
    """
    grid = [t for t in grid if t < tau]
    parts = {1: [], 0: []}
    for arm in (1, 0):
        for i, (t, died, a, e) in enumerate(zip(times, events, treated, propensity, strict=True)):
            curve = [float(s) for s in survival[arm][i][: len(grid)]]
            area = integrate_steps(list(zip(grid, curve, strict=True)), tau)
            part, left, since, level = area, area, 0.0, 1.0
            for k, u in enumerate(grid):
                left -= level * (u - since)
                hazard = 1 - curve[k] / level
                surprise = (1.0 if died and t == u else 0.0) - (hazard if t >= u else 0.0)
                if a == arm and surprise and curve[k] > 0:
                    chance = e if arm else 1 - e
                    part -= left / (curve[k] * float(censoring[arm][i][k])) * surprise / chance
                since, level = u, curve[k]
                if level == 0:
                    break
            parts[arm].append(part)
    differences = [one - other for one, other in zip(parts[1], parts[0], strict=True)]
    mean = sum(differences) / len(differences)
    spread = sum((d - mean) ** 2 for d in differences) / (len(differences) - 1)
    return mean, math.sqrt(spread / len(differences))


def compute_e_value(ratio: float) -> float:
    """RR + sqrt(RR (RR - 1)), of 1/RR below 1 (VanderWeele & Ding 2017, Table 1)."""
    ratio = 1 / ratio if ratio < 1 else ratio
    return ratio + math.sqrt(ratio * (ratio - 1))


def compute_e_value_of_limit(ratio: float, low: float, high: float) -> float:
    """The E-value of the confidence limit nearer to 1, or 1 where the interval holds 1."""
    if low <= 1 <= high:
        return 1.0
    return compute_e_value(low if ratio > 1 else high)


def convert_hazard_ratio(ratio: float, *, is_common: bool) -> float:
    """The risk ratio that stands for a hazard ratio (VanderWeele & Ding 2017, Table 2; VanderWeele 2020).

    The ratio itself where fewer than 15 % have had the event at the end of follow-up, otherwise
    (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)).
    """
    if not is_common:
        return ratio
    return (1 - 0.5 ** math.sqrt(ratio)) / (1 - 0.5 ** math.sqrt(1 / ratio))
