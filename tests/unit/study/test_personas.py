"""Declared personas: those of the package, their shares and what a study changes of them."""

import pytest

from unburden.domain.errors import InvalidEvidence, Problems
from unburden.study.personas import declare_personas, parse_personas, read_personas

KM = {
    "id": "travel.one_way_km",
    "description": "as our patients told us",
    "value": 150,
    "low": 100,
    "high": 220,
    "unit": "km",
    "source": "observed:survey of 40 patients",
    "grade": "B",
}


def test_every_packaged_persona_fits_the_ledger_and_says_who_it_is():
    found = read_personas()
    assert list(found) == ["near", "rural", "low income", "working", "frail", "carer-dependent"]
    assert all(persona.description for persona in found.values())


def test_names_and_shares_are_all_told_at_once():
    with pytest.raises(InvalidEvidence) as caught:
        declare_personas({"near": 0.5, "rurral": 0.0, "frail": float("nan")})
    assert caught.value.problems == (
        "no persona 'rurral' comes with the package; "
        "use one of near, rural, low income, working, frail, carer-dependent",
        "persona 2 ('rurral') has the share 0; give a number above 0 and up to 1",
        "persona 3 ('frail') has the share nan; give a number above 0 and up to 1",
    )
    with pytest.raises(InvalidEvidence, match=r"the shares sum to 0\.9; make them sum to 1"):
        declare_personas({"near": 0.5, "rural": 0.4})


def test_a_study_takes_a_packaged_persona_and_changes_one_entry():
    problems = Problems("study.toml")
    (persona,) = parse_personas([{"name": "ours", "share": 1.0, "like": "rural", "evidence": [KM]}], problems)
    assert not problems.found
    values = {entry.id: entry.value for entry in persona.overrides}
    assert values == {"travel.minutes": 180.0, "travel.one_way_km": 150.0}
    assert persona.description == read_personas()["rural"].description


def test_like_must_name_a_packaged_persona():
    problems = Problems("study.toml")
    parse_personas([{"name": "ours", "share": 1.0, "like": "urban"}], problems)
    assert problems.found == [
        "[[personas]] 1 is like 'urban', which does not come with the package; "
        "use one of near, rural, low income, working, frail, carer-dependent"
    ]


def test_an_entry_may_name_its_distribution():
    """A share between 0 and 1 stays one where it says so."""
    share = KM | {"id": "caregiver.share", "value": 0.8, "low": 0.4, "high": 0.98, "unit": "1"}
    problems = Problems("study.toml")
    table = {"name": "ours", "share": 1.0, "evidence": [share | {"distribution": "logit-normal"}]}
    (persona,) = parse_personas([table], problems)
    assert not problems.found
    assert persona.overrides[0].distribution == "logit-normal"
