"""The report as one page that needs no network."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from unburden.report.charts import draw_frontier

SCRIPTS = ("vega.min.js", "vega-lite.min.js", "vega-embed.min.js", "vega-interpreter.js")


def render_page(content: Mapping[str, Any]) -> str:
    """The content as one self-contained HTML page; its policy forbids any network and any eval."""
    return _load_template().render(
        content=content,
        chart=_to_script_data(draw_frontier(content)),
        scripts=[Markup(_read_asset(name)) for name in SCRIPTS],
        widest=max((visit["minutes"] for visit in content["schedule"]["visits"]), default=1.0),
        heaviest=max(
            (cell["minutes"] for row in content["schedule"]["rows"] for cell in row["cells"] if cell),
            default=1.0,
        ),
    )


def _to_script_data(value: object) -> Markup:
    """JSON that may stand inside a script element: no `<` can end it."""
    return Markup(json.dumps(value).replace("<", "\\u003c"))


@cache
def _load_template() -> jinja2.Template:
    text = files("unburden.report").joinpath("templates/report.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(text)


@cache
def _read_asset(name: str) -> str:
    text = files("unburden.report").joinpath(f"assets/{name}").read_text(encoding="utf-8")
    return text.replace("</script", "<\\/script")
