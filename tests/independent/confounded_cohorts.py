"""Cohorts drawn from a known law, in which treatment is confounded, with the true answers beside them.

A patient has independent standard normal covariates and one flag; is treated by a logistic propensity; has
Weibull survival whose hazard depends on covariates, treatment and their product; is censored at an
exponential time, whose rate may depend on covariates, and at the end of follow-up. Criteria are measures
that lean on the covariates. Because treatment, survival, censoring and each criterion are independent given
the covariates, every truth is an integral over these, computed by quadrature.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, gamma, gammainc, ndtr

Array = np.ndarray


@dataclass(frozen=True)
class Criterion:
    """Met where `loadings` @ covariates + `noise` * a standard normal is at most `limit`; noise above 0."""

    loadings: tuple[float, ...]
    noise: float
    limit: float


@dataclass(frozen=True)
class World:
    """The law. Slopes have one number per covariate: the normals, then the flag.

    Hazard at t: scale * shape * t^(shape - 1) * exp(x @ log_hazard + a * (effect + x @ effect_slopes)).
    Rate of censoring: exp(log_censoring + x @ censoring_slopes), or none where `log_censoring` is None;
    everybody is censored at `end`.
    """

    flag_share: float
    propensity: float
    propensity_slopes: tuple[float, ...]
    scale: float
    shape: float
    log_hazard: tuple[float, ...]
    effect: float
    effect_slopes: tuple[float, ...]
    log_censoring: float | None
    censoring_slopes: tuple[float, ...]
    end: float
    criteria: tuple[Criterion, ...] = ()


EXAMPLE = World(
    flag_share=0.4,
    propensity=-0.2,
    propensity_slopes=(0.7, -0.4, 0.5),
    scale=0.08,
    shape=1.3,
    log_hazard=(0.5, 0.3, 0.4),
    effect=-0.5,
    effect_slopes=(0.25, 0.0, -0.3),
    log_censoring=-3.0,
    censoring_slopes=(0.0, 0.0, 0.0),
    end=10.0,
    criteria=(
        Criterion((0.8, 0.0, 0.0), 0.6, 0.8),
        Criterion((0.0, -0.7, 0.0), 0.7, 1.0),
        Criterion((0.3, 0.3, 1.0), 1.0, 1.2),
        Criterion((0.0, 0.0, 0.0), 1.0, 1.3),
    ),
)
"""Two normals and a flag confound; the effect shrinks with the first normal; four criteria of which the last
has to do with nothing."""


@dataclass(frozen=True)
class DrawnCohort:
    """Patients drawn from a world: what is observed and, in `potential_times`, what nobody sees.

    `covariates` (patients, covariates); `treated` and `events` 0 or 1; `times` observed; `measures` and
    `passes` (patients, criteria); `potential_times` (patients, 2) without and with treatment; `propensity`
    and `censored` (times of censoring) as they truly are.
    """

    covariates: Array
    treated: Array
    times: Array
    events: Array
    measures: Array
    passes: Array
    potential_times: Array
    propensity: Array
    censored: Array


def draw_cohort(world: World, patients: int, *, seed: int) -> DrawnCohort:
    """So many patients of the world; the same for the same seed."""
    rng = np.random.default_rng(seed)
    normals = len(world.log_hazard) - 1
    flag = rng.random(patients) < world.flag_share
    x = np.column_stack([rng.normal(size=(patients, normals)), flag])
    propensity = compute_propensity(world, x)
    treated = (rng.random(patients) < propensity).astype(int)
    surprise = rng.exponential(size=patients)
    potential = np.column_stack(
        [(surprise / compute_rate(world, x, arm)) ** (1 / world.shape) for arm in (0, 1)]
    )
    censored = np.full(patients, world.end)
    if world.log_censoring is not None:
        censored = np.minimum(censored, rng.exponential(size=patients) / _compute_censoring(world, x))
    died = potential[np.arange(patients), treated]
    measures = np.empty((patients, len(world.criteria)))
    for j, criterion in enumerate(world.criteria):
        measures[:, j] = x @ np.array(criterion.loadings) + criterion.noise * rng.normal(size=patients)
    return DrawnCohort(
        covariates=x,
        treated=treated,
        times=np.minimum(died, censored),
        events=(died <= censored).astype(int),
        measures=measures,
        passes=measures <= np.array([criterion.limit for criterion in world.criteria]),
        potential_times=potential,
        propensity=propensity,
        censored=censored,
    )


def compute_propensity(world: World, x: Array) -> Array:
    """P(treated | x)."""
    return expit(world.propensity + x @ np.array(world.propensity_slopes))


def compute_rate(world: World, x: Array, arm: int) -> Array:
    """r(x, a) in S(t | x, a) = exp(-r t^shape)."""
    effect = world.effect + x @ np.array(world.effect_slopes)
    return world.scale * np.exp(x @ np.array(world.log_hazard) + arm * effect)


def _compute_censoring(world: World, x: Array) -> Array:
    if world.log_censoring is None:
        return np.zeros(len(x))
    return np.exp(world.log_censoring + x @ np.array(world.censoring_slopes))


def list_nodes(world: World, points: int = 40) -> tuple[Array, Array]:
    """Covariates (nodes, covariates) and their probabilities: Gauss-Hermite by normal, both flags."""
    places, weights = np.polynomial.hermite_e.hermegauss(points)
    weights = weights / weights.sum()
    normals = len(world.log_hazard) - 1
    rows, chances = [], []
    for spots in itertools.product(range(points), repeat=normals):
        chance = math.prod(weights[spot] for spot in spots)
        for flag, share in ((0.0, 1 - world.flag_share), (1.0, world.flag_share)):
            rows.append([*(places[spot] for spot in spots), flag])
            chances.append(chance * share)
    return np.array(rows), np.array(chances)


def compute_pass_chance(world: World, x: Array, chosen: tuple[int, ...]) -> Array:
    """P(all chosen criteria are met | x)."""
    chance = np.ones(len(x))
    for j in chosen:
        criterion = world.criteria[j]
        chance *= ndtr((criterion.limit - x @ np.array(criterion.loadings)) / criterion.noise)
    return chance


def _weigh_nodes(world: World, chosen, target: str) -> tuple[Array, dict[int, Array], float]:
    """Nodes, each arm's law over them (sums to 1) and the treated share of the weighted patients.

    `target`: "all" patients who meet the criteria, with stabilised weights; "treated", "overlap" (Li, Morgan
    & Zaslavsky 2018), whose weights make equal arms; "crude", what no weights compare.
    """
    x, law = list_nodes(world)
    law = law * compute_pass_chance(world, x, chosen)
    law /= law.sum()
    e = compute_propensity(world, x)
    share = float(law @ e)
    if target == "crude":
        return x, {1: law * e / share, 0: law * (1 - e) / (1 - share)}, share
    tilted = law * {"all": np.ones(len(x)), "treated": e, "overlap": e * (1 - e)}[target]
    tilted /= tilted.sum()
    return x, {1: tilted, 0: tilted}, share if target == "all" else 0.5


def compute_true_pool(world: World, chosen: tuple[int, ...]) -> float:
    """The share of patients who meet all chosen criteria."""
    x, law = list_nodes(world)
    return float(law @ compute_pass_chance(world, x, chosen))


def compute_true_rmst(world: World, tau: float, arm: int, *, chosen=(), target: str = "all") -> float:
    """The mean of min(T, tau) if all of the target had the arm's treatment.

    Given x it is Gamma(1 + 1/shape) r^(-1/shape) P(1/shape, r tau^shape), P the regularised incomplete
    gamma function; this is averaged over the nodes.
    """
    x, laws, _ = _weigh_nodes(world, chosen, target)
    rate, power = compute_rate(world, x, arm), 1 / world.shape
    means = gamma(1 + power) * rate**-power * gammainc(power, rate * tau**world.shape)
    return float(laws[arm] @ means)


def compute_true_rmst_difference(world: World, tau: float, *, chosen=(), target: str = "all") -> float:
    """The restricted mean to `tau` with treatment less that without."""
    one, other = (compute_true_rmst(world, tau, arm, chosen=chosen, target=target) for arm in (1, 0))
    return one - other


def compute_true_survival(world: World, t: float, arm: int, *, chosen=(), target: str = "all") -> float:
    """P(T > t) if all of the target had the arm's treatment."""
    x, laws, _ = _weigh_nodes(world, chosen, target)
    return float(laws[arm] @ np.exp(-compute_rate(world, x, arm) * t**world.shape))


