from pathlib import Path

import pytest

from unburden.study import running
from unburden.study.reading import read_study

EXAMPLE = Path(__file__).parents[3] / "examples" / "adjuvant-breast"


@pytest.fixture(scope="module")
def result():
    return running.design_study(read_study(EXAMPLE), trials=100, seed=1)


@pytest.mark.parametrize("broken", ["render_json", "render_page"])
def test_a_report_that_cannot_be_rendered_leaves_the_old_one(result, broken, tmp_path, monkeypatch):
    monkeypatch.setattr(running, broken, lambda content: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        running.write_report(result, tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_written_twice_over(result, tmp_path):
    running.write_report(result, tmp_path / "report.html")
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "report.json"}
