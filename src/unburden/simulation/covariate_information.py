"""Information gained by adjusting a continuous endpoint for a prognostic score."""

from unburden.domain.errors import InvalidDesign, Problems
from unburden.domain.estimate import Estimate
from unburden.domain.information import Information


def compute_score_information(correlation: Estimate, *, correlation_factor: float) -> Information:
    """Information with the score over that without: 1 / (1 - (factor × correlation)²), PROCOVA.

    `correlation` of score and outcome within arms, such as `estimate_means_correlation` gives; where the
    analysis adjusts for the baseline already, what is left of both after it (the partial correlation).
    `correlation_factor` (at most 1) is taken off because a score predicts worse in a new trial. Adjustment
    for baseline data brings no bias, however wrong the score (Schuler et al. 2022). Raises `InvalidDesign`.

    >>> from unburden.domain.estimate import Estimate
    >>> correlation = Estimate(0.5, 0.4, 0.6, "1", ("assumed:x",))
    >>> found = compute_score_information(correlation, correlation_factor=1.0)
    >>> round(found.relative.value, 4), round(found.patients_factor.value, 4)
    (1.3333, 0.75)
    """
    problems = Problems("prognostic adjustment")
    told = f"the correlation {correlation.bounds()} must lie between -1 and 1, its interval too"
    problems.check(correlation.low > -1 and correlation.high < 1, told)
    told = f"correlation_factor is {correlation_factor}; give a number over 0, at most 1"
    problems.check(0 < correlation_factor <= 1, told)
    problems.raise_if_any(InvalidDesign)
    value, low, high = (abs(x) for x in correlation.bounds())
    least = 0.0 if correlation.low <= 0 <= correlation.high else min(low, high)
    value, low, high = (1 / (1 - (correlation_factor * r) ** 2) for r in (value, least, max(low, high)))
    relative = Estimate(value, low, high, "1", correlation.sources, correlation.level)
    notes = ("large trials: the price of one fitted coefficient is left out",)
    return Information(relative, None, correlation.sources, notes)
