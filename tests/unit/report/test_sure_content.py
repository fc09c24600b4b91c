from dataclasses import replace

from unburden.domain.asks import PersonaChange, ScheduleChange
from unburden.domain.estimate import Estimate, exact
from unburden.report.sure_content import say_verdict, tell_change, tell_order


def minutes(value: float) -> Estimate:
    return Estimate(value, value - 5, value + 5, "minute", ("assumed:made up",))


def make_change(near: float, far: float, worst: float = 90.0) -> ScheduleChange:
    """Half near, half far; the tenth with most has 100 minutes under the written schedule."""
    people = tuple(
        PersonaChange(name, arm, 0.25, minutes(saving), exact(0.9, "1", "simulated:n=10"))
        for name, saving in (("near", near), ("far", far))
        for arm in ("a", "b")
    )
    saving = minutes((near + far) / 2)
    return ScheduleChange("patient_minutes", saving, exact(0.9, "1", "simulated:n=10"), people, worst, 100.0)


def test_a_design_that_helps_all_is_not_flagged():
    told = tell_change(make_change(10, 20))
    assert told and not told["is_bad"] and not told["hurt"]
    assert told["verdict"] == "No kind of patient is asked for more, nor is the tenth with most."
    assert len(told["by_persona"]) == 2  # arms alike are told once


def test_a_design_that_helps_the_average_and_hurts_the_far_is_flagged():
    told = tell_change(make_change(100, -20))
    assert told and told["is_bad"]
    assert told["hurt"] == ["far"]
    assert told["verdict"] == "Less on average, but more of: far."


def test_a_design_that_hurts_the_tenth_with_most_is_flagged():
    told = tell_change(make_change(10, 10, worst=101.0))
    assert told and told["is_bad"] and told["is_worst_tenth_hurt"]
    assert told["verdict"] == "Less on average, but more of: the tenth with most."


def test_a_design_that_asks_more_of_the_average_says_so_first():
    told = tell_change(make_change(-10, 2))
    assert told and told["is_bad"]
    assert told["verdict"] == "More on average."


def test_the_same_schedule_asks_the_same_of_everybody():
    assert say_verdict(make_change(0, 0, worst=100.0)) == "The same of everybody."


def test_dimensions_that_rise_are_named():
    told = tell_change(
        replace(make_change(10, 10), savings={"home_minutes": minutes(-30), "blood_ml": minutes(4)})
    )
    assert told and told["more"] == [{"words": "Time at home or on the telephone", "by": "30 minutes"}]


def test_an_order_that_follows_from_the_schedules_alone_has_words():
    told = [tell_order(exact(value, "1", "observed:counted"))["text"] for value in (0.0, 0.5, 1.0)]
    assert told == ["certainly not", "the same", "certain"]
    drawn = Estimate(0.999, 0.998, 1.0, "1", ("simulated:n=1000",))
    assert tell_order(drawn)["text"] == "over 99 %"
    assert tell_order(replace(drawn, value=0.42, low=0.4, high=0.45))["text"] == "42 %"


def test_overrides_are_told_with_the_old_and_the_new_value(content):
    told = {
        (o["id"], o["persona"]): (o["old"]["value"], o["new"]["value"]) for o in content["sure"]["overrides"]
    }
    assert told["travel.one_way_km", "patient living far away"] == (41.5, 121.2)
    assert told["travel.minutes", "patient living far away"] == (37, 180)


def test_views_are_told_with_their_weights(content):
    view = content["sure"]["views"][0]
    assert {w["words"]: w["weight"] for w in view["weights"]}["Time of a caregiver"] == 1
    assert view["source"].startswith("assumed:")
    shares = {"patient living near": 0.7, "patient living far away": 0.3}
    mixed = sum(shares[p["persona"]] * p["value"]["value"] for p in view["by_persona"])
    assert abs(mixed - view["all"]["value"]) < 1e-6


def test_main_drivers_are_told_largest_first(content):
    for dimension in content["sure"]["dimensions"]:
        totals = [driver["total"] for driver in dimension["drivers"]]
        assert totals == sorted(totals, reverse=True)
        assert all(driver["description"] for driver in dimension["drivers"])
        assert dimension["worst_tenth"]["value"] >= dimension["mean"]["value"]
