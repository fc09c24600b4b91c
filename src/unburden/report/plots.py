"""Charts of designs as Vega-Lite specifications: bounds, power curves, accrual and events."""

from collections.abc import Sequence
from typing import Any

from unburden.domain.sequential import SequentialBounds
from unburden.report.charts import ACCENT, INK, QUIET, SCHEMA

_LOOK = {"width": 640, "height": 320, "config": {"font": "system-ui, sans-serif", "view": {"stroke": None}}}

_BLUES, _GREYS = ["#1d3557", "#457b9d", "#84b1cf", "#b9d6e6"], ["#c9b79c", "#9aa5b1", "#c3cad2", "#dfe3e8"]


def draw_bounds(bounds: SequentialBounds) -> dict[str, Any]:
    """z bounds over the information rate: efficacy, futility and harm where there are any."""
    rows = []
    for rate, up, down, harm in zip(
        bounds.plan.information_rates, bounds.efficacy, bounds.futility, bounds.harm, strict=True
    ):
        named = [("efficacy", up), ("futility", down), ("harm", harm)]
        if bounds.plan.sided == 2:
            named.append(("efficacy, other side", -up))
        rows += [{"rate": rate, "z": z, "bound": name} for name, z in named if abs(z) < 50]
    return _draw_lines(rows, ("rate", "Information rate", "%"), ("z", "z", ".2f"), "bound")


def draw_power(rows: Sequence[dict[str, Any]], title: str) -> dict[str, Any]:
    """Power over some effect: rows with `effect`, `power` and `what`."""
    return _draw_lines(rows, ("effect", title, ".2f"), ("power", "Power", "%"), "what")


def draw_course(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Patients and events over calendar months: rows with `month`, `count` and `what`."""
    return _draw_lines(rows, ("month", "Month", ".0f"), ("count", "Expected number", ",.0f"), "what")


def draw_shares(rows: Sequence[dict[str, Any]], scenarios: Sequence[str]) -> dict[str, Any]:
    """Shares of trials that succeed: rows with `scenario`, `what`, `share`, and its `low` and `high`."""
    kinds = list(dict.fromkeys(row["what"] for row in rows))
    place = {
        "y": {"field": "scenario", "type": "nominal", "title": None, "sort": list(scenarios)}
        | {"axis": {"labelLimit": 220, "labelFontSize": 13}},
        "yOffset": {"field": "what", "type": "nominal", "sort": kinds},
        "color": {
            "field": "what",
            "type": "nominal",
            "title": None,
            "sort": kinds,
            "scale": {"domain": kinds, "range": [INK, ACCENT, QUIET, "#2a9d8f", "#e9c46a", "#6d597a"]},
            "legend": {"orient": "top", "labelLimit": 400, "columns": 2},
        },
    }
    share = {"field": "share", "type": "quantitative", "title": "Trials that end in success"}
    share |= {"axis": {"format": "%"}, "scale": {"domain": [0, 1]}}
    tip = [{"field": "scenario", "type": "nominal"}, {"field": "what", "type": "nominal"}]
    tip += [{"field": f, "type": "quantitative", "format": ".2%"} for f in ("share", "low", "high")]
    bar = {"x": share | {"field": "low"}, "x2": {"field": "high"}}
    return {
        "$schema": SCHEMA,
        **_LOOK,
        "height": {"step": 26},
        "data": {"values": list(rows)},
        "layer": [
            {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": place | bar},
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": place | {"x": share, "tooltip": tip},
            },
        ],
    }


def draw_stops(rows: Sequence[dict[str, Any]], scenarios: Sequence[str]) -> dict[str, Any]:
    """How trials end, as shares of a bar: rows with `scenario`, `order`, `ending` and `share`."""
    endings = [e for _, e in sorted({(row["order"], row["ending"]) for row in rows})]
    return {
        "$schema": SCHEMA,
        **_LOOK,
        "height": {"step": 34},
        "data": {"values": list(rows)},
        "mark": {"type": "bar", "height": 22},
        "encoding": {
            "y": {"field": "scenario", "type": "nominal", "title": None, "sort": list(scenarios)}
            | {"axis": {"labelLimit": 220, "labelFontSize": 13}},
            "x": {"field": "share", "type": "quantitative", "title": "Share of trials", "stack": "zero"}
            | {"axis": {"format": "%"}, "scale": {"domain": [0, 1]}},
            "color": {
                "field": "ending",
                "type": "nominal",
                "title": None,
                "sort": endings,
                "scale": {"domain": endings, "range": _find_shades(endings)},
                "legend": {"orient": "top", "labelLimit": 300, "columns": 2},
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": [
                {"field": "scenario", "type": "nominal"},
                {"field": "ending", "type": "nominal"},
                {"field": "share", "type": "quantitative", "format": ".2%"},
            ],
        },
    }


def _find_shades(endings: Sequence[str]) -> list[str]:
    """Blues for success, greys for none, from dark to light."""
    blues, greys = iter(_BLUES * len(endings)), iter(_GREYS * len(endings))
    return [next(blues) if ending.startswith("success") else next(greys) for ending in endings]


def draw_courses(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Expected patients and events by scenario: rows with `month`, `count`, `what`, `scenario`."""
    spec = draw_course(rows)
    encoding = spec["encoding"]
    names = list(dict.fromkeys(row["scenario"] for row in rows))
    colour = encoding["color"] | {"field": "scenario", "sort": names, "legend": {"labelLimit": 250}}
    dash = {"field": "what", "type": "nominal", "title": None, "sort": ["events", "patients"]}
    tip = [{"field": "scenario", "type": "nominal"}, *encoding["tooltip"]]
    encoding = encoding | {"color": colour, "strokeDash": dash, "tooltip": tip}
    return spec | {"mark": {"type": "line", "strokeWidth": 2}, "encoding": encoding}


def _draw_lines(
    rows: Sequence[dict[str, Any]], x: tuple[str, str, str], y: tuple[str, str, str], colour: str
) -> dict[str, Any]:
    def axis(field: tuple[str, str, str]) -> dict[str, Any]:
        name, title, form = field
        return {"field": name, "type": "quantitative", "title": title, "axis": {"format": form}}

    tip = [
        {"field": colour, "type": "nominal"},
        *(
            {"field": n, "type": "quantitative", "title": t, "format": f if f != "%" else ".1%"}
            for n, t, f in (x, y)
        ),
    ]
    return {
        "$schema": SCHEMA,
        **_LOOK,
        "data": {"values": list(rows)},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": axis(x),
            "y": axis(y),
            "color": {
                "field": colour,
                "type": "nominal",
                "title": None,
                "scale": {"range": [INK, ACCENT, QUIET, "#2a9d8f"]},
            },
            "tooltip": tip,
        },
    }
