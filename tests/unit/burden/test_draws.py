"""Draws of the burden against closed forms that are worked out here."""

import math
from dataclasses import replace

import numpy as np
import pytest
from test_score import LEDGER, PROTOCOL, entry

from unburden.burden.draws import EvidenceDraws, compare_scores, draw_difference, draw_score
from unburden.burden.drivers import estimate_drivers, estimate_population_drivers, find_drivers
from unburden.burden.population import draw_population, find_worst_mean
from unburden.burden.score import score_persona, score_schedule
from unburden.burden.totals import find_terms, match_lognormal
from unburden.burden.variants import list_keys, score_variants
from unburden.domain.burden import PATIENT_MINUTES, TIME_DIMENSIONS, BurdenScore, Evidence, Persona
from unburden.domain.conduct import Conduct
from unburden.domain.cycles import PatientCourse
from unburden.domain.errors import InvalidEvidence
from unburden.domain.protocol import Protocol, drop_cells
from unburden.kernels.draws import draw_normals
from unburden.kernels.evidence_draws import draw_stream_normals
from unburden.study.scoring import mix_scores, score_burden

FAR = Persona("far", 0.3, (entry("travel.one_way_km", 80, "km"), entry("travel.minutes", 200, "minute")))
NEAR = Persona("near", 0.7)


def score(persona: Persona = NEAR, protocol: Protocol = PROTOCOL, ledger=LEDGER) -> BurdenScore:
    return score_schedule(
        protocol,
        persona,
        ledger,
        course=PatientCourse(),
        conduct=Conduct(),
        arm_id=None,
        kinds={},
        overrides=(),
    )


def both() -> list[tuple[float, BurdenScore]]:
    return [(persona.share, score(persona)) for persona in (NEAR, FAR)]


def test_draws_agree_with_the_closed_form_in_mean_and_interval():
    """Mean within 4 Monte Carlo errors; Fenton-Wilkinson bounds within 3 % of the total."""
    result = score()
    drawn = draw_score(result, EvidenceDraws(200_000, 7))
    for name, total in result.totals.items():
        estimate = drawn.estimate(name)
        assert abs(estimate.value - total.value) <= 4 * drawn.mean_error(name) + 1e-9 * total.value
        assert estimate.low == pytest.approx(total.low, abs=0.03 * total.value)
        assert estimate.high == pytest.approx(total.high, abs=0.03 * total.value)


def test_one_entry_alone_is_the_lognormal_itself():
    """Radiation rests on one entry: the closed form is exact, quantiles within Monte Carlo error."""
    result, name = score(), "radiation_msv"
    drawn = draw_score(result, EvidenceDraws(400_000, 3))
    low, high = drawn.quantiles(name, 0.025, 0.975)
    terms = [(times, (result.evidence[key],)) for (key,), times in find_terms(result.lines)[name].items()]
    _, closed_low, closed_high = match_lognormal(terms)
    assert (low, high) == (pytest.approx(closed_low, rel=0.01), pytest.approx(closed_high, rel=0.01))


def test_an_entry_has_the_same_draws_whatever_else_is_drawn():
    tube = entry("tube", 4, "mL")
    alone = EvidenceDraws(1001, 5).draw_entry(tube)
    crowd = EvidenceDraws(1001, 5)
    for other in LEDGER.evidence:
        crowd.draw_entry(other)
    assert np.array_equal(alone, crowd.draw_entry(tube))
    assert np.array_equal(alone[:400], EvidenceDraws(400, 5).draw_entry(tube))
    assert not np.array_equal(alone, EvidenceDraws(1001, 6).draw_entry(tube))
    assert not np.array_equal(alone, EvidenceDraws(1001, 5, 1).draw_entry(tube))


def test_a_personas_own_entry_moves_with_the_ledgers():
    draws = EvidenceDraws(100, 5)
    mean = draw_score(mix_scores(both(), "all"), draws)
    apart = [share * draw_score(each, draws).values["travel_km"] for share, each in both()]
    assert mean.values["travel_km"] == pytest.approx(sum(apart))


@pytest.mark.parametrize("length", [1, 2, 5])
def test_whole_arrays_hold_the_numbers_of_the_compiled_stream(length):
    pairs = [draw_normals(np.uint64(3), np.uint64(2**63), np.uint64(i), np.uint64(1)) for i in range(3)]
    found = draw_stream_normals(3, 2**63, 1, length)
    assert found == pytest.approx(np.array(pairs).ravel()[:length], rel=1e-12)


