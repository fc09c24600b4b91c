"""The kinds of patients that come with the package, from `personas.toml`; shares are the study's to give."""

import tomllib
from importlib import resources
from typing import Any

PERSONAS_FILE = "personas.toml"


def read_persona_tables() -> dict[str, dict[str, Any]]:
    """By name, the table of each kind of patient: `name`, `description`, perhaps `evidence`.

    >>> list(read_persona_tables())
    ['near', 'rural', 'low income', 'working', 'frail', 'carer-dependent']
    """
    text = resources.files("unburden.data").joinpath(PERSONAS_FILE).read_text(encoding="utf-8")
    return {table["name"]: table for table in tomllib.loads(text)["persona"]}
