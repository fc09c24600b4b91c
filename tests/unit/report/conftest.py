"""One run of the embedded study for all tests of its report."""

import json
from pathlib import Path

import pytest

import unburden as ub

EXAMPLE = Path(__file__).parents[3] / "examples" / "adjuvant-breast"


@pytest.fixture(scope="session")
def result():
    return ub.design_study(ub.read_study(EXAMPLE), trials=100, seed=1)


@pytest.fixture(scope="session")
def report(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    ub.write_report(result, path)
    return path


@pytest.fixture
def content(report):
    return json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))
