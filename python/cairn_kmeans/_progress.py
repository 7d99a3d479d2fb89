"""The progress of a fit, as ``verbose`` shows it."""

from __future__ import annotations

import time
from typing import Any, Callable, Optional

Callback = Callable[[int, int, float], Any]

#: Seconds between two lines.
PAUSE = 1.0


class Progress:
    """Shows the progress: with tqdm if it is installed, else by lines; and calls a callback."""

    def __init__(self, verbose: int, callback: Optional[Callback]) -> None:
        self._verbose, self._callback = verbose, callback
        self._bar: Any = None
        self._next = time.monotonic()

    def callback(self) -> Optional[Callback]:
        """What a fit has to call; None if there is nothing to do."""
        return self if self._verbose or self._callback is not None else None

    def __call__(self, done: int, of: int, best: float) -> bool:
        if self._verbose:
            self._show(done, of, best)
        return self._callback is not None and bool(self._callback(done, of, best))

    def _show(self, done: int, of: int, best: float) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            self._line(done, of, best)
            return
        if self._bar is None:
            self._bar = tqdm(total=of, unit="restart")
        self._bar.set_postfix(best=f"{best:.6g}", refresh=False)
        self._bar.update(done - self._bar.n)

    def _line(self, done: int, of: int, best: float) -> None:
        if done == of or time.monotonic() >= self._next:
            print(f"{done} of {of} restarts, least inertia {best:.6g}")
            self._next = time.monotonic() + PAUSE

    def close(self) -> None:
        """Ends the bar."""
        if self._bar is not None:
            self._bar.close()
