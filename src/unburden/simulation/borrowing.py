"""Borrowing of external controls for a mean: priors, and error and power at any drift, by quadrature.

Treatment is found to work where the posterior probability of a benefit is over 1 - alpha, the treated mean
having a flat prior. The prior is fixed; drift is the external mean as seen minus the concurrent truth.
"""

import math
from collections.abc import Sequence

import numpy as np

from unburden.domain.borrowing import BorrowingCurve, BorrowingPoint, NormalMixture
from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.information import Information
from unburden.kernels.borrowing import fill_decisions
from unburden.simulation.distributions import compute_normal_quantile, compute_normal_upper

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(160)
_REACH = 8.0


def make_power_prior(
    mean: float, sd: float, patients: float, *, weight: float, sources: tuple[str, ...]
) -> NormalMixture:
    """The power prior of external controls: their likelihood to the power `weight` (Ibrahim & Chen 2000).

    `sd` of a patient's outcome. A normal prior as good as weight × `patients`. Raises `InvalidDesign`.
    """
    problems = Problems("power prior")
    problems.check(0 < weight <= 1, f"weight is {weight}; give a number over 0, at most 1")
    problems.check(sd > 0 and patients > 0, f"sd is {sd}, patients {patients}; give numbers over 0")
    problems.raise_if_any(InvalidDesign)
    return NormalMixture((1.0,), (mean,), (sd / math.sqrt(weight * patients),), mean, sources)


def derive_map_prior(
    means: Sequence[float],
    errors: Sequence[float],
    *,
    tau_scale: float,
    sources: tuple[str, ...],
    nodes: int = 40,
) -> NormalMixture:
    """Meta-analytic predictive prior of a new trial's control mean (Neuenschwander et al. 2010).

    External control means with their standard errors, normal between trials; the standard deviation
    between trials has a half-normal prior of scale `tau_scale`, the overall mean a flat one. Exact up to
    the quadrature over the former: one normal a node. Raises `InvalidDesign`.
    """
    y, s = np.array(means, dtype=float), np.array(errors, dtype=float)
    problems = Problems("meta-analytic predictive prior")
    problems.check(len(y) == len(s) and len(y) >= 1, f"{len(y)} means, {len(s)} errors; give as many")
    problems.check(bool((s > 0).all() and np.isfinite(y).all()), "errors must be over 0, means finite")
    problems.check(tau_scale > 0, f"tau_scale is {tau_scale}; give a number over 0")
    problems.check(4 <= nodes <= 200, f"nodes is {nodes}; give 4 to 200")
    problems.raise_if_any(InvalidDesign)
    points, masses = np.polynomial.legendre.leggauss(nodes)
    taus = 3 * tau_scale * (points + 1)  # up to 6 scales
    precisions = 1 / (s**2 + taus[:, None] ** 2)
    total = precisions.sum(axis=1)
    centres = (precisions * y).sum(axis=1) / total
    log_marginal = 0.5 * (np.log(precisions).sum(axis=1) - np.log(total))
    log_marginal -= 0.5 * (precisions * (y - centres[:, None]) ** 2).sum(axis=1)
    log_weights = np.log(masses) + log_marginal - 0.5 * (taus / tau_scale) ** 2
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    kept = weights > 1e-12
    sds = np.sqrt(1 / total + taus**2)[kept]
    shares = weights[kept] / weights[kept].sum()
    mean = float(shares @ centres[kept])
    return NormalMixture(
        tuple(shares.tolist()), tuple(centres[kept].tolist()), tuple(sds.tolist()), mean, sources
    )


def make_robust_prior(
    informative: NormalMixture, *, informative_share: float, vague_mean: float, vague_sd: float
) -> NormalMixture:
    """The prior with a vague component beside it, for the case of conflict (Schmidli et al. 2014).

    Raises `InvalidDesign`.
    """
    problems = Problems("robust prior")
    told = f"informative_share is {informative_share}; give a number between 0 and 1"
    problems.check(0 < informative_share < 1, told)
    problems.raise_if_any(InvalidDesign)
    weights = (*(informative_share * w for w in informative.weights), 1 - informative_share)
    means, sds = (*informative.means, vague_mean), (*informative.sds, vague_sd)
    return NormalMixture(weights, means, sds, informative.external_mean, informative.sources)


def count_prior_patients(prior: NormalMixture, sd: float) -> float:
    """Effective sample size by the expected local information ratio (Neuenschwander et al. 2020).

    >>> round(count_prior_patients(make_power_prior(0, 2, 100, weight=0.3, sources=("assumed:x",)), 2), 9)
    30.0
    """
    weights, means, sds = (np.array(x) for x in (prior.weights, prior.means, prior.sds))
    points, masses = np.polynomial.legendre.leggauss(400)
    total = 0.0
    for w, m, s in zip(weights, means, sds, strict=True):
        t = (m + 10 * s * points)[:, None]
        density = weights * np.exp(-0.5 * ((t - means) / sds) ** 2) / sds
        slope = -(t - means) / sds**2
        p, first, second = (
            (density * x).sum(axis=1) for x in (np.ones_like(slope), slope, slope**2 - 1 / sds**2)
        )
        bell = 10 * masses * np.exp(-50 * points**2) / math.sqrt(2 * math.pi)
        total += w * float((bell * ((first / p) ** 2 - second / p)).sum())
    return float(sd**2 * total)


