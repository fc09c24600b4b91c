"""Charts of criteria as Vega-Lite specifications: worth, love plot, weights, who is shut out, sets."""

from collections.abc import Mapping, Sequence
from typing import Any

from unburden.report.charts import ACCENT, INK, QUIET, SCHEMA

_TEXT = {"labelFontSize": 12, "titleFontSize": 12}
_LOOK = {
    "config": {"font": "system-ui, sans-serif", "view": {"stroke": None}, "axis": _TEXT, "legend": _TEXT}
}
_WIDTH = 620


def draw_worth(rows: Sequence[Mapping[str, Any]], title: str, form: str) -> dict[str, Any]:
    """Shapley values with intervals, a bar a criterion: rows with `criterion`, `value`, `low`, `high`."""
    place = _name_axis("criterion", [row["criterion"] for row in rows])
    value = {"field": "value", "type": "quantitative", "title": title, "axis": {"format": form}}
    return {
        "$schema": SCHEMA,
        "data": {"values": [dict(row) for row in rows]},
        "width": _WIDTH - 160,
        "height": {"step": 30},
        "layer": [
            {"mark": {"type": "bar", "color": "#84b1cf", "height": 16}, "encoding": {**place, "x": value}},
            {
                "mark": {"type": "rule", "color": INK, "size": 2},
                "encoding": {**place, "x": value | {"field": "low"}, "x2": {"field": "high"}},
            },
            _draw_line(0),
        ],
        **_LOOK,
    }


def draw_love(rows: Sequence[Mapping[str, Any]], limit: float) -> dict[str, Any]:
    """Absolute standardised differences before and after weighting: rows with `name`, `before`, `after`."""
    order = [row["name"] for row in sorted(rows, key=lambda row: -abs(row["before"]))]
    values = [
        {"name": row["name"], "difference": abs(row[when]), "when": f"{when} weighting"}
        for row in rows
        for when in ("before", "after")
    ]
    place = _name_axis("name", order)
    scale = {"domain": ["before weighting", "after weighting"], "range": [QUIET, INK]}
    return {
        "$schema": SCHEMA,
        "data": {"values": values},
        "width": _WIDTH - 240,
        "height": {"step": 20},
        "layer": [
            _draw_line(limit, dashed=True),
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 0.95},
                "encoding": {
                    **place,
                    "x": {
                        "field": "difference",
                        "type": "quantitative",
                        "title": "Standardised difference between the arms (absolute)",
                    },
                    "color": {
                        "field": "when",
                        "type": "nominal",
                        "title": None,
                        "scale": scale,
                        "legend": {"orient": "top"},
                    },
                    "shape": {"field": "when", "type": "nominal", "title": None},
                },
            },
        ],
        **_LOOK,
    }