def compute_true_log_hazard_ratio(
    world: World, *, chosen=(), target: str = "all", share: float | None = None, is_censored: bool = True
) -> float:
    """What a weighted Cox model with treatment alone tends to: the root of its score's expectation.

    In the weighted patients treatment is as if randomised with `share` treated (None: what stabilised
    weights give for "all", one half for "treated" and "overlap"), so with at-risk shares R_a(t) = E[S_a(t|x)
    G(t|x)] and deaths D_a(t) = E[f_a(t|x) G(t|x)], x by the target's law, the root solves
    integral to `end` of p D_1 - (p D_1 + q D_0) p R_1 e^b / (p R_1 e^b + q R_0) = 0 (Struthers &
    Kalbfleisch 1986). As marginal hazards are not proportional, the answer depends on follow-up: on
    censoring too, unless `is_censored` is False, when `end` alone ends it.
    """
    x, laws, natural = _weigh_nodes(world, chosen, target)
    p = natural if share is None else share
    # u = t^shape makes every integrand smooth: f dt = r exp(-r u) du.
    places, weights = np.polynomial.legendre.leggauss(120)
    top = world.end**world.shape
    u, du = (places + 1) * top / 2, weights * top / 2
    leaving = _compute_censoring(world, x) if is_censored else np.zeros(len(x))
    staying = np.exp(-np.outer(leaving, u ** (1 / world.shape)))
    at_risk, deaths = {}, {}
    for arm in (1, 0):
        rate = compute_rate(world, x, arm)
        present = np.exp(-np.outer(rate, u)) * staying
        at_risk[arm] = laws[arm] @ present
        deaths[arm] = (laws[arm] * rate) @ present

    def compute_mean_score(b: float) -> float:
        treated = p * at_risk[1] * math.exp(b)
        fraction = treated / (treated + (1 - p) * at_risk[0])
        return float(du @ (p * deaths[1] - (p * deaths[1] + (1 - p) * deaths[0]) * fraction))

    return float(brentq(compute_mean_score, -10, 10, xtol=1e-13))
