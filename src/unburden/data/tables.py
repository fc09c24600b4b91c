"""TOML tables read key by key: wrong types, missing keys and unknown keys all become problems."""

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unburden.domain.errors import InvalidStudy, Problems

REQUIRED = object()
MOST_SHOWN, MOST_LEVELS = 80, 50
WORDS_BY_TYPE: Mapping[type, str] = {
    str: "words",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def show_value(value: object) -> str:
    """A value as a problem shows it: as written, or its beginning.

    >>> show_value([1, "a"]), len(show_value("x" * 5000))
    ("[1, 'a']", 80)
    """
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} too long to show"
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


class TableReader:
    """Takes the keys of one table; whatever is left at the end is an unknown key.

    >>> problems = Problems("study.toml")
    >>> table = TableReader({"name": "x", "sise": 3}, "[a]", problems)
    >>> table.take("name", str), table.take("size", int)
    ('x', 0)
    >>> table.close(); problems.found
    ["[a] has no 'size'; give a whole number", "[a] has the unknown key 'sise'; the keys are name, size"]
    """

    def __init__(self, table: Any, where: str, problems: Problems) -> None:
        self.where = where
        self.problems = problems
        is_table = isinstance(table, dict)
        problems.check(is_table, f"{where} is {show_value(table)}; give a table")
        self.table: dict[str, Any] = dict(table) if is_table else {}
        self.taken: list[str] = []

    def take(self, key: str, kind: type, default: Any = REQUIRED) -> Any:
        """The value of a key; with a problem an empty value of its type comes back."""
        self.taken.append(key)
        if key not in self.table:
            if default is REQUIRED:
                self.problems.add(f"{self.where} has no {key!r}; give {WORDS_BY_TYPE[kind]}")
                return kind()
            return default
        value = self.table[key]
        if not _fits(value, kind):
            self.problems.add(f"{self.where} has {key} = {show_value(value)}; give {WORDS_BY_TYPE[kind]}")
            return kind()
        return float(value) if kind is float else value

    def take_list(self, key: str, kind: type, default: Any = REQUIRED) -> list[Any]:
        """A list whose items are all of one type."""
        items = self.take(key, list, default)
        if items is default:
            return items
        fitting = [item for item in items if _fits(item, kind)]
        for item in items:
            if not _fits(item, kind):
                self.problems.add(f"{self.where} has {show_value(item)} in {key}; give {WORDS_BY_TYPE[kind]}")
        return [float(item) if kind is float else item for item in fitting]

    def choose(self, key: str, choices: Mapping[str, Any] | tuple[str, ...], default: Any = REQUIRED) -> str:
        """A word out of some; the first of them comes back with a problem."""
        value = self.take(key, str, default)
        if value is default or value in choices:
            return value
        if isinstance(self.table.get(key), str):
            self.problems.add(
                f"{self.where} has {key} = {show_value(value)}; use one of {', '.join(choices)}"
            )
        return next(iter(choices))

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self.table

    def close(self) -> None:
        """Add a problem for every key that nobody took."""
        for key in self.table:
            if key not in self.taken:
                known = ", ".join(dict.fromkeys(self.taken))
                self.problems.add(f"{self.where} has the unknown key {key!r}; the keys are {known}")


def _fits(value: object, kind: type) -> bool:
    """Whether a value is of the type; whole numbers are numbers, true and false are none."""
    if isinstance(value, bool) or kind is not float:
        return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    return isinstance(value, float) or (isinstance(value, int) and abs(value) <= sys.float_info.max)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; raises `InvalidStudy` where there is none."""
    return read_toml_with_bytes(path)[0]


def read_toml_with_bytes(path: Path) -> tuple[dict[str, Any], bytes]:
    """The tables of a TOML file and the very bytes that they were read from; raises as `read_toml`."""
    problems = Problems(str(path))
    try:
        content = path.read_bytes()
        tables = tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except FileNotFoundError:
        problems.add(
            "there is no such file; give a folder with a study.toml, or make one with `unburden new-study`"
        )
    except OSError as error:
        problems.add(f"cannot be read ({error.strerror}); check the path")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.add(f"is not TOML ({error}); correct it there")
    except ValueError:
        problems.add("holds a number too long to read; shorten it")
    except RecursionError:
        problems.add("nests deeper than any study; flatten it")
    else:
        for key, held in tables.items():
            deep = f"{show_value(key)} nests deeper than {MOST_LEVELS} levels; flatten it"
            problems.check(not is_deeper(held, MOST_LEVELS), deep)
        problems.raise_if_any(InvalidStudy)
        return tables, content
    problems.raise_now(InvalidStudy)


def is_deeper(value: object, levels: int) -> bool:
    """Whether lists and tables stand in each other deeper than so many levels."""
    layer = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        tables = [held.values() if isinstance(held, dict) else held for held in layer]
        layer = [item for held in tables for item in held if isinstance(item, dict | list)]
        if not layer:
            return False
    return True
