import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_python_of_the_readme_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert "trials=5_000" in code
    exec(compile(code.replace("trials=5_000", "trials=100"), "README.md", "exec"), {})
    assert "537 of 2982 could join" in capsys.readouterr().out


def test_the_public_interface_is_small_and_complete():
    import unburden as ub

    assert len(ub.__all__) <= 25
    assert all(getattr(ub, name) is not None for name in ub.__all__)
