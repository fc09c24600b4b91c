"""Words that widen a statement ("or suspected", "or requiring"): the statement, or something unread."""

from unburden.domain.criteria import AnyOf, Expression, Not, Unless, Unread
from unburden.eligibility.reading.phrases import Phrase

_WIDENING = frozenset(
    """
suspected possible probable potential planned requiring require requires presumed expected anticipated
needing scheduled
""".split()  # noqa: SIM905
)
_BESIDE = ("plain", "act", "qualifier", "evidence", "time")


def take_widening(phrases: list[Phrase]) -> tuple[list[Phrase], list[Phrase]] | None:
    """A clause without "or suspected", "or requiring" and the like, and those words; None if one is left.

    What is suspected, planned or required is in no record of the thing itself.
    """
    kept, taken = list(phrases), []
    if len(kept) > 2 and kept[0].kind == "or" and kept[1].word in _WIDENING:
        # "Known" before it is a plain word and was trimmed.
        kept, taken = kept[2:], [kept[1]]
    at = 1
    while at < len(kept) - 1:
        if kept[at].kind not in ("or", "slash"):
            at += 1
            continue
        before, after = kept[at - 1], kept[at + 1]
        if after.word in _WIDENING and before.kind in _BESIDE:
            taken.append(after)
            del kept[at : at + 2]
        elif before.word in _WIDENING and after.kind in _BESIDE:
            taken.append(before)
            del kept[at - 1 : at + 1]
        else:
            at += 1
    if any(phrase.word in _WIDENING and phrase.kind == "qualifier" for phrase in kept):
        return None
    return kept, taken


def widen(expression: Expression, unread: Unread) -> Expression | None:
    """The statement or something unread, inside its negation if it is one; None where a part is turned round."""
    if isinstance(expression, Not):
        inner = widen(expression.part, unread)
        return None if inner is None else Not(inner)
    return None if _turns(expression) else AnyOf((expression, unread))


def _turns(expression: Expression) -> bool:
    if isinstance(expression, Not | Unless):
        return True
    return any(_turns(part) for part in getattr(expression, "parts", ()))
