"""Borrowing of external controls for a share of events: error and power at any drift, by full enumeration.

The treated share has the prior Beta(1, 1); treatment works where the posterior probability that it has the
higher share is over 1 - alpha. Posteriors live on a grid of θ = sin²φ, in which beta densities are smooth.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from unburden.domain.borrowing import BetaMixture, BorrowingCurve, BorrowingPoint
from unburden.domain.errors import InvalidDesign, Problems
from unburden.simulation.borrowing import derive_map_prior

MOST_PATIENTS = 1000
_CELLS = 4000
_ANGLES = (np.arange(_CELLS) + 0.5) * (math.pi / 2 / _CELLS)
_SHARES = np.sin(_ANGLES) ** 2
_LOGS = np.log(np.sin(_ANGLES) ** 2), np.log(np.cos(_ANGLES) ** 2)
_lgamma = np.vectorize(math.lgamma, otypes=[float])


def make_beta_power_prior(
    events: float, patients: float, *, weight: float, sources: tuple[str, ...]
) -> BetaMixture:
    """The power prior of external controls on top of Beta(1, 1). Raises `InvalidDesign`."""
    problems = Problems("power prior")
    problems.check(0 < weight <= 1, f"weight is {weight}; give a number over 0, at most 1")
    told = f"{events} events in {patients} patients; give 0 up to all, of at least 1"
    problems.check(patients >= 1 and 0 <= events <= patients, told)
    problems.raise_if_any(InvalidDesign)
    share = events / patients
    return BetaMixture((1.0,), (1 + weight * events,), (1 + weight * (patients - events),), share, sources)


def derive_map_beta_prior(
    events: Sequence[float], patients: Sequence[float], *, tau_scale: float, sources: tuple[str, ...]
) -> BetaMixture:
    """The meta-analytic predictive prior of several trials' controls, as one beta law.

    `derive_map_prior` on the log odds (normal approximation, so each trial needs some events and some
    without), then the beta with the mean and variance of that prior's share. Raises `InvalidDesign`.
    """
    x, n = np.array(events, dtype=float), np.array(patients, dtype=float)
    problems = Problems("meta-analytic predictive prior")
    told = f"events {list(events)} of patients {list(patients)}: give some events and some without in each"
    problems.check(len(x) == len(n) and len(x) >= 1 and bool(((x > 0) & (x < n)).all()), told)
    problems.raise_if_any(InvalidDesign)
    logits, errors = np.log(x / (n - x)), np.sqrt(1 / x + 1 / (n - x))
    odds = derive_map_prior(logits.tolist(), errors.tolist(), tau_scale=tau_scale, sources=sources)
    points, masses = np.polynomial.legendre.leggauss(200)
    mean, square = 0.0, 0.0
    for w, m, sd in zip(odds.weights, odds.means, odds.sds, strict=True):
        share = 1 / (1 + np.exp(-(m + 9 * sd * points)))
        bell = w * 9 * masses * np.exp(-40.5 * points**2) / math.sqrt(2 * math.pi)
        mean, square = mean + float(bell @ share), square + float(bell @ share**2)
    size = mean * (1 - mean) / (square - mean**2) - 1
    told = "the trials differ too much for a prior with at least one event and one without; use Beta(1, 1)"
    problems.check(min(mean, 1 - mean) * size >= 1, told)
    problems.raise_if_any(InvalidDesign)
    return BetaMixture((1.0,), (mean * size,), ((1 - mean) * size,), mean, sources)


def make_robust_beta_prior(informative: BetaMixture, *, informative_share: float) -> BetaMixture:
    """The prior with Beta(1, 1) beside it (Schmidli et al. 2014). Raises `InvalidDesign`."""
    problems = Problems("robust prior")
    told = f"informative_share is {informative_share}; give a number between 0 and 1"
    problems.check(0 < informative_share < 1, told)
    problems.raise_if_any(InvalidDesign)
    weights = (*(informative_share * w for w in informative.weights), 1 - informative_share)
    events, others = (*informative.events, 1.0), (*informative.others, 1.0)
    return BetaMixture(weights, events, others, informative.external_share, informative.sources)


def count_prior_events_patients(prior: BetaMixture) -> float:
    """Effective sample size by the expected local information ratio (Neuenschwander et al. 2020).

    >>> round(count_prior_events_patients(BetaMixture((1,), (12,), (30,), 0.3, ("assumed:x",))), 6)
    42.0
    """
    a, b = np.array(prior.events)[:, None], np.array(prior.others)[:, None]
    part = np.array(prior.weights)[:, None] * _fill_densities(a[:, 0], b[:, 0])
    slope = (a - 1) / _SHARES - (b - 1) / (1 - _SHARES)
    bend = slope**2 - (a - 1) / _SHARES**2 - (b - 1) / (1 - _SHARES) ** 2
    whole = part.sum(axis=0)
    first, second = (part * slope).sum(axis=0), (part * bend).sum(axis=0)
    kept = whole > 1e-280
    local = (first[kept] / whole[kept]) ** 2 - second[kept] / whole[kept]
    return float((whole[kept] * local * (_SHARES * (1 - _SHARES))[kept]).sum())


class _Test(NamedTuple):
    """Which outcomes reject, `rejects` (treated + 1, controls + 1); posterior `means` and `variances`."""

    rejects: np.ndarray
    means: np.ndarray
    variances: np.ndarray


def evaluate_share_borrowing(
    prior: BetaMixture,
    drifts: Sequence[float],
    *,
    treated: int,
    controls: int,
    difference: float,
    alpha: float,
) -> BorrowingCurve:
    """Type I error, power for `difference`, bias and patients borrowed at each drift of `drifts`.

    The concurrent control's true share is the external one less the drift; both arms' shares must lie
    between 0 and 1. `plain` figures are those of the prior Beta(1, 1) without drift. Bias is that of the
    posterior mean of control's share, turned to the effect. Raises `InvalidDesign`.
    """
    _check(prior, drifts, treated, controls, difference, alpha)
    vague = BetaMixture((1.0,), (1.0,), (1.0,), 0.5, prior.sources)
    test, plain = (_list_decisions(x, treated, controls, alpha) for x in (prior, vague))
    points = []
    for drift in sorted(map(float, drifts)):
        truth = prior.external_share - drift
        seen = _list_binomial(controls, truth)
        error, power = (
            float(_list_binomial(treated, truth + effect) @ test.rejects @ seen)
            for effect in (0.0, difference)
        )
        mean = float(seen @ test.means)
        worth = float(seen @ (test.means * (1 - test.means) / test.variances - 1))
        without = float(seen @ (plain.means * (1 - plain.means) / plain.variances - 1))
        points.append(BorrowingPoint(drift, error, power, truth - mean, worth - without))
    error, power = (
        float(
            _list_binomial(treated, prior.external_share + effect)
            @ plain.rejects
            @ _list_binomial(controls, prior.external_share)
        )
        for effect in (0.0, difference)
    )
    return BorrowingCurve(tuple(points), count_prior_events_patients(prior), error, power, prior.sources)


def _list_decisions(prior: BetaMixture, treated: int, controls: int, alpha: float) -> _Test:
    counts = np.arange(controls + 1)
    log_weights, means, squares = [], [], []
    mixed = np.zeros((controls + 1, _CELLS))
    for w, a, b in zip(prior.weights, prior.events, prior.others, strict=True):
        x, y = a + counts, b + controls - counts
        log_weights.append(math.log(w) + _log_beta(x, y) - _log_beta(np.array([a]), np.array([b])))
        means.append(x / (x + y))
        squares.append(x * (x + 1) / ((x + y) * (x + y + 1)))
    shares = np.exp(np.array(log_weights) - np.max(log_weights, axis=0))
    shares /= shares.sum(axis=0)
    for share, a, b in zip(shares, prior.events, prior.others, strict=True):
        mixed += share[:, None] * _fill_densities(a + counts, b + controls - counts)
    below = np.cumsum(mixed, axis=1) - mixed / 2
    x = np.arange(treated + 1)
    better = _fill_densities(1.0 + x, 1.0 + treated - x) @ below.T
    mean = (shares * np.array(means)).sum(axis=0)
    return _Test((better > 1 - alpha).astype(float), mean, (shares * np.array(squares)).sum(axis=0) - mean**2)


def _fill_densities(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Masses of Beta(a, b) on the cells of the grid, (len(a), cells), each row summing to 1."""
    logs = (a[:, None] - 0.5) * _LOGS[0] + (b[:, None] - 0.5) * _LOGS[1]
    masses = np.exp(logs - logs.max(axis=1, keepdims=True))
    return masses / masses.sum(axis=1, keepdims=True)


