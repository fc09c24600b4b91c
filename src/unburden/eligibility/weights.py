"""Weights that make the arms alike, from propensities; with the derivatives that their variance needs."""

from dataclasses import dataclass

import numpy as np

from unburden.domain.emulation_plan import Population, Truncation
from unburden.models.propensity import PropensityFit


@dataclass(frozen=True)
class PropensityWeights:
    """`values` (n) and their derivatives by the propensity's linear predictor and by the share treated.

    Derivatives are 0 where a weight is cut, since a small change leaves it at the bound.
    """

    values: np.ndarray
    by_linear: np.ndarray
    by_share: np.ndarray
    is_truncated: np.ndarray


def derive_weights(
    probabilities: np.ndarray,
    treated: np.ndarray,
    *,
    population: Population,
    is_stabilised: bool,
    truncation: Truncation,
) -> PropensityWeights:
    """Weights for a population, from each patient's propensity e (n) and whether they are treated (n).

    ATE: 1 / e and 1 / (1 − e). ATT: 1 and e / (1 − e). Overlap (ATO): 1 − e and e, which are never large
    and balance the means of a logistic model's terms exactly (Li, Morgan & Zaslavsky 2018, J Am Stat Assoc
    113:390). Stabilised ATE weights are times the arm's share (Robins, Hernán & Brumback 2000), ATT ones
    times the odds of control for controls; overlap weights are not stabilised. Truncation: of propensities
    at bounds, or of weights at quantiles of all weights (Cole & Hernán 2008, Am J Epidemiol 168:656).

    >>> found = derive_weights(
    ...     np.array([0.8, 0.8]),
    ...     np.array([True, False]),
    ...     population="ATO",
    ...     is_stabilised=False,
    ...     truncation=Truncation(),
    ... )
    >>> found.values.round(12).tolist()
    [0.2, 0.8]
    """
    treated = np.asarray(treated, bool)
    e = np.asarray(probabilities, float)
    is_truncated = np.zeros(len(e), dtype=bool)
    if truncation.kind == "probabilities":
        is_truncated = (e < truncation.low) | (e > truncation.high)
        e = np.clip(e, truncation.low, truncation.high)
    values, by_linear = _weigh(e, treated, population)
    share = treated.mean()
    by_share = np.zeros(len(e))
    if is_stabilised and population != "ATO":
        factor, slope = _stabilise(share, treated, population)
        by_share = values * slope
        values, by_linear = values * factor, by_linear * factor
    by_linear = np.where(is_truncated, 0.0, by_linear)
    if truncation.kind == "quantiles":
        low, high = np.quantile(values, [truncation.low, truncation.high])
        is_truncated = (values < low) | (values > high)
        values = np.clip(values, low, high)
        by_linear, by_share = np.where(is_truncated, 0.0, by_linear), np.where(is_truncated, 0.0, by_share)
    return PropensityWeights(values, by_linear, by_share, is_truncated)


def _weigh(e: np.ndarray, treated: np.ndarray, population: Population) -> tuple[np.ndarray, np.ndarray]:
    """Plain weights and their derivatives by the linear predictor (de/dη = e (1 − e))."""
    odds = e / (1 - e)
    match population:
        case "ATE":
            return np.where(treated, 1 / e, 1 / (1 - e)), np.where(treated, -1 / odds, odds)
        case "ATT":
            return np.where(treated, 1.0, odds), np.where(treated, 0.0, odds)
        case "ATO":
            return np.where(treated, 1 - e, e), np.where(treated, -1.0, 1.0) * e * (1 - e)


def _stabilise(share: float, treated: np.ndarray, population: Population) -> tuple[np.ndarray, np.ndarray]:
    """Factors of the two arms and their derivatives by the share treated."""
    if population == "ATE":
        return np.where(treated, share, 1 - share), np.where(treated, 1.0, -1.0)
    return np.where(treated, 1.0, (1 - share) / share), np.where(treated, 0.0, -1 / share**2)


def sum_influence(
    slopes: np.ndarray, weights: PropensityWeights, propensity: PropensityFit, treated: np.ndarray
) -> np.ndarray:
    """Each patient's influence (n) on an estimate with these `slopes` (n), its derivatives by the weights.

    A patient acts by the own weight and, through the estimated propensity and the share treated, on
    everybody's (stacked estimating equations: Lunceford & Davidian 2004, Stat Med 23:2937; for weighted Cox
    regression Shu et al. 2021, Biometrics 77:1101). The weights of a boosted propensity count as known.
    """
    total = slopes * weights.values
    if propensity.design is not None and propensity.influence is not None:
        total = total + propensity.influence @ (propensity.design.T @ (slopes * weights.by_linear))
    return total + (slopes @ weights.by_share) * (treated - treated.mean()) / len(treated)
