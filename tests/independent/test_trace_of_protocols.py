"""Each cell's reason in three protocols is the one written down by hand before any rule was coded."""

import json
from pathlib import Path

import pytest

from unburden.burden.classify import classify_activities
from unburden.burden.trace import trace_cells
from unburden.data.evidence import read_evidence
from unburden.data.protocols import read_protocol
from unburden.domain.protocol import Protocol
from unburden.domain.trace import CellReason

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHARED = ROOT.parent / "shared" / "data" / "protocols"
EXPECTED = json.loads((HERE / "trace_expected.json").read_text(encoding="utf-8"))
FILES = [name for name in EXPECTED if name != "how"]
MATRICES = sorted((SHARED / "soa").glob("*_consolidated.json"))


def find_file(name: str) -> Path:
    path = ROOT / name if name.startswith("examples/") else SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path


def trace(protocol: Protocol) -> tuple[CellReason, ...]:
    return trace_cells(protocol, classify_activities(protocol, read_evidence(), {}))


def find_expected(lines: list[list[str]], visit: str) -> tuple[list[str], list[str]]:
    line = next((line for line in lines if visit in line[0].split("|")), None)
    line = line or next(line for line in lines if line[0] == "*")
    return line[1].split("|"), line[2].split("|")


@pytest.mark.parametrize("name", FILES)
def test_each_cell_serves_what_was_read_off_by_hand(name: str):
    protocol = read_protocol(find_file(name))
    wrong = []
    for reason in trace(protocol):
        title = protocol.activity_by_id[reason.activity_id].title
        visit = protocol.visit_by_id[reason.visit_id].name
        roles, serves = find_expected(EXPECTED[name][title], visit)
        found = reason.endpoint_id or reason.objective_id or ("" if reason.rule == "none" else reason.rule)
        if reason.role not in roles or found not in serves:
            wrong.append((title, visit, reason.role, found, roles, serves))
    assert wrong == []


@pytest.mark.parametrize("name", FILES)
def test_the_hand_made_list_names_every_activity_of_the_main_timeline(name: str):
    protocol = read_protocol(find_file(name))
    titles = {protocol.activity_by_id[reason.activity_id].title for reason in trace(protocol)}
    assert titles == set(EXPECTED[name])


@pytest.mark.skipif(not MATRICES, reason="../shared/data/protocols/soa is absent")
@pytest.mark.parametrize("path", MATRICES, ids=lambda path: path.stem)
def test_without_endpoints_no_cell_is_said_to_serve_one(path: Path):
    protocol = read_protocol(path)
    reasons = trace(protocol)
    main = {visit.id for visit in protocol.main_visits}
    assert [reason.key for reason in reasons] == [c.key for c in protocol.cells if c.visit_id in main]
    assert all(reason.endpoint_id is None and reason.objective_id is None for reason in reasons)
    assert all(reason.role != "non-core" for reason in reasons)
