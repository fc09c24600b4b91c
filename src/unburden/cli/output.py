"""Paths of the command line, tried before anything is computed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryFile

from unburden.domain.errors import InvalidInput, Problems


def prepare_folder(folder: Path, names: Sequence[str], asked: str = "") -> None:
    """Make the folder, and make sure that files of these names can be written in it.

    Raises `InvalidInput` where they cannot, naming the option as `asked` (else --out).
    """
    problems = Problems(asked or f"--out {folder}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
        for name in names:
            told = f"holds a folder named {name!r}; remove it, or give another folder"
            problems.check(not (folder / name).is_dir(), told)
    except OSError as error:
        problems.add(f"cannot be written ({error.strerror}); give a folder that can be")
    problems.raise_if_any(InvalidInput)


def prepare_file(path: Path) -> None:
    """Make the file's folder, and make sure that the file can be written; raises `InvalidInput`."""
    if holds(path.is_dir):
        told = "cannot be written (Is a directory); give a path in a folder"
        raise InvalidInput(f"--out {path}", [told])
    prepare_folder(path.parent, (), f"--out {path}")


def holds(question: Callable[[], bool]) -> bool:
    """What the system says of a path; False where the path cannot even be asked about."""
    try:
        return question()
    except OSError:
        return False
