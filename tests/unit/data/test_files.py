"""What a reader is told where the system refuses to read or write."""

import os
from pathlib import Path

import pytest

from unburden.data.examples import write_new_study
from unburden.data.files import write_text
from unburden.data.formats.excel import write_soa_template
from unburden.data.formats.usdm import read_usdm, write_usdm
from unburden.data.protocols import read_protocol
from unburden.domain.errors import InvalidInput, InvalidProtocol, InvalidStudy

PROTOCOL = Path(__file__).parents[3] / "examples" / "adjuvant-breast" / "protocol.json"
LONG = "n" * 300


@pytest.fixture(params=["under a file", "under a broken link", "too long", "a folder"])
def target(request, tmp_path):
    """A path that cannot be written, for four reasons."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    return {
        "under a file": tmp_path / "file" / "a.json",
        "under a broken link": tmp_path / "link" / "a.json",
        "too long": tmp_path / LONG,
        "a folder": tmp_path / "folder",
    }[request.param]


def write_protocol(path: Path) -> None:
    write_usdm(read_usdm(PROTOCOL), path)


@pytest.mark.parametrize("write", [lambda path: write_text(path, "x"), write_soa_template, write_protocol])
def test_a_path_that_cannot_be_written_is_told(write, target):
    with pytest.raises(InvalidInput) as caught:
        write(target)
    assert caught.value.where == str(target)
    (problem,) = caught.value.problems
    assert problem.startswith("cannot be written (")
    assert problem.endswith("; give a path in a folder that you may write to, with room on its disk")


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(InvalidInput):
        write_text(tmp_path / "report.html", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_pipe_is_written_to_and_stays(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "told")
    assert os.read(reader, 100) == b"told"
    os.close(reader)
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("name", [LONG, "file/study", "link", "link/study"])
def test_a_new_study_needs_a_folder_that_can_be_made(tmp_path, name):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InvalidStudy, match="cannot be written"):
        write_new_study(tmp_path / name)


@pytest.mark.parametrize("ending", [".json", ".xlsx", ""])
def test_a_protocol_with_a_name_too_long_is_told(tmp_path, ending):
    with pytest.raises(InvalidProtocol, match=r"cannot be reached \(File name too long\); give a USDM v4"):
        read_protocol(tmp_path / f"{LONG}{ending}")


def test_a_byte_order_mark_does_not_hide_a_schedule_matrix(tmp_path):
    (tmp_path / "m.json").write_text('{"schema_name": "soa-tables-consolidated"}', encoding="utf-8-sig")
    with pytest.raises(InvalidProtocol, match="'unified_activities' is a required property"):
        read_protocol(tmp_path / "m.json")
