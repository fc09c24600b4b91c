"""The study that the package carries, and the start of a new one."""

from importlib.resources import files
from pathlib import Path

from unburden.data.files import tell_refusal, write_text
from unburden.domain.errors import InvalidStudy, Problems


def find_example(name: str) -> Path:
    """The folder of an example: inside the installed package, or beside the source in a checkout."""
    inside = Path(str(files("unburden"))) / "examples" / name
    beside = Path(__file__).resolve().parents[3] / "examples" / name
    for folder in (inside, beside):
        if (folder / "study.toml").is_file():
            return folder
    problems = Problems(name)
    problems.add(f"the example is neither in {inside} nor in {beside}; install the package again")
    problems.raise_now(InvalidStudy)


def write_new_study(folder: Path) -> tuple[Path, ...]:
    """Start a study: a `study.toml` that runs, with comments, and an Excel schedule to fill in.

    Raises `InvalidStudy` where the folder holds something already or cannot be written.
    """
    from unburden.data.formats.excel import write_soa_template

    problems = Problems(str(folder))
    with tell_refusal(folder, InvalidStudy):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            problems.add("is not an empty folder; give a new one")
            problems.raise_now(InvalidStudy)
        folder.mkdir(parents=True, exist_ok=True)
    text = files("unburden.data").joinpath("new_study.toml").read_text(encoding="utf-8")
    schedule, study = folder / "schedule.xlsx", folder / "study.toml"
    write_soa_template(schedule)
    write_text(study, text)
    return study, schedule
