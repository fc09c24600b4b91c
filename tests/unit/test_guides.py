"""Every example of the guides runs."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unburden.cli.main import app

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))


def find_blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_the_python_of_a_guide_runs(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    scope: dict[str, object] = {}
    for code in find_blocks(path, "python"):
        exec(compile(code, path.name, "exec"), scope)


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_the_commands_of_a_guide_run(path, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    for line in "".join(find_blocks(path, "sh")).splitlines():
        command, *args = shlex.split(line.replace("runs/", f"{tmp_path}/"))
        assert command == "unburden"
        found = CliRunner().invoke(app, args)
        assert found.exit_code == 0, found.output
