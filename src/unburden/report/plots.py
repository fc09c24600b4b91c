"""Charts of designs as Vega-Lite specifications: bounds, power curves, accrual and events."""

from collections.abc import Sequence
from typing import Any

from unburden.domain.sequential import SequentialBounds
from unburden.report.charts import ACCENT, INK, QUIET, SCHEMA

_LOOK = {"width": 640, "height": 320, "config": {"font": "system-ui, sans-serif", "view": {"stroke": None}}}


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
