"""Restricted mean times under step hazards, and what one patient's follow-up adds to the prediction.

A step hazard has jumps at `jump_times` (m, ascending, up to the horizon); a patient of relative risk r has
the discrete hazard 1 − exp(−increment × r) there, so that S is the product of exp(−increment × r).
"""

import math

import numba


@numba.njit(cache=True, error_model="numpy")
def fill_means(risks, jump_times, increments, horizon, means):
    """Each patient's mean time up to the horizon, the area under S, by going back from the horizon."""
    m = jump_times.shape[0]
    for i in range(risks.shape[0]):
        rest, later = 0.0, horizon
        for k in range(m - 1, -1, -1):
            rest = (later - jump_times[k] + rest) * math.exp(-increments[k] * risks[i])
            later = jump_times[k]
        means[i] = later + rest


@numba.njit(cache=True, error_model="numpy")
def fill_residuals(
    risks,
    jump_times,
    increments,
    horizon,
    ends,
    has_event,
    censoring_risks,
    censoring_at_jumps,
    censoring_at_ends,
    residuals,
):
    """Each patient's time beyond the predicted one, unbiased under censoring: −∫ Q(s) dM(s) / G(s−).

    Q(s) is the mean time left at s of those free of the event, up to the horizon; M the martingale of the
    event, G = exp(−cumulative censoring × risk) the chance to be uncensored. Without censoring it is
    min(time, horizon) less the predicted mean (Díaz et al. 2019, Lifetime Data Anal 25:439).
    """
    m = jump_times.shape[0]
    for i in range(risks.shape[0]):
        left, later, total = 0.0, horizon, 0.0
        left_at_end, is_passed = 0.0, False
        for k in range(m - 1, -1, -1):
            if not is_passed and jump_times[k] <= ends[i]:
                left_at_end = later - ends[i] + left
                is_passed = True
            left += later - jump_times[k]
            fall = math.exp(-increments[k] * risks[i])
            if jump_times[k] <= ends[i]:
                total += left * (1.0 - fall) * math.exp(censoring_at_jumps[k] * censoring_risks[i])
            left *= fall
            later = jump_times[k]
        if not is_passed:
            left_at_end = later - ends[i] + left
        if has_event[i] and ends[i] <= horizon:
            total -= left_at_end * math.exp(censoring_at_ends[i] * censoring_risks[i])
        residuals[i] = total