def _log_beta(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _lgamma(a) + _lgamma(b) - _lgamma(a + b)


def _list_binomial(n: int, share: float) -> np.ndarray:
    x = np.arange(n + 1)
    logs = math.lgamma(n + 1) - _lgamma(x + 1.0) - _lgamma(n - x + 1.0)
    return np.exp(logs + x * math.log(share) + (n - x) * math.log1p(-share))


def _check(
    prior: BetaMixture, drifts: Sequence[float], treated: int, controls: int, difference: float, alpha: float
) -> None:
    problems = Problems("borrowing of controls")
    finite = bool(drifts) and all(map(math.isfinite, drifts))
    if problems.check(finite, f"drifts {list(drifts)} must be finite numbers; give one at least"):
        for truth in (prior.external_share, *(prior.external_share - drift for drift in drifts)):
            fits = 0 < truth < 1 and 0 < truth + difference < 1
            told = (
                f"shares of {truth:.3g} and {truth + difference:.3g}; choose drifts and difference for 0 to 1"
            )
            problems.check(fits, told)
    told = f"treated is {treated}, controls {controls}; give 1 to {MOST_PATIENTS} of each"
    problems.check(1 <= treated <= MOST_PATIENTS and 1 <= controls <= MOST_PATIENTS, told)
    problems.check(0 < alpha < 0.5, f"alpha is {alpha}; give a number between 0 and 0.5")
    problems.raise_if_any(InvalidDesign)
