"""What is not known of the burden, drawn by numpy and walked with: means, intervals, orders, worst tenths.

A walk with arrays of draws in place of the entries' values gives each patient's burden in every draw.
"""

from dataclasses import replace

import numpy as np
import pytest
from burden_walk import LEDGER, Times, Walk, World
from burden_walk_checks import ask
from scipy import optimize, special

from unburden.burden.draws import EvidenceDraws, compare_scores
from unburden.domain.burden import Evidence, Persona
from unburden.domain.conduct import UnscheduledVisits
from unburden.domain.protocol import Activity, Cell, Place, Protocol, Timeline, Visit

DRAWS = 20_000
ERRORS = 5.0
"""Monte Carlo errors by which two simulations may differ: once in a million comparisons."""

KINDS = {
    "drug": "infusion",
    "hem": "hematology",
    "chem": "chemistry",
    "eq5d": "EQ-5D",
    "ecg": "ECG",
    "diary": "diary",
}


def make_protocol(*visits: tuple[Visit, str]) -> Protocol:
    return Protocol(
        id="P", title="P", source="P", timelines=(Timeline("main", "Main", True),),
        visits=tuple(visit for visit, _ in visits),
        activities=tuple(Activity(i, i) for i in KINDS),
        cells=tuple(Cell(visit.id, i) for visit, done in visits for i in done.split()),
    )  # fmt: skip


CYCLES = "Cycle 2 and beyond (28 days) / Day 1"
PROTOCOL = make_protocol(
    (Visit("S", "Screening", "main", -7.0), "hem chem ecg"),
    (Visit("C1", "Cycle 1 (28 days) / Day 1", "main", 0.0), "drug hem diary"),
    (Visit("N", "Nurse", "main", 14.0, (Place.HOME,)), "hem"),
    (Visit("C2", CYCLES, "main", None, repeat=CYCLES), "drug hem chem eq5d diary"),
)
RATE = Evidence("unscheduled.rate", "a", 0.8, 0.3, 1.6, "1", "assumed:test", "assumed")
WORLD = World(
    curves={"treatment": ((30.0, 0.8), (100.0, 0.5), (180.0, 0.3), (290.0, 0.1))},
    horizon_days=365, cycle_days=28, visits={"C2": Times((28,), 28)}, kinds=KINDS,
    unscheduled=(0.8, ("hem",)),
)  # fmt: skip
FAR = (
    Evidence("travel.one_way_km", "far", 121.2, 60.0, 180.0, "km", "published:Borno et al. 2018", "B"),
    Evidence("travel.minutes", "far", 180.0, 130.0, 290.0, "minute", "assumed:speed", "assumed"),
)
PERSONAS = (Persona("usual", 0.6), Persona("far", 0.4, FAR))


class Numbers:
    """Draws of the evidence: one standard normal number an id and draw, whoever carries the entry."""

    def __init__(self, draws: int, seed: int) -> None:
        self.draws, self.generator = draws, np.random.default_rng(seed)
        self.normals: dict[str, np.ndarray] = {}

    def draw(self, entry: Evidence) -> np.ndarray:
        if entry.id not in self.normals:
            self.normals[entry.id] = self.generator.standard_normal(self.draws)
        sd = (entry.high - entry.low) / 3.92
        if entry.distribution == "fixed":
            return np.full(self.draws, entry.value)
        if entry.distribution == "logit-normal":
            return draw_share(entry.value, sd, self.normals[entry.id])
        spread = np.sqrt(np.log(1 + (sd / entry.value) ** 2))
        return entry.value * np.exp(spread * self.normals[entry.id] - spread**2 / 2)

    def draw_all(self, overrides: tuple[Evidence, ...] = ()) -> dict[str, np.ndarray]:
        entries = {e.id: e for e in (*LEDGER.evidence, RATE, *overrides)}
        return {i: self.draw(e) for i, e in entries.items()}


def draw_share(mean: float, sd: float, normals: np.ndarray) -> np.ndarray:
    """A share whose logit is normal; its mean and sd met by the trapezoidal rule over 16 sd."""
    z = np.linspace(-8, 8, 4001)
    weight = np.exp(-z * z / 2)
    weight /= weight.sum()

    def miss(x):
        values = special.expit(x[0] + np.exp(x[1]) * z)
        found = (weight * values).sum()
        return [found - mean, np.sqrt((weight * values**2).sum() - found**2) - sd]

    solved = optimize.root(miss, [special.logit(mean), np.log(sd / (mean * (1 - mean)))], tol=1e-12)
    assert solved.success
    return special.expit(solved.x[0] + np.exp(solved.x[1]) * normals)


def walk_draws(protocol: Protocol, world: World, values) -> list[tuple[float, dict[str, np.ndarray]]]:
    """Each kind of patient by weight, with what is asked of it in every draw."""
    world = replace(world, unscheduled=(values[RATE.id], world.unscheduled[1]) if world.unscheduled else None)
    walk = Walk(protocol, world, None, values)
    draws = len(values["count.one"])
    return [
        (p.weight, {name: amount + np.zeros(draws) for name, amount in w.amounts.items()})
        for p, w in zip(walk.patients, walk.walks, strict=True)
    ]


def average(patients, name: str) -> np.ndarray:
    return np.sum([weight * amounts[name] for weight, amounts in patients], axis=0)


@pytest.fixture(scope="module")
def walked():
    numbers = Numbers(DRAWS, 5)
    return [(p.share, walk_draws(PROTOCOL, WORLD, numbers.draw_all(p.overrides))) for p in PERSONAS]


