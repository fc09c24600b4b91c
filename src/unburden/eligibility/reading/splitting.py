"""A criterion's text as sentences: ends, bullets, numbers and parentheses."""

import re
from collections.abc import Iterator

_END = re.compile(
    r"(?<=[^\W\d_]{3}\.)\s+(?=[A-Z(*])|(?<=[\d)]\.)\s+(?=[A-Z][a-z])|(?:(?<=/L\.)|(?<=dL\.)|(?<=mL\.)|(?<=/l\.)|(?<=dl\.))\s+(?=[A-Z][a-z])|[;\n\r]+\s*"
)
_BULLET = re.compile(
    r"^(?:\s*(?:[*\-#>\\\u2022\u00b7\u25cf\u25e6]|\(?\d{1,2}(?:\.\d{1,2})*[.)\]\\]+|\(?[a-zA-Z][.)]|\(?[ivx]{1,4}[.)]))*\s*(?:\d{1,2}\s+(?=[A-Z]))?"
)


def split_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence, without its bullet; a parenthesis is never broken within a line."""
    start = 0
    depths = _count_depths(text)
    ends = [(m.start(), m.end()) for m in _END.finditer(text) if "\n" in m.group() or depths[m.start()] <= 0]
    marks = _find_enumeration(text)
    if marks:
        # The dot after an enumeration's number ends no sentence, the blank before it does.
        numbers = {end for _, end in marks}
        ends = sorted({e for e in ends if e[0] not in numbers} | {(start, start + 1) for start, _ in marks})
    for end, following in [*ends, (len(text), len(text))]:
        bullet = _BULLET.match(text[start : min(end, start + 40)])
        first = start + (bullet.end() if bullet else 0)
        if text[first:end].strip():
            yield first, end
        start = following


_MARK = re.compile(r"(?<=[^\s<>≤≥=,]) (\d{1,2})\.(?= +[A-Z])")


def _find_enumeration(text: str) -> list[tuple[int, int]]:
    """Start and end of " 2.", " 3." and so on within a line whose own number is the one before; else nothing."""
    own = re.match(r"\s*(\d{1,2})\\?\.\s", text)
    if own is None:
        return []
    wanted, marks = int(own.group(1)) + 1, []
    for mark in _MARK.finditer(text):
        if int(mark.group(1)) == wanted:
            marks.append((mark.start(), mark.end()))
            wanted += 1
    return marks


def _count_depths(text: str) -> list[int]:
    """How many parentheses are open at each character of its line."""
    depth, depths = 0, []
    for character in text:
        if character == "\n":
            depth = 0
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth = max(0, depth - 1)
        depths.append(depth)
    return depths
