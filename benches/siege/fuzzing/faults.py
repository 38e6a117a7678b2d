"""The faults found, and the number of answers of each status to each kind of request."""

import collections
import re
import sys
import threading
import time

from .pauses import Pauses

SHOWN_OF_A_KIND = 4  # of those that a kind has at one path; a fault that every other request meets would fill the log
PATH = re.compile(r"/[\w.]+(/[\w.]+)*")
LENGTH_SHOWN = 1500
SLOW_SECONDS = 0.5
SLOWEST_SHOWN = 8


class Faults:
    """Gathers what the workers see; all of them write to one of these."""

    def __init__(self):
        self.lock = threading.Lock()
        self.kinds = collections.Counter()
        self.shown = collections.Counter()
        self.statuses = collections.defaultdict(collections.Counter)
        self.slow = []
        self.pauses = Pauses()
        self.pauses.start()

    def add(self, kind, what):
        """Notes a fault, and prints it unless many of its kind were printed for the path it names."""
        path = PATH.search(what)
        place = (kind, path and path[0])
        with self.lock:
            self.kinds[kind] += 1
            self.shown[place] += 1
            if self.shown[place] <= SHOWN_OF_A_KIND:
                print(f"FAULT {kind}: {what[:LENGTH_SHOWN]}", flush=True)

    def add_late(self, kind, what, took, due=0.0):
        """Notes a fault of something that took `took` seconds until now, unless pauses of the script explain it."""
        paused = self.pauses.since(time.monotonic() - took)
        if paused and took - paused <= due:
            self.count("while the script stood still", kind)
        else:
            self.add(kind, what)

    def count(self, group, status):
        with self.lock:
            self.statuses[group][status] += 1

    def note_time(self, group, seconds, shown):
        if seconds > SLOW_SECONDS:
            with self.lock:
                self.slow = sorted([*self.slow, (round(seconds, 2), group, shown[:400])], reverse=True)[:SLOWEST_SHOWN]

    def total(self):
        return sum(self.kinds.values())

    def print_table(self):
        """A line for each group of requests with its statuses, then the slowest replies."""
        for group, statuses in sorted(self.statuses.items()):
            counts = "  ".join(f"{status}:{count}" for status, count in sorted(statuses.items(), key=str))
            print(f"{group:28} {sum(statuses.values()):8}  {counts}")
        print(f"the script stood still for {self.pauses.total():.1f} s")
        for seconds, group, shown in self.slow:
            print(f"slow: {seconds} s {group}: {shown}")


def progress(text):
    print(text, file=sys.stderr, flush=True)
