"""The progress bar of a run that a command works on itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

_BAR = "{desc}: {percentage:3.0f}% |{bar}| {elapsed}<{remaining} {postfix}"


@contextmanager
def show_progress(title: str) -> Iterator[Callable[[float, str], None]]:
    """A bar on standard error; yields the callback that moves it."""
    with tqdm(total=100, desc=title, unit="%", bar_format=_BAR) as bar:

        def report(fraction: float, step: str) -> None:
            bar.set_postfix_str(step)
            bar.update(100 * fraction - bar.n)

        yield report