def test_first_order_shares_are_those_of_the_variance():
    """Travel is one entry: all of it. Shares of a sum of independent entries add up to 1."""
    drivers = find_drivers(score())
    assert [(d.name, d.first) for d in drivers["travel_km"]] == [("travel.one_way_km", 1.0)]
    assert drivers["contact_days"] == ()
    found = {d.name: d.first for d in drivers["site_minutes"]}
    terms = find_terms(score().lines)["site_minutes"]
    variances = {
        key: (times * 1.5 * LEDGER.evidence_by_id[key].value / 3.92) ** 2 for (key,), times in terms.items()
    }
    whole = sum(variances.values())
    assert found == pytest.approx({key: variance / whole for key, variance in variances.items()})


def test_estimator_agrees_with_ishigami():
    """Ishigami & Homma 1990, a = 7, b = 0.1: S1 0.3139, 0.4424, 0; total 0.5576, 0.4424, 0.2437."""
    generator = np.random.default_rng(1)
    first, second = generator.uniform(-math.pi, math.pi, (2, 3, 400_000))

    def model(x):
        return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])

    swapped = {}
    for i in range(3):
        mixed = first.copy()
        mixed[i] = second[i]
        swapped[str(i)] = model(mixed)
    found = {d.name: (d.first, d.total) for d in estimate_drivers(model(first), model(second), swapped)}
    for name, known in {"0": (0.3139, 0.5576), "1": (0.4424, 0.4424), "2": (0.0, 0.2437)}.items():
        assert found[name] == pytest.approx(known, abs=0.01)


def test_population_drivers_agree_with_the_law_of_total_variance():
    """Personas p of share w, unknowns u of effect e_pu: V = E Var + Var E, all in closed form."""
    weighted = both()
    found = estimate_population_drivers(weighted, draws=200_000, seed=11)
    for name in ("travel_km", "site_minutes", "travel_minutes"):
        known = _compute_indices(weighted, name)
        assert {d.name for d in found[name]} == known.keys()
        for driver in found[name]:
            assert (driver.first, driver.total) == pytest.approx(known[driver.name], abs=0.02)


def _compute_indices(weighted, name):
    shares = np.array([share for share, _ in weighted])
    moments = {}
    for i, (_, each) in enumerate(weighted):
        for (key,), times in find_terms(each.lines)[name].items():
            held = each.evidence[key]
            mean, sd = times * held.value, times * (held.high - held.low) / 3.92
            moments.setdefault(key, np.zeros((2, len(weighted))))[:, i] = mean, sd
    means = sum(each[0] for each in moments.values())
    between = shares @ means**2 - (shares @ means) ** 2
    within = {key: shares @ each[1] ** 2 for key, each in moments.items()}
    whole = between + sum(within.values())
    known = {}
    alone = 0.0
    for key, (mean, sd) in moments.items():
        spread = np.sqrt(np.log1p((sd / mean) ** 2))
        shared = shares * mean
        of_mean = shared @ np.expm1(np.outer(spread, spread)) @ shared
        alone += of_mean
        known[key] = (of_mean / whole, within[key] / whole)
    known["persona"] = (between / whole, 1 - alone / whole)
    return {key: pair for key, pair in known.items() if max(pair) > 1e-12} | {"persona": known["persona"]}


def test_identical_designs_differ_by_exactly_nothing():
    draws = EvidenceDraws(50, 2)
    turned = replace(PROTOCOL, visits=PROTOCOL.visits[::-1], cells=PROTOCOL.cells[::-1])
    for other in (score(), score(protocol=turned)):
        assert all(not values.any() for values in draw_difference(score(), other, draws).values())
        order = compare_scores(score(), other, draws)
        assert {each.bounds() for each in order.values()} == {(0.5, 0.5, 0.5)}


def test_what_only_drops_is_less_for_certain_and_the_rest_ties():
    fewer = drop_cells(
        PROTOCOL, [next(c.key for c in PROTOCOL.cells if c.activity_id == "ct" and c.visit_id == "SCR")]
    )
    order = compare_scores(score(protocol=fewer), score(), EvidenceDraws(10, 2))
    assert order["radiation_msv"].bounds() == (1.0, 1.0, 1.0)
    assert order["blood_ml"].bounds() == (0.5, 0.5, 0.5)
    back = compare_scores(score(), score(protocol=fewer), EvidenceDraws(10, 2))
    assert back["radiation_msv"].value == 0.0


def test_probability_of_order_agrees_with_two_lognormals():
    """X < Y for independent lognormals of log-means a, b and variances s, t: Phi((b - a) / √(s + t))."""
    base = score()
    lines = {line.evidence_id: line for line in base.lines if line.dimension == "site_minutes"}
    one = replace(base, lines=(replace(lines["site.arrival_minutes"], times=1.0),))
    two = replace(base, lines=(replace(lines["needle"], times=3.0),))
    spread = math.log(1 + (1.5 / 3.92) ** 2)
    known = 0.5 * (1 + math.erf(math.log(24 / 30) / math.sqrt(2 * spread) / math.sqrt(2)))
    found = compare_scores(one, two, EvidenceDraws(100_000, 4))["site_minutes"]
    assert abs(found.value - known) < 4 * math.sqrt(known * (1 - known) / 100_000)
    assert found.low < found.value < found.high


