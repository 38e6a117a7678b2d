"""The claim of a row of a data set, counted without any code of ours: its valid time, and its content.

An instant is a number of seconds, a day begins at a multiple of 86,400. A bound is a pair: the first and the last day (or
second) that it can mean. The rules are those of the ledger's valid time; they are written again here on purpose.
"""

import calendar
import dataclasses
import datetime
import math
import uuid

DAY = 86_400
ANY = (-math.inf, math.inf)
OPEN = (math.inf, math.inf)


def day(year, month, number):
    """The bound of one day."""
    start = datetime.date(year, month, number).toordinal() * DAY
    return start, start


def month(year, number):
    """The bound of some day in a month."""
    return day(year, number, 1)[0], day(year, number, calendar.monthrange(year, number)[1])[0]


def year(number):
    """The bound of some day in a year."""
    return day(number, 1, 1)[0], day(number, 12, 31)[0]


def asked(text):
    """The period [a, b) of an asked date: YYYY, YYYY-MM or YYYY-MM-DD."""
    parts = [int(part) for part in text.split("-")]
    first, last = (year, month, day)[len(parts) - 1](*parts)
    return first, last + DAY


@dataclasses.dataclass
class Claim:
    """A claim that a row should make. `start` and `end` are bounds, None if it has no time; `atom` is how long a bound's unit is."""

    key: str
    content: tuple
    start: tuple | None = None
    end: tuple | None = None
    holds: bool = True
    atom: int = DAY

    def certainty(self, date):
        """definite, possible or None: whether it holds (a state) or happens (an event) in the asked period."""
        if self.start is None:
            return None
        a, b = asked(date)
        earliest_start, latest_start = self.start[0], min(self.start[1], self.end[1])
        earliest_end, latest_end = max(self.end[0], self.start[0]) + self.atom, self.end[1] + self.atom
        if not (earliest_start < b and latest_end > a):
            return None
        if self.holds:
            sure = latest_start < b and earliest_end > a
        else:
            sure = earliest_start >= a and latest_end <= b
        return "definite" if sure else "possible"


@dataclasses.dataclass
class Release:
    """One release: its name, when it is recorded, what to import, and the claims that are in the file."""

    name: str
    recorded_at: str
    file: str
    rows: int
    claims: dict
    tables: dict = dataclasses.field(default_factory=dict)
    rejected: int = 0


@dataclasses.dataclass
class DataSet:
    """A data set: its mapping, its releases, the dates to ask about, and how many claims are known to be there from elsewhere."""

    name: str
    mapping: str
    releases: list
    dates: list
    known: list = dataclasses.field(default_factory=list)
    sample: str = ""

    def claim_id(self, key):
        """The claim id that anybody can compute: version 5 of the key, in the name space of the data set."""
        space = uuid.uuid5(uuid.NAMESPACE_URL, f"detente:dataset:{self.name}")
        return str(uuid.uuid5(space, key))


def by_key(claims):
    """The claims under their keys; a key that comes twice is a mistake of this file."""
    found = {}
    for claim in claims:
        assert claim.key not in found, f"twice: {claim.key}"
        found[claim.key] = claim
    return found


def changes(before, after):
    """The keys that vanished, that are new, and whose claims differ, from one release to the next."""
    gone = before.keys() - after.keys()
    new = after.keys() - before.keys()
    both = before.keys() & after.keys()
    said = lambda claim: (claim.content, claim.start, claim.end)
    return gone, new, {key for key in both if said(before[key]) != said(after[key])}


def state(claims, date):
    """The keys of what is so at a date, surely and perhaps."""
    found = {"definite": set(), "possible": set()}
    for key, claim in claims.items():
        if certainty := claim.certainty(date):
            found[certainty].add(key)
    return found
