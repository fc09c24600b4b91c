import json
import re
from dataclasses import replace

import pytest

from unburden.report.content import derive_content
from unburden.report.page import render_page


def test_the_page_needs_no_network(report):
    html = report.read_text(encoding="utf-8")
    without_scripts = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.findall(r"(?:src|href)=[\"']https?:", without_scripts)
    assert "default-src 'none'" in html


def test_every_number_on_the_page_names_a_source(report):
    html = report.read_text(encoding="utf-8")
    tips = re.findall(r'class="n"(?: tabindex="0")? data-tip="([^"]*)"', html)
    assert len(tips) > 100
    kinds = ("observed:", "published:", "assumed:", "model:", "simulated:")
    assert all(any(kind in tip for kind in kinds) for tip in tips)


def test_the_json_holds_the_designs_of_the_page(report):
    content = json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))
    html = report.read_text(encoding="utf-8")
    for design in content["designs"]:
        assert f'id="d-{design["id"]}"' in html
    assert content["attrition"]["steps"][-1]["leaving"] == content["attrition"]["eligible"]


def test_text_of_the_study_cannot_become_markup(result):
    study = replace(result.study, title="<script>alert(1)</script>")
    html = render_page(derive_content(replace(result, study=study)))
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_each_cell_of_the_schedule_shows_its_reason_or_that_none_was_found(report):
    content = json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))
    html = report.read_text(encoding="utf-8")
    cells = [cell for row in content["schedule"]["rows"] for cell in row["cells"] if cell]
    assert all(cell["reason"] and cell["role"] for cell in cells)
    assert "primary endpoint “Disease-free survival”" in html
    assert "↻" in html  # vital signs at screening, before the baseline
    shares = [role["share"] for role in content["schedule"]["roles"]]
    assert sum(shares) == pytest.approx(1)
    listed = [len(r["visits"]) for row in content["schedule"]["rows"] for r in row["reasons"]]
    assert sum(listed) == len(cells)


def test_nothing_half_written_is_left(report):
    assert sorted(p.name for p in report.parent.iterdir()) == ["report.html", "report.json"]


def test_the_chart_fits_the_schema_of_vega_lite(report):
    """Altair carries the Vega-Lite schema and refuses a specification that departs from it."""
    import altair as alt

    from unburden.report.charts import draw_frontier

    content = json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))
    spec = draw_frontier(content)
    assert alt.LayerChart.from_dict(spec).to_dict(validate=True)["layer"]
    assert len(spec["data"]["values"]) == len(content["designs"]) + 1
