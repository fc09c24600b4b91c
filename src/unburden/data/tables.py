"""TOML tables read key by key: wrong types, missing keys and unknown keys all become problems."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unburden.domain.errors import InvalidStudy, Problems

REQUIRED = object()
WORDS_BY_TYPE: Mapping[type, str] = {
    str: "words",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


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
        problems.check(is_table, f"{where} is {table!r}; give a table")
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
        fits = isinstance(value, kind) and not (kind in (int, float) and isinstance(value, bool))
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not fits:
            self.problems.add(f"{self.where} has {key} = {value!r}; give {WORDS_BY_TYPE[kind]}")
            return kind()
        return value

    def take_list(self, key: str, kind: type, default: Any = REQUIRED) -> list[Any]:
        """A list whose items are all of one type."""
        items = self.take(key, list, default)
        if items is default:
            return items
        odd = [
            i
            for i in items
            if not isinstance(i, (int, float) if kind is float else kind) or isinstance(i, bool)
        ]
        for item in odd:
            self.problems.add(f"{self.where} has {item!r} in {key}; give {WORDS_BY_TYPE[kind]}")
        return [kind(item) for item in items if item not in odd]

    def choose(self, key: str, choices: Mapping[str, Any] | tuple[str, ...], default: Any = REQUIRED) -> str:
        """A word out of some; the first of them comes back with a problem."""
        value = self.take(key, str, default)
        if value is default or value in choices:
            return value
        if key in self.table:
            self.problems.add(f"{self.where} has {key} = {value!r}; use one of {', '.join(choices)}")
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


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; raises `InvalidStudy` where there is none."""
    problems = Problems(str(path))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.add(
            "there is no such file; give a folder with a study.toml, or make one with `unburden new-study`"
        )
    except OSError as error:
        problems.add(f"cannot be read ({error.strerror}); check the path")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.add(f"is not TOML ({error}); correct it there")
    problems.raise_now(InvalidStudy)
