"""From a criterion's text to an expression: a grammar over a lexicon, offline."""

from unburden.eligibility.reading.lexicon import list_concepts
from unburden.eligibility.reading.read import read_criteria, read_criterion

__all__ = ["list_concepts", "read_criteria", "read_criterion"]
