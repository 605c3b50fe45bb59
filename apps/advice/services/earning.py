"""Tells those who reckon what people earn that something else counts now: what was removed earns nothing."""

from collections.abc import Callable, Collection

# Gets the ids of people and of tools: what these people wrote on these tools counts otherwise than before.
Listener = Callable[[Collection[int], Collection[int]], None]

_listeners: list[Listener] = []


def register_earning_listener(callback: Listener) -> None:
    """Have `callback(people, tools)` called, within the transaction, once what they wrote there was removed,
    restored or moved to another tool. The rows are locked, and people are not yet.
    """
    if callback not in _listeners:
        _listeners.append(callback)


def tell_earning(people: Collection[int | None], tools: Collection[int]) -> None:
    """Tell those who registered; people who left earn nothing."""
    known = {person for person in people if person is not None}
    if known:
        for tell in _listeners:
            tell(known, set(tools))
