"""Whether weighting made the arms alike: balance of covariates, weights and overlap of propensities."""

import numpy as np

from unburden.domain.emulation import ArmWeights, CovariateBalance, Positivity
from unburden.domain.errors import NoEstimate
from unburden.models.covariates import EncodedCovariates

BINS = 20
EXTREME = 10.0
"""A weight over this many times its arm's mean is extreme."""
POSITIVITY_LOW, POSITIVITY_HIGH = 0.05, 0.95


def compute_balance(
    covariates: EncodedCovariates, treated: np.ndarray, weights: np.ndarray
) -> tuple[CovariateBalance, ...]:
    """Each plain term's means in the two arms and standardised difference, before and after weighting.

    >>> covariates = EncodedCovariates((), np.empty((4, 0)), ("x",), np.array([[0.0], [4], [2], [6]]), (), ())
    >>> line = compute_balance(covariates, np.array([True, True, False, False]), np.array([1, 3, 1.0, 1]))[0]
    >>> round(line.difference_before, 4), round(line.difference_after, 4)
    (-0.7071, -0.3536)
    """
    lines = []
    for term, column in zip(covariates.plain_terms, covariates.plain_values.T, strict=True):
        one, zero = column[treated], column[~treated]
        spread = np.sqrt((one.var(ddof=1) + zero.var(ddof=1)) / 2)
        plain = (float(one.mean()), float(zero.mean()))
        weighted = (
            float(np.average(one, weights=weights[treated])),
            float(np.average(zero, weights=weights[~treated])),
        )
        if spread == 0 and plain[0] != plain[1]:
            raise NoEstimate(
                "balance of the arms",
                [
                    f"{term!r} is {plain[0]:g} in all treated and {plain[1]:g} in all controls; they "
                    "cannot be compared"
                ],
            )
        before, after = ((pair[0] - pair[1]) / spread if spread > 0 else 0.0 for pair in (plain, weighted))
        lines.append(CovariateBalance(term, *plain, *weighted, float(before), float(after)))
    return tuple(lines)


def summarise_weights(
    arm: str, weights: np.ndarray, is_truncated: np.ndarray, has_event: np.ndarray, edges: np.ndarray
) -> ArmWeights:
    """One arm's weights: spread, histogram over common edges, and Kish's effective number of patients."""
    counts, _ = np.histogram(weights, bins=edges)
    return ArmWeights(
        arm=arm,
        patients=len(weights),
        events=int(has_event.sum()),
        effective_patients=float(weights.sum() ** 2 / (weights**2).sum()),
        smallest=float(weights.min()),
        mean=float(weights.mean()),
        largest=float(weights.max()),
        truncated_patients=int(is_truncated.sum()),
        edges=tuple(float(edge) for edge in edges),
        counts=tuple(int(count) for count in counts),
    )


def make_edges(values: np.ndarray) -> np.ndarray:
    """Edges of a histogram over all values; equal values get one bin round them."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return np.array([low - 0.5, high + 0.5])
    return np.linspace(low, high, BINS + 1)


def assess_positivity(probabilities: np.ndarray, treated: np.ndarray, weights: np.ndarray) -> Positivity:
    """Overlap of the arms' propensities, and how many patients weigh far more than others."""
    one, zero = probabilities[treated], probabilities[~treated]
    support = max(one.min(), zero.min()), min(one.max(), zero.max())
    outside = (probabilities < support[0]) | (probabilities > support[1])
    extreme = sum(int((weights[arm] > EXTREME * weights[arm].mean()).sum()) for arm in (treated, ~treated))
    edges = np.linspace(0, 1, BINS + 1)
    far = (probabilities < POSITIVITY_LOW) | (probabilities > POSITIVITY_HIGH)
    return Positivity(
        low=POSITIVITY_LOW,
        high=POSITIVITY_HIGH,
        share_outside=float(far.mean()),
        support_low=float(support[0]),
        support_high=float(support[1]),
        patients_outside_support=int(outside.sum()),
        patients_with_extreme_weight=extreme,
        edges=tuple(float(edge) for edge in edges),
        treated_counts=tuple(int(c) for c in np.histogram(one, edges)[0]),
        control_counts=tuple(int(c) for c in np.histogram(zero, edges)[0]),
    )
