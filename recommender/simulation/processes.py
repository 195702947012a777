"""The same function over many parts of a world, in this process or in several of its children."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from threadpoolctl import threadpool_limits

#: What a child calls; children are forked, so it and the world it closes over are inherited, never sent.
_held: list[Callable[[Any], Any]] = []


def map_parts(work: Callable[[Any], Any], parts: Sequence[Any], n_processes: int = 1) -> Iterator[Any]:
    """`work(part)` of each part, in the order of the parts, for any number of processes.

    Products inside a part are small: threads in them would only wait for each other.
    """
    if n_processes <= 1:
        with threadpool_limits(1, "blas"):
            for part in parts:
                yield work(part)
        return
    context = multiprocessing.get_context("fork")
    with context.Pool(n_processes, initializer=_hold, initargs=(work,)) as pool:
        yield from pool.imap(_call, parts)


def _hold(work: Callable[[Any], Any]) -> None:
    threadpool_limits(1, "blas")
    _held[:] = [work]


def _call(part: Any) -> Any:
    return _held[0](part)