def test_worst_tenth_is_the_mean_of_sorted_copies():
    """Weights in hundredths: repeat each value as often as it weighs and take the largest tenth."""
    generator = np.random.default_rng(3)
    values, weights = generator.exponential(size=300), generator.integers(1, 40, 300)
    weights[0] += (-weights.sum()) % 10
    copies = np.sort(np.repeat(values, weights))[::-1]
    assert find_worst_mean(values, weights / weights.sum()) == pytest.approx(
        copies[: len(copies) // 10].mean()
    )


def test_population_is_the_weighted_mean_and_its_worst_tenth_the_far_patients():
    found = draw_population(both(), EvidenceDraws(4000, 9))
    near, far = (found.by_persona[name].values["travel_km"] for name in ("near", "far"))
    assert found.mean.values["travel_km"] == pytest.approx(0.7 * near + 0.3 * far)
    assert found.worst_tenth["travel_km"] == pytest.approx(np.sort(far)[-(4000 // 3) :].mean(), rel=0.002)
    assert found.worst_tenth["contact_days"] == pytest.approx(found.mean.mean("contact_days"))


def test_shares_that_do_not_fit_are_told_at_once():
    weighted = [(0.7, score(NEAR)), (0.7, score(FAR))]
    with pytest.raises(InvalidEvidence, match=r"the shares sum to 1\.4; make them sum to 1"):
        draw_population(weighted, EvidenceDraws(10, 1))
    with pytest.raises(InvalidEvidence) as caught:
        draw_population([(-1.0, score(NEAR)), (0.0, score(FAR))], EvidenceDraws(10, 1))
    assert str(caught.value).splitlines() == [
        "InvalidEvidence: personas: 2 problems",
        "  - persona 1 ('near') has the share -1; give a number above 0 and up to 1",
        "  - persona 2 ('far') has the share 0; give a number above 0 and up to 1",
    ]


def test_draws_that_cannot_be_used_are_told_at_once():
    with pytest.raises(InvalidEvidence) as caught:
        EvidenceDraws(0, -1)
    assert caught.value.problems == (
        "draws = 0; give a whole number of at least 1",
        "seed = -1; give a whole number from 0 to 2**64 - 1",
    )
    with pytest.raises(InvalidEvidence, match="draws are given without a seed; give both or neither"):
        score_burden(PROTOCOL, draws=10)
    nothing = Evidence("travel.one_way_km", "", 0, 0, 5, "km", "observed:x", "A")
    with pytest.raises(
        InvalidEvidence, match="has the value 0 and goes up to 5; give a value above a billionth of that"
    ):
        draw_score(score(Persona("odd", 1.0, (nothing,))), EvidenceDraws(10, 1))


def test_scores_hold_draws_where_asked_for():
    scored = score_burden(PROTOCOL, draws=20, seed=1)
    assert all(each.draws is not None and each.draws.draws == 20 for each in scored)
    assert all(each.draws is None for each in score_burden(PROTOCOL))


def test_another_persona_is_scored_as_if_anew():
    changed = score_persona(score(NEAR), FAR, PROTOCOL, LEDGER, overrides=())
    assert changed == score(FAR)


def test_variants_agree_with_scoring_each_design():
    keys = list_keys(PROTOCOL)
    kept = np.random.default_rng(2).random((12, len(keys))) < 0.6
    kept[0], kept[1] = True, False
    draws = EvidenceDraws(300, 8)
    found = score_variants(PROTOCOL, both(), kept, draws)
    for v, row in enumerate(kept):
        fewer = drop_cells(PROTOCOL, [key for key, stays in zip(keys, row, strict=True) if not stays])
        weighted = [(persona.share, score(persona, fewer)) for persona in (NEAR, FAR)]
        mean = draw_population(weighted, draws).mean
        for name in (*TIME_DIMENSIONS, PATIENT_MINUTES, "contact_days", "travel_km", "blood_ml"):
            estimate = mean.estimate(name)
            held = (found.mean[name][v], found.low[name][v], found.high[name][v])
            assert held == pytest.approx(estimate.bounds(), rel=1e-9, abs=1e-9)


def test_variants_of_another_shape_are_refused():
    with pytest.raises(InvalidEvidence, match=r"kept is float64 of shape \(2, 2\); give bool of shape"):
        score_variants(PROTOCOL, both(), np.ones((2, 2)), EvidenceDraws(10, 1))  # type: ignore[arg-type]
