"""Two servers measured in turns, and the ratios within the pairs."""

import statistics
from collections.abc import Callable
from typing import TypeVar

Measured = TypeVar("Measured")


def in_turns(
    pairs: int, ours: Callable[[], Measured], theirs: Callable[[], Measured]
) -> tuple[list[Measured], list[Measured]]:
    """Runs both as often as there are pairs: ours, theirs; then theirs, ours; and so on."""
    sides: tuple[list[Measured], list[Measured]] = ([], [])
    for pair in range(pairs):
        for index in (0, 1) if pair % 2 == 0 else (1, 0):
            sides[index].append((ours, theirs)[index]())
    return sides


def spread(ratios: list[float], nothing: str = "–", width: int = 0) -> str:
    """The median, at least `width` characters wide, with the smallest and the largest; `nothing` if there are none."""
    if not ratios:
        return nothing
    return f"{statistics.median(ratios):{width}.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
