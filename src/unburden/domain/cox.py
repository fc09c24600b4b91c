"""What a weighted Cox regression gives."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True)
class CoxFit:
    """Log hazard ratios of p covariates in n patients.

    `coefficients` (p) are per unit of the covariate; `standard_errors` (p) come from
    `robust_covariance` (p, p), the sum of squares of `influence` over patients or clusters;
    `naive_errors` (p) from the inverse information, as if the weights were counts. `influence`
    (n, p), in the order of the input, is each patient's weight times the derivative of the
    coefficients by it (infinitesimal jackknife), the weights taken as known.
    """

    coefficients: np.ndarray
    standard_errors: np.ndarray
    naive_errors: np.ndarray
    robust_covariance: np.ndarray = field(repr=False)
    log_likelihood: float
    influence: np.ndarray = field(repr=False)
    iterations: int
    patients: int
    events: int
    ties: Ties
