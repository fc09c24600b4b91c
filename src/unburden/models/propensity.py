"""Propensity: each patient's probability of being treated, given what was known at time zero."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from unburden.domain.emulation_plan import PropensityModel
from unburden.domain.errors import InvalidEmulation, NoEstimate, Problems

MOST_STEPS, TOLERANCE = 100, 1e-10
MOST_LINEAR = 30.0
"""A linear predictor of more standard units than this means a probability of 0 or 1: separation."""

BOOSTING_ROUNDS, PATIENCE, LEARNING_RATE = 500, 25, 0.05
BOOSTING_LEAVES, BOOSTING_DEPTH, SMALLEST_LEAF = 8, 3, 20
_WHERE = "propensity of treatment"


@dataclass(frozen=True)
class PropensityFit:
    """`probabilities` (n) of treatment; for a logistic model also its terms, intercept first.

    `design` (n, p + 1) and `influence` (n, p + 1), each patient's influence on the coefficients, are what
    the variance of a weighted estimate needs to allow for the estimated propensity; both are None for a
    boosted model.
    """

    model: PropensityModel
    words: str
    probabilities: np.ndarray
    terms: tuple[str, ...] = ()
    coefficients: tuple[float, ...] = ()
    design: np.ndarray | None = field(default=None, repr=False)
    influence: np.ndarray | None = field(default=None, repr=False)


def fit_logistic_propensity(values: np.ndarray, treated: np.ndarray, terms: tuple[str, ...]) -> PropensityFit:
    """Maximum likelihood logistic regression of `treated` (n) on `values` (n, p), by Newton's steps.

    The influence of patient i on the coefficients is H⁻¹ x_i (a_i − e_i), H the information.

    Raises `NoEstimate` for an empty arm, terms that are combinations of others, and separation: a term, or a
    combination of terms, that tells the arms apart, so that no finite coefficient exists (Albert & Anderson
    1984, Biometrika 71:1).

    >>> fit = fit_logistic_propensity(np.array([[0.0], [0], [1], [1]]), np.array([1, 0, 1, 0], bool), ("x",))
    >>> fit.probabilities.round(6).tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    treated = np.asarray(treated, bool)
    _check_arms(treated)
    _check_single_separation(values, treated, terms)
    center, spread = values.mean(axis=0), values.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(len(values)), (values - center) / spread])
    _check_rank(design, terms)
    coefficients, information = _climb(design, treated, terms)
    # Back from standard units: slope / spread, and the intercept takes what the centres held.
    back = np.eye(len(coefficients))
    back[1:, 1:] = np.diag(1 / spread)
    back[0, 1:] = -center / spread
    probabilities = _to_probability(design @ coefficients)
    influence = (design * (treated - probabilities)[:, None]) @ np.linalg.inv(information) @ back.T
    return PropensityFit(
        model="logistic",
        words=f"logistic regression on {values.shape[1]} terms, by maximum likelihood",
        probabilities=probabilities,
        terms=("intercept", *terms),
        coefficients=tuple(float(c) for c in back @ coefficients),
        design=np.column_stack([np.ones(len(values)), values]),
        influence=influence,
    )


