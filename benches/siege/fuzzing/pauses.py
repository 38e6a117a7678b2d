"""Pauses of the script itself, which a loaded machine may hold: such time is no fault of the server."""

import threading
import time

TICK_SECONDS = 0.05
PAUSE_SECONDS = 0.5


class Pauses(threading.Thread):
    """Ticks in the background; a tick that comes much too late is a pause."""

    def __init__(self):
        super().__init__(daemon=True)
        self.pauses, self.last = [], time.monotonic()

    def run(self):
        while True:
            time.sleep(TICK_SECONDS)
            now = time.monotonic()
            if now - self.last > PAUSE_SECONDS:
                self.pauses.append((self.last, now))
            self.last = now

    def since(self, begun):
        """The seconds that the script stood still since then, among them those of a pause that has just ended."""
        now = time.monotonic()
        latest = [(self.last, now)] if now - self.last > PAUSE_SECONDS else []
        return sum(end - max(start, begun) for start, end in [*self.pauses, *latest] if end > begun)

    def total(self):
        return sum(end - start for start, end in self.pauses)