def evaluate_mean_borrowing(
    prior: NormalMixture,
    drifts: Sequence[float],
    *,
    sd: float,
    treated: int,
    controls: int,
    difference: float,
    alpha: float,
) -> BorrowingCurve:
    """Type I error, power for `difference`, bias and patients borrowed at each drift of `drifts`.

    Outcomes normal with known `sd`; the concurrent control's true mean is the external mean less the drift.
    A drift below 0 (external controls worse off) makes false positives, one above 0 costs power, where higher
    is better. Raises `InvalidDesign`.
    """
    _check(drifts, sd, treated, controls, difference, alpha)
    error_variance, treated_variance = sd**2 / controls, sd**2 / treated
    weights, means, variances = np.array(prior.weights), np.array(prior.means), np.array(prior.sds) ** 2
    mass = _REACH * _WEIGHTS * np.exp(-0.5 * (_REACH * _NODES) ** 2) / math.sqrt(2 * math.pi)
    points = []
    for drift in sorted(map(float, drifts)):
        truth = prior.external_mean - drift
        seen = truth + math.sqrt(error_variance) * _REACH * _NODES
        out = np.empty((len(seen), 3))
        fill_decisions(weights, means, variances, seen, error_variance, treated_variance, alpha, out)
        error, power = (
            _integrate_rejections(mass, (out[:, 0] - truth - effect) / math.sqrt(treated_variance))
            for effect in (0.0, difference)
        )
        borrowed = sd**2 / float(mass @ out[:, 2]) - controls
        points.append(BorrowingPoint(drift, error, power, truth - float(mass @ out[:, 1]), borrowed))
    spread = math.sqrt(error_variance + treated_variance)
    plain = compute_normal_upper(compute_normal_quantile(alpha) - difference / spread)
    return BorrowingCurve(tuple(points), count_prior_patients(prior, sd), alpha, plain, prior.sources)


def compute_borrowing_information(
    prior: NormalMixture, drift: Estimate, *, sd: float, treated: int, controls: int, alpha: float
) -> Information:
    """Information with the prior over that without, and the bias, over the interval of `drift`.

    Relative is (sd²/treated + sd²/controls) over (sd²/treated + mean posterior variance of the control mean).
    It says how sure the posterior is; where drift is not 0 it is sure of something wrong: read it with the
    bias and the error of `evaluate_mean_borrowing`. Raises `InvalidDesign`.
    """
    grid = [drift.value, *np.linspace(drift.low, drift.high, 41)]
    curve = evaluate_mean_borrowing(
        prior, grid, sd=sd, treated=treated, controls=controls, difference=0.0, alpha=alpha
    )
    found = {point.drift: point for point in curve.points}

    def relate(borrowed: float) -> float:
        return (1 / treated + 1 / controls) / (1 / treated + 1 / (controls + borrowed))

    ratios = [relate(point.borrowed) for point in curve.points]
    biases = [point.bias for point in curve.points]
    centre = found[float(drift.value)]
    sources = tuple(dict.fromkeys((*prior.sources, *drift.sources)))
    relative = Estimate(relate(centre.borrowed), min(ratios), max(ratios), "1", sources, drift.level)
    bias = Estimate(centre.bias, min(biases), max(biases), drift.unit, sources, drift.level)
    told = f"type I error up to {curve.largest_error:.3f} instead of {alpha:g} over the interval of the drift"
    return Information(relative, bias, sources, (told,))


def _integrate_rejections(mass: np.ndarray, z: np.ndarray) -> float:
    return float(mass @ np.array([compute_normal_upper(x) for x in z]))


def _check(
    drifts: Sequence[float], sd: float, treated: int, controls: int, difference: float, alpha: float
) -> None:
    problems = Problems("borrowing of controls")
    finite = bool(drifts) and all(map(math.isfinite, drifts))
    problems.check(finite, f"drifts {list(drifts)} must be finite numbers; give one at least")
    problems.check(math.isfinite(sd) and sd > 0, f"sd is {sd}; give a number over 0")
    told = f"treated is {treated}, controls {controls}; give at least 1 of each"
    problems.check(treated >= 1 and controls >= 1, told)
    problems.check(math.isfinite(difference), f"difference is {difference}; give a number")
    problems.check(0 < alpha < 0.5, f"alpha is {alpha}; give a number between 0 and 0.5")
    problems.raise_if_any(InvalidDesign)
