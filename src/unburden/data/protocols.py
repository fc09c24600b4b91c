"""Protocols of any format that the house reads, told apart by what the file holds."""

import json
from pathlib import Path

from unburden.domain.errors import InvalidProtocol, Problems
from unburden.domain.protocol import Protocol

ACCEPTED = "a USDM v4 JSON, a schedule matrix in JSON (soa-tables-consolidated) or an Excel schedule (.xlsx)"


def read_protocol(path: Path | str) -> Protocol:
    """The protocol of a USDM v4 JSON, a schedule matrix in JSON or an Excel schedule.

    Raises `InvalidProtocol` with every problem of the file.
    """
    path = Path(path)
    problems = Problems(str(path))
    try:
        is_other = path.exists() and not path.is_file()
        told = "is a folder or a device" if is_other else "there is no such file"
        problems.check(path.is_file(), f"{told}; give {ACCEPTED}")
    except OSError as error:
        problems.add(f"cannot be reached ({error.strerror}); give {ACCEPTED}")
    problems.raise_if_any(InvalidProtocol)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        from unburden.data.formats.excel import read_soa_excel

        return read_soa_excel(path)
    if path.suffix.lower() != ".json":
        problems.add(f"ends with {path.suffix!r}; give {ACCEPTED}")
        problems.raise_now(InvalidProtocol)
    form = _find_form(path)
    if form == "matrix":
        from unburden.data.formats.soa_matrix import read_soa_matrix

        return read_soa_matrix(path)
    if form == "other":
        problems.add(f"is JSON, but neither a USDM document nor a schedule matrix; give {ACCEPTED}")
        problems.raise_now(InvalidProtocol)
    from unburden.data.formats.usdm import read_usdm

    return read_usdm(path)


def write_protocol(protocol: Protocol, path: Path | str) -> None:
    """The protocol as USDM v4 JSON or, where the path ends with .xlsx, as an Excel schedule.

    What was read from USDM and is not understood here is carried through untouched.
    """
    path = Path(path)
    if path.suffix.lower() == ".xlsx":
        from unburden.data.formats.excel import write_soa_excel

        write_soa_excel(protocol, path)
        return
    from unburden.data.formats.usdm import write_usdm

    write_usdm(protocol, path)


def _find_form(path: Path) -> str:
    """ "matrix", "usdm" or "other"; what is not JSON is left to the USDM reader's words."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return "usdm"
    if isinstance(document, dict) and "schema_name" in document:
        return "matrix"
    return "usdm" if isinstance(document, dict) and {"study", "usdmVersion"} & document.keys() else "other"