def draw_weights(arms: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Histograms of the weights by arm: arms with `arm`, `edges` and `counts`."""
    values = [
        {"arm": arm["arm"], "low": low, "high": high, "patients": count}
        for arm in arms
        for low, high, count in zip(arm["edges"][:-1], arm["edges"][1:], arm["counts"], strict=True)
    ]
    return {
        "$schema": SCHEMA,
        "data": {"values": values},
        "facet": {"row": {"field": "arm", "type": "nominal", "title": None, "header": {"labelAngle": 0}}},
        "resolve": {"scale": {"y": "independent"}},
        "spec": {
            "width": _WIDTH - 160,
            "height": 110,
            "mark": {"type": "bar", "color": "#457b9d", "binSpacing": 1},
            "encoding": {
                "x": {
                    "field": "low",
                    "type": "quantitative",
                    "title": "Weight of a patient",
                    "bin": "binned",
                },
                "x2": {"field": "high"},
                "y": {"field": "patients", "type": "quantitative", "title": "Patients"},
            },
        },
        **_LOOK,
    }


def draw_curves(curves: Sequence[Mapping[str, Any]], title: str) -> dict[str, Any]:
    """Weighted curves of both arms, steps over days: curves with `arm`, `days` and `weighted`."""
    values = [
        {"arm": curve["arm"], "day": day, "share": share}
        for curve in curves
        for day, share in zip((0.0, *curve["days"]), (1.0, *curve["weighted"]), strict=True)
    ]
    scale = {"domain": ["treated", "control"], "range": [INK, ACCENT]}
    return {
        "$schema": SCHEMA,
        "data": {"values": values},
        "width": _WIDTH - 60,
        "height": 260,
        "mark": {"type": "line", "interpolate": "step-after"},
        "encoding": {
            "x": {"field": "day", "type": "quantitative", "title": "Days from time zero"},
            "y": {
                "field": "share",
                "type": "quantitative",
                "title": title,
                "axis": {"format": "%"},
                "scale": {"domain": [0, 1]},
            },
            "color": {
                "field": "arm",
                "type": "nominal",
                "title": None,
                "scale": scale,
                "legend": {"orient": "top"},
            },
        },
        **_LOOK,
    }


def draw_exclusions(rows: Sequence[Mapping[str, Any]], title: str) -> dict[str, Any]:
    """Share of each stratum that a criterion keeps out, with its interval: a row a criterion and stratum."""
    criteria = list(dict.fromkeys(row["criterion"] for row in rows))
    strata = list(dict.fromkeys(row["stratum"] for row in rows))
    colours = [INK, "#457b9d", "#2a9d8f", "#e9a23b", ACCENT, "#6d597a", QUIET, "#8a5a00"]
    place = {
        **_name_axis("criterion", criteria),
        "yOffset": {"field": "stratum", "type": "nominal", "sort": strata},
        "color": {
            "field": "stratum",
            "type": "nominal",
            "title": title,
            "sort": strata,
            "scale": {
                "domain": strata,
                "range": colours[: len(strata)] if len(strata) <= len(colours) else None,
            },
            "legend": {"orient": "top"},
        },
    }
    if place["color"]["scale"]["range"] is None:
        del place["color"]["scale"]["range"]
    share = {
        "field": "share",
        "type": "quantitative",
        "title": "Share of these patients that the criterion keeps out",
        "axis": {"format": "%"},
        "scale": {"domain": [0, 1]},
    }
    return {
        "$schema": SCHEMA,
        "data": {"values": [dict(row) for row in rows]},
        "width": _WIDTH - 160,
        "height": {"step": 14},
        "layer": [
            {
                "mark": {"type": "rule", "size": 2, "opacity": 0.6},
                "encoding": {**place, "x": share | {"field": "low"}, "x2": {"field": "high"}},
            },
            {"mark": {"type": "point", "filled": True, "size": 55}, "encoding": {**place, "x": share}},
        ],
        **_LOOK,
    }


def draw_sets(rows: Sequence[Mapping[str, Any]], goals: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Unbeaten sets on the first two goals, the written one apart: rows `x`, `y`, `kind`, `dropped`."""
    x, y = goals[0], goals[1]
    kinds = ["unbeaten", "as written"]
    return {
        "$schema": SCHEMA,
        "data": {"values": [dict(row) for row in rows]},
        "width": _WIDTH - 60,
        "height": 300,
        "mark": {"type": "point", "filled": True, "size": 120, "opacity": 0.9},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": x["words"], "scale": {"zero": False}},
            "y": {
                "field": "y",
                "type": "quantitative",
                "title": y["words"],
                "scale": {"zero": False},
                "axis": {"format": y["format"]},
            },
            "color": {
                "field": "kind",
                "type": "nominal",
                "title": None,
                "scale": {"domain": kinds, "range": [INK, ACCENT]},
                "legend": {"orient": "top"},
            },
            "tooltip": [
                {"field": "dropped", "type": "nominal", "title": "Dropped"},
                {"field": "x", "type": "quantitative", "title": x["words"]},
                {"field": "y", "type": "quantitative", "title": y["words"], "format": y["format"]},
            ],
        },
        **_LOOK,
    }


def _name_axis(field: str, order: Sequence[str]) -> dict[str, Any]:
    axis = {"labelLimit": 260, "labelFontSize": 13}
    return {"y": {"field": field, "type": "nominal", "title": None, "sort": list(order), "axis": axis}}


def _draw_line(at: float, *, dashed: bool = False) -> dict[str, Any]:
    mark = {"type": "rule", "color": ACCENT if dashed else QUIET}
    return {"mark": mark | ({"strokeDash": [4, 3]} if dashed else {}), "encoding": {"x": {"datum": at}}}
