"""E-values: how strong an unmeasured confounder would have to be."""

import math

from unburden.domain.emulation import EValue
from unburden.domain.estimate import Estimate

COMMON_SHARE = 0.15
"""Above this share of patients with the event by the end of follow-up an outcome is common."""


def compute_e_value(hazard_ratio: Estimate, *, event_share: float) -> EValue:
    """The E-value of a hazard ratio and of its interval's limit next to 1.

    E = RR + √(RR (RR − 1)) for RR over 1, of 1 / RR otherwise; 1 for an interval that holds 1. A hazard ratio
    stands for the risk ratio where the event is rare; where more than 15 % have it, the risk ratio is taken
    as (1 − 0.5^√HR) / (1 − 0.5^√(1/HR)) (VanderWeele & Ding 2017, Ann Intern Med 167:268, table 2).

    >>> found = compute_e_value(Estimate(3.9, 1.8, 8.7, "1", ("published:V",)), event_share=0.01)
    >>> round(found.estimate, 2), round(found.limit, 1)
    (7.26, 3.0)
    """
    is_common = event_share > COMMON_SHARE
    ratio = _to_risk_ratio(hazard_ratio.value, is_common)
    holds_one = hazard_ratio.low <= 1 <= hazard_ratio.high
    nearest = hazard_ratio.high if hazard_ratio.value < 1 else hazard_ratio.low
    limit = 1.0 if holds_one else _find_e_value(_to_risk_ratio(nearest, is_common))
    estimate = _find_e_value(ratio)
    rule = "common outcome" if is_common else "rare outcome"
    return EValue(
        risk_ratio=ratio,
        estimate=estimate,
        limit=limit,
        is_common_outcome=is_common,
        words=(
            f"Taken as a risk ratio ({rule}), the estimate is {ratio:.2f}. An unmeasured confounder that "
            f"goes with treatment and with outcome by a risk ratio of {estimate:.2f} each, beyond the "
            f"covariates, could explain it away; one of {limit:.2f} could move the interval to hold no "
            "effect."
        ),
    )


def _to_risk_ratio(hazard_ratio: float, is_common: bool) -> float:
    if not is_common:
        return hazard_ratio
    return (1 - 0.5 ** math.sqrt(hazard_ratio)) / (1 - 0.5 ** math.sqrt(1 / hazard_ratio))


def _find_e_value(risk_ratio: float) -> float:
    ratio = max(risk_ratio, 1 / risk_ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))
