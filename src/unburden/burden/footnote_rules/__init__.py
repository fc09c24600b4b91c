"""Named rules that classify the sentences of footnotes, one module an effect."""

from unburden.burden.footnote_rules.no_effect import NO_EFFECT, SOURCE_GAPS
from unburden.burden.footnote_rules.places import PLACES
from unburden.burden.footnote_rules.population import POPULATION
from unburden.burden.footnote_rules.repeats import REPEATS
from unburden.burden.footnote_rules.rule import NoteRule, grade_factor
from unburden.burden.footnote_rules.timing import TIMING
from unburden.burden.footnote_rules.visits import VISITS

RULES: tuple[NoteRule, ...] = POPULATION + VISITS + REPEATS + PLACES + TIMING + NO_EFFECT
"""Population, then visits and repeats, place, timing, no effect: the order of the codebook."""

__all__ = ["RULES", "SOURCE_GAPS", "NoteRule", "grade_factor"]
