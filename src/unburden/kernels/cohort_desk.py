"""Room, codes and patients of emulated cohorts: what the kernels of cohorts share."""

from typing import NamedTuple

import numba
import numpy as np

from unburden.kernels.propensity import BLOCK, SUMS

EXISTS, ONE_ARM, NO_PROPENSITY, NO_EVENT, TREATED_ONLY, CONTROL_ONLY, SEPARATED, SHORT_FOLLOW_UP = range(8)
UNWEIGHTED, STABILISED, OVERLAP = range(3)
NO_LIMIT, BY_PROBABILITY, BY_QUANTILE = range(3)
HAZARD, RESTRICTED_MEAN, RISK, POOL = range(4)
PATIENTS, TREATED, EVENTS_TREATED, EVENTS_CONTROL, EFFECTIVE, VALUES, ERRORS = 0, 1, 2, 3, 4, 5, 8
COLUMNS = 11


class Patients(NamedTuple):
    """n patients in ascending order of time.

    `failing` (uint32) has a bit for each criterion that the patient fails; `rank` numbers distinct
    times; `covariates` (q, n) has ones in its first row; `counts` says how often each patient is in
    the sample (1, or a bootstrap multiplicity). `treated`, `events` and `harmed` are 0.0 or 1.0.
    """

    failing: np.ndarray
    times: np.ndarray
    rank: np.ndarray
    events: np.ndarray
    treated: np.ndarray
    harmed: np.ndarray
    covariates: np.ndarray
    counts: np.ndarray


class Settings(NamedTuple):
    """What is computed: codes of this module, limits of truncation, horizon in the unit of the times."""

    weighting: int
    limit_kind: int
    lower: float
    upper: float
    is_efron: bool
    horizon: float
    has_harm: bool


class Desk(NamedTuple):
    """Room for one cohort: its patients in rows, its event times, its terms, its influences."""

    place: np.ndarray
    covariates: np.ndarray
    values: np.ndarray
    group: np.ndarray
    at_times: np.ndarray
    terms: np.ndarray
    lookup: np.ndarray
    block: np.ndarray
    influence: np.ndarray
    factor: np.ndarray
    is_aliased: np.ndarray


ROW_TREATED, ROW_EVENT, ROW_HARMED, ROW_COUNT, ROW_SHARE, ROW_WEIGHT, ROW_SLOPE, ROW_BY_SHARE = range(8)
AT_TIME, AT_RISK_1, AT_RISK_0, DEAD_1, DEAD_0, DEATHS = range(6)


@numba.njit(cache=True)
def allocate_desk(n, q):
    """Room for cohorts of up to n patients and q rows of covariates."""
    return Desk(
        np.empty(n, np.int32),
        np.empty((q, n)),
        np.empty((8, n)),
        np.empty(n, np.int32),
        np.empty((6, n + 1)),
        np.empty((3, n + 1)),
        np.empty((10, n + 1)),
        np.empty((5, BLOCK)),
        np.empty((3, n)),
        np.empty((q, q)),
        np.empty(q, np.bool_),
    )


@numba.njit(cache=True, error_model="numpy")
def gather_row(source, places, target):
    """Fill `target` with the entries of `source` at `places`."""
    for t in range(places.shape[0]):
        target[t] = source[places[t]]


@numba.njit(cache=True, error_model="numpy")
def gather_cohort(mask, patients, desk):
    """Compact the patients that fail none of the criteria in `mask`; returns how many rows."""
    m = 0
    failing, counts, place = patients.failing, patients.counts, desk.place
    for i in range(failing.shape[0]):
        place[m] = i
        m += (failing[i] & mask) == 0 and counts[i] > 0.0
    places = place[:m]
    for a in range(patients.covariates.shape[0]):
        gather_row(patients.covariates[a], places, desk.covariates[a, :m])
    gather_row(patients.treated, places, desk.values[ROW_TREATED, :m])
    gather_row(patients.events, places, desk.values[ROW_EVENT, :m])
    gather_row(patients.harmed, places, desk.values[ROW_HARMED, :m])
    gather_row(patients.counts, places, desk.values[ROW_COUNT, :m])
    return m


@numba.njit(cache=True, error_model="numpy", fastmath=SUMS)
def count_cohort(m, desk, row):
    """Fill patients, treated and events of each arm into the cohort's row of results."""
    treated, events, counts = desk.values[ROW_TREATED], desk.values[ROW_EVENT], desk.values[ROW_COUNT]
    patients, arm, both, of_treated = 0.0, 0.0, 0.0, 0.0
    for t in range(m):
        patients += counts[t]
        arm += counts[t] * treated[t]
        both += counts[t] * events[t]
        of_treated += counts[t] * events[t] * treated[t]
    row[PATIENTS], row[TREATED] = patients, arm
    row[EVENTS_TREATED], row[EVENTS_CONTROL] = of_treated, both - of_treated
