"""The report as one page that needs no network."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from unburden.report.charts import draw_frontier

SCRIPTS = ("vega.min.js", "vega-lite.min.js", "vega-embed.min.js", "vega-interpreter.js")


def render_page(content: Mapping[str, Any]) -> str:
    """The content as one self-contained HTML page; its policy forbids any network and any eval."""
    return _load_template("report.html.j2").render(
        content=content,
        chart=_to_script_data(draw_frontier(content)),
        scripts=[Markup(_read_asset(name)) for name in SCRIPTS],
        widest=max((visit["minutes"] for visit in content["schedule"]["visits"]), default=1.0),
        heaviest=max(
            (cell["minutes"] for row in content["schedule"]["rows"] for cell in row["cells"] if cell),
            default=1.0,
        ),
    )


def render_charts(
    title: str,
    charts: Sequence[tuple[str, Mapping[str, Any]]],
    tables: Sequence[tuple[str, Sequence[str], Sequence[Sequence[str]]]] = (),
) -> str:
    """Titled tables and Vega-Lite charts as one self-contained HTML page."""
    return _load_template("charts.html.j2").render(
        title=title,
        charts=[{"title": name} for name, _ in charts],
        specs=_to_script_data([spec for _, spec in charts]),
        tables=[{"title": name, "head": head, "rows": rows} for name, head, rows in tables],
        scripts=[Markup(_read_asset(name)) for name in SCRIPTS],
    )


def render_simulation(content: Mapping[str, Any]) -> str:
    """The content of a simulation report as one self-contained HTML page."""
    return _load_template("simulation.html.j2").render(
        content=content,
        specs=_to_script_data({name: chart["spec"] for name, chart in content["charts"].items()}),
        scripts=[Markup(_read_asset(name)) for name in SCRIPTS],
    )


def render_criteria(content: Mapping[str, Any]) -> str:
    """The content of a report on criteria as one self-contained HTML page."""
    return _load_template("criteria.html.j2").render(
        content=content,
        specs=_to_script_data(content["charts"]),
        scripts=[Markup(_read_asset(name)) for name in SCRIPTS],
    )


def _to_script_data(value: object) -> Markup:
    """JSON that may stand inside a script element: no `<` can end it."""
    return Markup(json.dumps(value).replace("<", "\\u003c"))


@cache
def _load_template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_read_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _read_template(name: str) -> str:
    return files("unburden.report").joinpath(f"templates/{name}").read_text(encoding="utf-8")


@cache
def _read_asset(name: str) -> str:
    text = files("unburden.report").joinpath(f"assets/{name}").read_text(encoding="utf-8")
    return text.replace("</script", "<\\/script")