def _climb(design: np.ndarray, treated: np.ndarray, terms: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of the largest likelihood, with the information there; steps are halved until it rises."""
    coefficients = np.zeros(design.shape[1])
    likelihood = _sum_log_likelihood(design, treated, coefficients)
    for _ in range(MOST_STEPS):
        probabilities = _to_probability(design @ coefficients)
        score = design.T @ (treated - probabilities)
        information = (design * (probabilities * (1 - probabilities))[:, None]).T @ design
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            break
        length = 1.0
        while length > 1e-8:
            further = _sum_log_likelihood(design, treated, coefficients + length * step)
            if further >= likelihood - 1e-12 * abs(likelihood):
                break
            length /= 2
        coefficients = coefficients + length * step
        likelihood = _sum_log_likelihood(design, treated, coefficients)
        if not np.abs(design @ coefficients).max() < MOST_LINEAR:
            break
        if np.abs(length * step).max() < TOLERANCE:
            return coefficients, information
    largest = [f"{terms[i]!r}" for i in np.argsort(-np.abs(coefficients[1:]))[:3]]
    raise NoEstimate(
        _WHERE,
        [
            "a combination of covariates tells the treated from the others for some patients "
            "(separation), so the coefficients grow without end; the largest are those of "
            f"{', '.join(largest)}: leave one out, join its levels, or exclude by a criterion those who "
            "could only get one treatment"
        ],
    )


def _to_probability(linear: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(linear, -700, 700)))


def _sum_log_likelihood(design: np.ndarray, treated: np.ndarray, coefficients: np.ndarray) -> float:
    linear = design @ coefficients
    return float(-np.logaddexp(0, np.where(treated, -linear, linear)).sum())


def _check_arms(treated: np.ndarray) -> None:
    count = int(treated.sum())
    if count in (0, len(treated)):
        arm = "control" if count else "treated"
        raise NoEstimate(
            _WHERE,
            [
                f"the {arm} arm is empty: {count} of {len(treated)} patients are treated; widen the "
                "criteria or check the values of the treatment column"
            ],
        )


def _check_single_separation(values: np.ndarray, treated: np.ndarray, terms: tuple[str, ...]) -> None:
    """Refuse each term that by itself tells the arms apart, completely or for one of its levels."""
    problems = Problems(_WHERE)
    for term, column in zip(terms, values.T, strict=True):
        inside, outside = column[treated], column[~treated]
        for low, high, low_arm, high_arm in (
            (inside, outside, "treated", "controls"),
            (outside, inside, "controls", "treated"),
        ):
            if low.max() <= high.min() and low.min() < high.max():
                edge = f"{low.max():g}"
                problems.add(
                    f"{term!r} separates the arms: all {low_arm} have {edge} or less and all {high_arm} "
                    f"{edge} or more; leave it out, join its levels, or exclude by a criterion those who "
                    "could only get one treatment"
                )
    problems.raise_if_any(NoEstimate)


def _check_rank(design: np.ndarray, terms: tuple[str, ...]) -> None:
    """Refuse terms that are combinations of those before them."""
    triangle = np.abs(np.diag(np.linalg.qr(design, mode="r")))
    extra = [terms[i - 1] for i in range(1, len(triangle)) if triangle[i] < 1e-9 * np.sqrt(len(design))]
    if extra or design.shape[0] <= design.shape[1]:
        shown = (
            ", ".join(repr(term) for term in extra) or f"{design.shape[1]} terms for {len(design)} patients"
        )
        raise NoEstimate(_WHERE, [f"{shown}: a combination of the other covariates; leave it out"])


def fit_boosted_propensity(
    values: np.ndarray, treated: np.ndarray, terms: tuple[str, ...], *, folds: int, seed: int
) -> PropensityFit:
    """Trees (LightGBM) boosted on top of a logistic regression, cross-fitted over `folds`.

    Nobody's probability comes from a model that saw them. The trees start at the logistic regression of the
    learning folds and add what it misses; started at nothing they smooth away what a straight line tells,
    and weighted estimates stay confounded (docs/decisions/emulation-of-gbsg2.md). In each fold the number
    of trees (none to 500, of depth 3, learning rate 0.05) is the one with the least log-loss on a fifth of
    the other folds' patients; the model is then fitted again on all of them. One thread and fixed seeds: the
    same numbers every time.

    Raises `InvalidEmulation` where LightGBM is not installed, `NoEstimate` as the logistic regression.
    """
    treated = np.asarray(treated, bool)
    _check_arms(treated)
    lightgbm = _import_lightgbm()
    fold_of = assign_folds(treated.astype(np.int64), folds=folds, seed=seed)
    linear, rounds = np.empty(len(treated)), []
    for fold in range(folds):
        inside, outside = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        start = _fit_start(values[inside], treated[inside], terms)
        count = _choose_rounds(lightgbm, values[inside], treated[inside], terms, seed=seed + fold + 1)
        linear[outside] = start(values[outside])
        if count:
            whole = _make_dataset(lightgbm, values[inside], treated[inside], start(values[inside]))
            model = lightgbm.train(_name_parameters(seed), whole, num_boost_round=count)
            linear[outside] += model.predict(values[outside], raw_score=True)
        rounds.append(count)
    shown = ", ".join(str(count) for count in rounds)
    return PropensityFit(
        model="boosted",
        words=(
            f"gradient-boosted trees (LightGBM {lightgbm.__version__}) on top of a logistic regression on "
            f"{values.shape[1]} terms, {folds}-fold cross-fitted, seed {seed}; trees by fold: {shown}"
        ),
        probabilities=_to_probability(linear),
    )


def _fit_start(
    values: np.ndarray, treated: np.ndarray, terms: tuple[str, ...]
) -> Callable[[np.ndarray], np.ndarray]:
    """The linear predictor of a logistic regression, as a function of other patients' values."""
    coefficients = np.array(fit_logistic_propensity(values, treated, terms).coefficients)
    return lambda others: coefficients[0] + others @ coefficients[1:]


def _choose_rounds(
    lightgbm: Any, values: np.ndarray, treated: np.ndarray, terms: tuple[str, ...], *, seed: int
) -> int:
    """How many trees predict a held-out fifth best; 0 where none beats the logistic regression."""
    part = assign_folds(treated.astype(np.int64), folds=5, seed=seed)
    kept, held = part != 0, part == 0
    start = _fit_start(values[kept], treated[kept], terms)
    alone = start(values[held])
    model = lightgbm.train(
        _name_parameters(seed),
        _make_dataset(lightgbm, values[kept], treated[kept], start(values[kept])),
        num_boost_round=BOOSTING_ROUNDS,
        valid_sets=[_make_dataset(lightgbm, values[held], treated[held], alone)],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
    loss_alone = np.logaddexp(0, np.where(treated[held], -alone, alone)).mean()
    loss = model.best_score["valid_0"]["binary_logloss"]
    return int(model.best_iteration) if loss < loss_alone else 0


def _make_dataset(lightgbm: Any, values: np.ndarray, treated: np.ndarray, start: np.ndarray) -> Any:
    """Patients as LightGBM takes them."""
    return lightgbm.Dataset(values, treated.astype(np.float64), init_score=start, params={"verbose": -1})


def _name_parameters(seed: int) -> dict[str, object]:
    return {
        "objective": "binary",
        "learning_rate": LEARNING_RATE,
        "num_leaves": BOOSTING_LEAVES,
        "max_depth": BOOSTING_DEPTH,
        "min_data_in_leaf": SMALLEST_LEAF,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": seed,
        "verbose": -1,
    }


def _import_lightgbm() -> Any:
    try:
        import lightgbm
    except ImportError:
        raise InvalidEmulation(
            _WHERE,
            [
                "propensity is 'boosted' but LightGBM is not installed; install it with "
                "pip install 'unburden[learn]', or use 'logistic'"
            ],
        ) from None
    return lightgbm


def assign_folds(strata: np.ndarray, *, folds: int, seed: int) -> np.ndarray:
    """A fold (0 to `folds` − 1) for each row, even within each stratum, by a seeded shuffle.

    >>> np.bincount(assign_folds(np.array([0, 0, 1, 1]), folds=2, seed=1)).tolist()
    [2, 2]
    """
    random = np.random.default_rng(seed)
    found = np.empty(len(strata), dtype=np.int64)
    start = 0
    for stratum in np.unique(strata):
        rows = random.permutation(np.flatnonzero(strata == stratum))
        # Each stratum goes on where the last ended, so that small strata do not all fill fold 0.
        found[rows] = (start + np.arange(len(rows))) % folds
        start += len(rows)
    return found


def compute_area_under_curve(probabilities: np.ndarray, treated: np.ndarray) -> float:
    """The chance that a treated patient has a higher probability than a control, ties counted half."""
    _, place, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    treated = np.asarray(treated, bool)
    inside = int(treated.sum())
    return float((ranks[treated].sum() - inside * (inside + 1) / 2) / (inside * (len(treated) - inside)))
