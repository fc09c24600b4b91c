"""Files written whole or not at all."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unburden.domain.errors import InvalidInput


@contextmanager
def tell_refusal(path: Path, error: type[InvalidInput] = InvalidInput) -> Iterator[None]:
    """Raise what the system refuses to write inside as `error`, with the path and the remedy.

    >>> with tell_refusal(Path("report.html")):  # doctest: +ELLIPSIS
    ...     raise PermissionError(13, "Permission denied")
    Traceback (most recent call last):
    unburden.domain.errors.InvalidInput: InvalidInput: report.html: 1 problem
      - cannot be written (Permission denied); give a path in a folder that you may write to...
    """
    try:
        yield
    except OSError as refusal:
        reason = refusal.strerror or type(refusal).__name__
        remedy = "give a path in a folder that you may write to, with room on its disk"
        raise error(str(path), [f"cannot be written ({reason}); {remedy}"]) from refusal


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8 as `write_bytes` does."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name beside it and rename it: nobody sees half of it.

    What is there and no file, such as /dev/stdout or a pipe, is written to and never replaced.
    Raises `InvalidInput` where the system refuses.
    """
    with tell_refusal(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            # A temporary file is private to its owner; the result gets what a new file would get.
            mask = os.umask(0)
            os.umask(mask)
            Path(scratch).chmod(0o666 & ~mask)
            Path(scratch).replace(path)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise


MOST_TEXT_BYTES = 10_000_000


def read_text(path: Path) -> str:
    """The text of a UTF-8 file of at most 10 MB.

    Raises `InvalidInput` for a file that cannot be read, is larger or is no text.
    """
    try:
        size = path.stat().st_size
        if size > MOST_TEXT_BYTES:
            raise InvalidInput(str(path), [f"it holds {size:,} bytes; give at most {MOST_TEXT_BYTES:,}"])
        content = path.read_bytes()
    except OSError as refusal:
        told = f"cannot be read ({refusal.strerror or type(refusal).__name__}); check the path"
        raise InvalidInput(str(path), [told]) from refusal
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        told = f"it is no text in UTF-8 (byte {error.start}); save it as UTF-8"
        raise InvalidInput(str(path), [told]) from None
