"""A parse that contradicts its text or its expression is refused, with every problem at once."""

import pytest

from unburden.domain.criteria import Compare, Unread
from unburden.domain.errors import InvalidCriterion
from unburden.domain.parsed_criteria import ParsedCriterion, ParsedEntity


def test_spans_confidence_and_status_are_checked_together():
    entity = ParsedEntity("condition", "stroke", "stroke", 3, 9)
    with pytest.raises(InvalidCriterion) as caught:
        ParsedCriterion("C1", "a stroke", True, "computable", Unread("a", "b"), (entity,), 1.5, (), ())
    assert caught.value.problems == (
        "span 3 to 9 does not hold 'stroke'; give the text's own words",
        "confidence is 1.5; give 0 to 1",
        "status is 'computable' but no part of the expression can be computed",
    )


def test_a_text_that_is_read_whole_is_not_called_partly_read():
    with pytest.raises(
        InvalidCriterion, match="status is 'partly computable' but the expression is computable"
    ):
        ParsedCriterion(
            "C1", "age", True, "partly computable", Compare("age", ">", 1, "year"), (), 0.9, (), ()
        )