@pytest.fixture(scope="module")
def asks():
    return ask(
        PROTOCOL, {None: WORLD}, UnscheduledVisits(RATE, ("hem",)), PERSONAS, draws=DRAWS, seed=11,
        standard_of_care=PROTOCOL,
    )  # fmt: skip


def test_mean_and_interval_of_all_patients(walked, asks):
    for name, told in asks.mean.items():
        draws = np.sum([share * average(patients, name) for share, patients in walked], axis=0)
        error = draws.std() * np.sqrt(2 / DRAWS)
        assert told.value == pytest.approx(draws.mean(), abs=ERRORS * error + 1e-9), name
        # The mean of the draws is that of the walk at the entries' values: products of independent entries.
        total = sum(each.share * each.score.totals[name].value for each in asks.by_persona)
        assert draws.mean() == pytest.approx(total, abs=ERRORS * draws.std() / np.sqrt(DRAWS) + 1e-9), name
        for share, bound in ((0.025, told.low), (0.975, told.high)):
            slack = ERRORS * np.sqrt(share * (1 - share) * 2 / DRAWS)
            low, high = np.quantile(draws, (max(share - slack, 0), min(share + slack, 1)))
            assert low - 1e-9 <= bound <= high + 1e-9, (name, share)


def test_entries_of_a_persona_share_the_unknown(walked, asks):
    # Were the far patients' travel drawn apart from the others', the mean's spread would be a quarter less.
    told = asks.mean["travel_km"]
    together = np.sum([share * average(patients, "travel_km") for share, patients in walked], axis=0)
    apart = Numbers(DRAWS, 8).draw_all(FAR)
    other = 0.6 * average(walked[0][1], "travel_km") + 0.4 * average(
        walk_draws(PROTOCOL, WORLD, apart), "travel_km"
    )
    width = told.high - told.low
    assert width == pytest.approx(np.subtract(*np.quantile(together, (0.975, 0.025))), rel=0.06)
    assert np.subtract(*np.quantile(other, (0.975, 0.025))) < 0.85 * width


def test_the_worst_tenth(walked, asks):
    # One typical patient a draw, the same for every persona; its error from 20 batches of the draws.
    chosen = np.random.default_rng(3).random(DRAWS)
    for name, told in asks.worst_tenth.items():
        amounts = []
        for _, patients in walked:
            edges = np.cumsum([weight for weight, _ in patients])[:-1]
            which = np.searchsorted(edges, chosen, side="right")
            amounts.append(np.array([a[name] for _, a in patients])[which, np.arange(DRAWS)])
        batches = [find_worst(part, (0.6, 0.4)) for part in np.split(np.array(amounts), 20, axis=1)]
        error = np.std(batches, ddof=1) / np.sqrt(20)
        expected = find_worst(np.array(amounts), (0.6, 0.4))
        assert told == pytest.approx(expected, abs=ERRORS * np.sqrt(2) * error + 1e-9), name


def find_worst(amounts: np.ndarray, shares: tuple[float, ...]) -> float:
    """Mean of the tenth with most, patients of a persona weighing by its share."""
    weights = np.repeat(np.array(shares) / amounts.shape[1], amounts.shape[1])
    order = np.argsort(-amounts.ravel())
    before = np.cumsum(weights[order]) - weights[order]
    counted = np.clip(0.1 - before, 0, weights[order])
    return float((counted * amounts.ravel()[order]).sum() / 0.1)


def test_standard_care_that_is_the_same_schedule_leaves_nothing(asks):
    for each in asks.by_persona:
        assert set(each.increment) == set(each.score.totals)
        assert {e.bounds() for e in each.increment.values()} == {(0.0, 0.0, 0.0)}


def test_the_increment_is_the_difference_of_the_totals():
    care = replace(PROTOCOL, cells=tuple(c for c in PROTOCOL.cells if c.activity_id != "eq5d"))
    found = ask(PROTOCOL, {None: WORLD}, personas=PERSONAS, standard_of_care=care)
    alone = ask(care, {None: WORLD}, personas=PERSONAS)
    for each, outside in zip(found.by_persona, alone.by_persona, strict=True):
        for name, told in each.increment.items():
            left = each.score.totals[name].value - outside.score.totals[name].value
            assert told.value == pytest.approx(left, rel=1e-6, abs=1e-6), name


def test_the_probability_of_an_order():
    # More visits that ask little against fewer that ask much.
    many = make_protocol(*((Visit(f"V{i}", f"V{i}", "main", 10.0 * i), "ecg") for i in range(6)))
    few = make_protocol(
        *((Visit(f"V{i}", f"V{i}", "main", 10.0 * i), "ecg hem chem eq5d drug") for i in range(2)),
    )
    world = World(kinds=KINDS)
    first, second = (ask(p, {None: world}).by_persona[0].score for p in (many, few))
    told = compare_scores(first, second, EvidenceDraws(DRAWS, 4))
    values = Numbers(DRAWS, 9).draw_all()
    one, other = (walk_draws(p, world, values)[0][1] for p in (many, few))
    unsure = 0
    for name, estimate in told.items():
        difference = one[name] - other[name]
        expected = (difference < -1e-9).mean() + 0.5 * (abs(difference) <= 1e-9).mean()
        slack = ERRORS * np.sqrt(expected * (1 - expected) * 2 / DRAWS)
        assert estimate.value == pytest.approx(expected, abs=slack + 1e-12), name
        unsure += 0.02 < expected < 0.98
    assert unsure >= 2
