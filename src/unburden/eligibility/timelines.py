"""Whether each patient's timeline meets a leaf of an expression: yes, no or unknown."""

import polars as pl

from unburden.domain.cohort import EVENT_SCHEMA, Cohort
from unburden.domain.criteria import INDEX, CountEvents, EventSet, LatestValue, Operator, Window
from unburden.domain.units import PLAIN_UNITS, convert_value, find_unit_problems
from unburden.eligibility.columns import compare, make_unknown

_IS_SURE = "is_sure"


def count_events(leaf: CountEvents, cohort: Cohort) -> pl.Series:
    """The truth of a count within a window; its problems have been checked.

    An event of the kind whose code (or, where one is asked for, system) is null may or may not be
    meant, so a patient has between `fewest` and `most` events; the answer is unknown where they
    disagree. With `absence` "unknown" a patient without a sure event may have any number of them.
    A patient without the window's anchor is unknown.
    """
    if cohort.events is None:
        return make_unknown(cohort)
    found = _find_in_window(leaf.events, leaf.window, cohort)
    counts = found.group_by("patient").agg(
        fewest=pl.col(_IS_SURE).sum().cast(pl.Float64), most=pl.len().cast(pl.Float64)
    )
    spread = _spread(counts, cohort)
    fewest = spread.get_column("fewest").fill_null(0.0)
    most = spread.get_column("most").fill_null(0.0)
    if leaf.absence == "unknown":
        endless = pl.Series([float("inf")]).new_from_index(0, cohort.patients)
        most = most.zip_with(fewest > 0, endless)
    truth = _compare_bounds(fewest, most, leaf.operator, float(leaf.count))
    if leaf.window.relative_to == INDEX:
        return truth
    anchors = _spread(_find_anchors(leaf.window.relative_to, cohort.events), cohort)
    return truth.zip_with(anchors.get_column("anchor").is_not_null(), make_unknown(cohort))


def compare_latest(leaf: LatestValue, cohort: Cohort) -> pl.Series:
    """The truth of a comparison with the last value within a window; its problems have been checked.

    The threshold is converted into each event's unit. Unknown: no event in the window, no anchor, a
    last event without value or unit (or one that may not be meant), events of the same last day of
    which only some meet the comparison.
    """
    if cohort.events is None:
        return make_unknown(cohort)
    found = _find_in_window(leaf.events, leaf.window, cohort)
    last = found.filter(pl.col("day") == pl.col("day").max().over("patient"))
    units = last.filter(_IS_SURE).get_column("unit").unique().drop_nulls().to_list()
    # Not every unit of a sure event was checked: one without a value may stand in any.
    thresholds = {u: _convert(leaf.value, leaf.unit, u) for u in units if not _find_reason(leaf.unit, u)}
    wanted = last.get_column("unit").replace_strict(thresholds, default=None, return_dtype=pl.Float64)
    truth = compare(last.get_column("value").fill_nan(None), leaf.operator, wanted)
    sure = truth.zip_with(last.get_column(_IS_SURE), pl.Series([None], dtype=pl.Boolean))
    agreed = (
        last.select("patient")
        .with_columns(sure.alias("met"))
        .group_by("patient")
        .agg(
            met=pl.when(pl.col("met").fill_null(False).all())
            .then(True)
            .when(~pl.col("met").fill_null(True).any())
            .then(False)
        )
    )
    return _spread(agreed, cohort).get_column("met")


def find_unconvertible(leaf: LatestValue, cohort: Cohort) -> list[tuple[str, int, str]]:
    """Each unit of the meant events' values that the asked one cannot be converted to: unit, events, why."""
    if cohort.events is None:
        return []
    meant = cohort.events.filter(_is_meant(leaf.events) & ~pl.col("value").is_nan())
    counts = meant.drop_nulls("unit").group_by("unit").len().sort("unit").rows()
    reasons = [(unit, events, _find_reason(leaf.unit, unit)) for unit, events in counts]
    return [held for held in reasons if held[2]]


def _find_reason(asked: str, held: str) -> str:
    """Why values in a unit cannot be compared with a number in the asked one; empty if they can."""
    if asked == held or ("" in (asked, held) and {asked, held} <= set(PLAIN_UNITS)):
        return ""
    if "" in (asked, held):
        return "the number asked for has no unit" if not asked else "they are plain numbers"
    return "; ".join(find_unit_problems(held, asked))


def _convert(value: float, asked: str, held: str) -> float:
    return float(value) if "" in (asked, held) else convert_value(value, asked, held)


def _is_meant(events: EventSet) -> pl.Expr:
    """Whether an event is in the set: null where its code or system is not known."""
    meant = (pl.col("kind") == events.kind).fill_null(False)
    if events.codes:
        meant &= pl.col("code").is_in(events.codes)
    if events.system:
        meant &= pl.col("system") == events.system
    return meant


def _find_in_window(events: EventSet, window: Window, cohort: Cohort) -> pl.DataFrame:
    """The events that are or may be meant and lie in the window, with whether they are surely meant."""
    timelines = cohort.events if cohort.events is not None else pl.DataFrame(schema=EVENT_SCHEMA)
    found = timelines.with_columns(_is_meant(events).alias(_IS_SURE)).filter(pl.col(_IS_SURE).fill_null(True))
    since = pl.col("day")
    if window.relative_to != INDEX:
        found = found.join(_find_anchors(window.relative_to, timelines), on="patient", how="inner")
        since = pl.col("day") - pl.col("anchor")
    if window.from_days is not None:
        found = found.filter(since >= window.from_days)
    if window.to_days is not None:
        found = found.filter(since <= window.to_days)
    return found.with_columns(pl.col(_IS_SURE).fill_null(False))


def _find_anchors(kind: str, events: pl.DataFrame) -> pl.DataFrame:
    """The first day of a kind of event, for each patient that has one."""
    return events.filter(pl.col("kind") == kind).group_by("patient").agg(anchor=pl.col("day").min())


def _spread(by_patient: pl.DataFrame, cohort: Cohort) -> pl.DataFrame:
    """One row per patient, in the cohort's order; null for a patient that is not in the table."""
    rows = pl.DataFrame({"patient": pl.int_range(cohort.patients, eager=True, dtype=pl.Int64)})
    return rows.join(by_patient, on="patient", how="left", maintain_order="left")


def _compare_bounds(fewest: pl.Series, most: pl.Series, operator: Operator, count: float) -> pl.Series:
    """The truth of a count known to lie within bounds, both included; null where it depends."""
    match operator:
        case "<" | "<=" | ">" | ">=":
            always = compare(fewest, operator, count) & compare(most, operator, count)
            never = ~compare(fewest, operator, count) & ~compare(most, operator, count)
        case "==":
            always = (fewest == count) & (most == count)
            never = (fewest > count) | (most < count)
        case "!=":
            always = (fewest > count) | (most < count)
            never = (fewest == count) & (most == count)
    unknown = pl.Series([None], dtype=pl.Boolean)
    return always.zip_with(always | never, unknown.new_from_index(0, always.len()))
