"""Charts as plain Vega-Lite specifications (v6): one serves report, web and notebook."""

from collections.abc import Mapping
from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
INK, ACCENT, QUIET = "#1d3557", "#d1495b", "#8d99ae"
KINDS = ("unbeaten", "highlighted", "as written")


def draw_frontier(content: Mapping[str, Any]) -> dict[str, Any]:
    """Burden per patient against power: one point a design, sized by patients, the written one apart."""
    chosen = {h["design"] for h in content["highlights"]}
    rows = [_to_row(d, "highlighted" if d["id"] in chosen else "unbeaten") for d in content["designs"]]
    rows.append(_to_row(content["baseline"], "as written"))
    unit = content["baseline"]["values"]["burden_per_patient"]["unit"]
    unit = "hour" if unit == "minute" else unit
    position = {
        "x": {
            "field": "burden",
            "type": "quantitative",
            "title": f"{content['burden_measure']}, per patient ({unit}s)",
            "scale": {"zero": False},
        },
        "y": {
            "field": "power",
            "type": "quantitative",
            "title": "Power",
            "axis": {"format": "%"},
            "scale": {"zero": False},
        },
    }
    interval = {"y": position["y"] | {"field": "power_low"}, "y2": {"field": "power_high"}}
    return {
        "$schema": SCHEMA,
        "data": {"values": rows},
        "width": "container",
        "height": 380,
        "layer": [
            {"mark": {"type": "rule", "color": QUIET, "opacity": 0.35}, "encoding": position | interval},
            _draw_points(position, unit),
        ],
        "config": {"font": "system-ui, sans-serif", "view": {"stroke": None}},
    }


def _draw_points(position: Mapping[str, Any], unit: str) -> dict[str, Any]:
    """The designs; highlighted ones are drawn last, so that none hides them."""

    def tell(field: str, title: str, form: str | None = None) -> dict[str, Any]:
        number = {"type": "quantitative", "format": form} if form else {"type": "nominal"}
        return {"field": field, "title": title, **number}

    kind = {"field": "kind", "type": "nominal", "title": "Design"}
    return {
        "mark": {"type": "point", "filled": True, "opacity": 0.8, "cursor": "pointer"},
        "encoding": {
            **position,
            "size": {
                "field": "patients",
                "type": "quantitative",
                "title": "Patients",
                "scale": {"zero": False, "range": [40, 260]},
            },
            "color": kind | {"scale": {"domain": list(KINDS), "range": [INK, ACCENT, QUIET]}},
            "shape": kind | {"scale": {"domain": list(KINDS), "range": ["circle", "diamond", "square"]}},
            "order": {"field": "rank", "type": "quantitative"},
            "tooltip": [
                tell("design", "Design"),
                tell("burden", f"{unit.capitalize()}s per patient", ".1f"),
                tell("total", "All patients", ",.0f"),
                tell("power", "Power", ".1%"),
                tell("patients", "Patients", ",.0f"),
                tell("duration", "Months", ".1f"),
                tell("kept", "Optional assessments kept", ",.0f"),
            ],
        },
    }


def _to_row(design: Mapping[str, Any], kind: str) -> dict[str, Any]:
    values = design["values"]
    per_unit = 60 if values["burden_per_patient"]["unit"] == "minute" else 1
    return {
        "design": design["id"],
        "kind": kind,
        "rank": KINDS.index(kind) if kind != "as written" else 1,
        "burden": values["burden_per_patient"]["value"] / per_unit,
        "total": values["total_burden"]["value"],
        "power": values["power"]["value"],
        "power_low": values["power"]["low"],
        "power_high": values["power"]["high"],
        "patients": values["patients"]["value"],
        "duration": values["duration"]["value"],
        "kept": values["assessments_kept"]["value"],
    }
