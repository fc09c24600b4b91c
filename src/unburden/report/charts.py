"""Charts as Vega-Lite specifications."""

from collections.abc import Mapping
from typing import Any

import altair as alt

INK, ACCENT, QUIET = "#1d3557", "#d1495b", "#8d99ae"


def draw_frontier(content: Mapping[str, Any]) -> dict[str, Any]:
    """Burden per patient against power: one point a design, sized by patients, the written one apart."""
    chosen = {h["design"] for h in content["highlights"]}
    rows = [
        _to_row(design, "highlighted" if design["id"] in chosen else "unbeaten")
        for design in content["designs"]
    ]
    rows.append(_to_row(content["baseline"], "as written"))
    kinds = ["unbeaten", "highlighted", "as written"]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(
            "burden:Q", title=f"{content['burden_measure']}, per patient (hours)", scale=alt.Scale(zero=False)
        ),
        y=alt.Y("power:Q", title="Power", axis=alt.Axis(format="%"), scale=alt.Scale(zero=False)),
        tooltip=[
            alt.Tooltip("design:N", title="Design"),
            alt.Tooltip("burden:Q", title="Hours per patient", format=".1f"),
            alt.Tooltip("total:Q", title="Hours, all patients", format=",.0f"),
            alt.Tooltip("power:Q", title="Power", format=".1%"),
            alt.Tooltip("patients:Q", title="Patients", format=",.0f"),
            alt.Tooltip("duration:Q", title="Months", format=".1f"),
            alt.Tooltip("kept:Q", title="Optional assessments kept"),
        ],
    )
    errors = base.mark_rule(color=QUIET, opacity=0.35).encode(
        y="power_low:Q", y2="power_high:Q", tooltip=alt.value(None)
    )
    order = alt.Order("rank:Q", sort="ascending")  # drawn last, so never hidden
    points = base.mark_point(filled=True, opacity=0.8, cursor="pointer").encode(
        size=alt.Size("patients:Q", title="Patients", scale=alt.Scale(zero=False, range=[40, 260])),
        color=alt.Color("kind:N", title="Design", scale=alt.Scale(domain=kinds, range=[INK, ACCENT, QUIET])),
        shape=alt.Shape(
            "kind:N", title="Design", scale=alt.Scale(domain=kinds, range=["circle", "diamond", "square"])
        ),
    )
    points = points.encode(order=order).transform_calculate(rank="datum.kind == 'unbeaten' ? 0 : 1")
    chart = (errors + points).properties(width="container", height=380).interactive()
    spec = chart.to_dict()
    spec["config"] = {"font": "system-ui, sans-serif", "view": {"stroke": None}}
    return spec


def _to_row(design: Mapping[str, Any], kind: str) -> dict[str, Any]:
    values = design["values"]

    def number(name: str, part: str = "value") -> float:
        return values[name][part]

    per_hour = 60 if values["burden_per_patient"]["unit"] == "minute" else 1
    return {
        "design": design["id"],
        "kind": kind,
        "burden": number("burden_per_patient") / per_hour,
        "total": number("total_burden"),
        "power": number("power"),
        "power_low": number("power", "low"),
        "power_high": number("power", "high"),
        "patients": number("patients"),
        "duration": number("duration"),
        "kept": number("assessments_kept"),
    }
