"""The data sets: how each is read, straight from its files, in a few lines each. Nothing here knows a mapping or the importer."""

import csv
import datetime
import io
import lzma
import pathlib
import re
import tarfile
import collections

from claims import ANY, DAY, OPEN, Claim, DataSet, Release, by_key, day, month, year


def table(path, **form):
    """The rows of a file with a header, as dictionaries with lower-case names."""
    opened = lzma.open(path, "rt", encoding="utf-8", newline="") if str(path).endswith(".xz") else open(path, encoding="utf-8", newline="")
    with opened as file:
        reader = csv.DictReader(file, **form)
        reader.fieldnames = [name.lower() for name in reader.fieldnames]
        return list(reader)


TABS = {"delimiter": "\t", "quoting": csv.QUOTE_NONE}


def part(scratch, name, source, keep):
    """A file with the header and the lines of another that `keep` takes, for runs that do not read the whole."""
    opened = lzma.open(source, "rt", encoding="utf-8", newline="") if str(source).endswith(".xz") else open(source, encoding="utf-8", newline="")
    made = pathlib.Path(scratch) / name
    with opened as file, open(made, "w", encoding="utf-8", newline="") as out:
        for number, line in enumerate(file):
            if number == 0 or keep(number, line):
                out.write(line)
    return made


# COW Militarized Interstate Disputes -------------------------------------------------------------------------------------------


def parts(row, end):
    """A date in three columns, where a day of -9 makes it a month."""
    numbers = [int(row[end + unit]) for unit in ("year", "mon", "day")]
    return month(*numbers[:2]) if numbers[2] == -9 else day(*numbers)


def mid(data, _scratch, _whole):
    """Disputes, with their participants from the second file."""
    releases = []
    for name, recorded_at in (("4.01", "2016-10-11T00:00:00Z"), ("5.0", "2023-09-07T00:00:00Z")):
        file, members = (data / "cow_mid_versions" / f"{which}_{name}.csv" for which in ("MIDA", "MIDB"))
        sides = collections.defaultdict(set)
        for row in table(members):
            sides[row.get("dispnum3") or row["dispnum"]].add((row["sidea"], row["ccode"]))
        rows = table(file)
        claims = []
        for row in rows:
            number = row.get("dispnum3") or row["dispnum"]
            ongoing = row.get("ongo2010") or row["ongo2014"]
            last = parts(row, "end")
            said = [row[name].strip() for name in "outcome settle fatality fatalpre maxdur mindur hiact hostlev recip numa numb".split()]
            content = (*said, frozenset(sides[number]), last if ongoing == "1" else None)
            claims.append(Claim(number, content, parts(row, "st"), OPEN if ongoing == "1" else last))
        releases.append(Release(name, recorded_at, file, len(rows), by_key(claims), {"participants": members}))
    dates = "1816 1856-07 1902-07-15 1914 1940 1962-10 1995 1999-06-10 2010-12-31 2014-10".split()
    known = [
        ("disputes retracted, new", lambda old, new: (len(old.keys() - new.keys()), len(new.keys() - old.keys())), (272, 122)),
        ("touching 1914, 1940, 1995 at 4.01", lambda old, _: touching(old), (27, 71, 51)),
        ("touching 1914, 1940, 1995 at 5.0", lambda _, new: touching(new), (21, 62, 49)),
        ("disputes with a date that was corrected", lambda *_: redated(data), 57),
    ]
    return DataSet("cow-mid", "cow_mid.toml", releases, dates, known)


def touching(claims):
    """The number of disputes that hold at some time in these years, surely or perhaps."""
    return tuple(sum(claim.certainty(date) is not None for claim in claims.values()) for date in ("1914", "1940", "1995"))


def redated(data):
    """The number of disputes of both releases with another number in a date column."""
    columns = [end + unit for end in ("st", "end") for unit in ("day", "mon", "year")]
    read = lambda name: {row.get("dispnum3") or row["dispnum"]: [int(row[c]) for c in columns] for row in table(data / "cow_mid_versions" / name)}
    old, new = read("MIDA_4.01.csv"), read("MIDA_5.0.csv")
    return sum(old[number] != new[number] for number in old.keys() & new.keys())


def mid_participants(data, _scratch, _whole):
    """The participants of a dispute, with their times."""
    releases = []
    for name, recorded_at in (("4.01", "2016-10-11T00:00:00Z"), ("5.0", "2023-09-07T00:00:00Z")):
        file = data / "cow_mid_versions" / f"MIDB_{name}.csv"
        rows = table(file)
        claims = []
        for row in rows:
            key = f"{row.get('dispnum3') or row['dispnum']}:{row['ccode']}:{row['styear']}-{row['stmon']}"
            deaths = row.get("fatapre") or row["fatalpre"]
            said = [row[name] for name in "sidea revstate revtype1 revtype2 fatality hiact hostlev orig".split()]
            said[2:4] = [tuple(code for code in said[2:4] if code != "-9")]
            claims.append(Claim(key, (*said, deaths), parts(row, "st"), parts(row, "end")))
        releases.append(Release(name, recorded_at, file, len(rows), by_key(claims)))
    dates = "1816 1856-07 1902-07-15 1914 1940 1962-10 1995 1999-06-10 2010-12-31 2014-10".split()
    return DataSet("cow-mid-participants", "cow_mid_participants.toml", releases, dates)


# COW Direct Contiguity -----------------------------------------------------------------------------------------------------------


def contiguity(data, _scratch, _whole):
    """The pairs of neighbours. The first release writes YYYYMM, the others YYYY-MM-01: the same month."""
    releases = []
    for file in sorted((data / "cow_contiguity_versions").glob("*.csv")):
        rows = table(file)
        claims = []
        for row in rows:
            one, other, how, start, end = list(row.values())
            start, end = (tuple(map(int, re.match(r"(\d{4})-?(\d\d)", text).groups())) for text in (start, end))
            last = OPEN if end == (2016, 12) else month(*end)
            claims.append(Claim(f"{one}:{other}:{start[0]}-{start[1]:02}", (how,), month(*start), last))
        released = file.name.split("__")[1]
        releases.append(Release(released, f"{released}T00:00:00Z", file, len(rows), by_key(claims)))
    dates = "1816 1855-03 1900 1914-07-28 1920-01 1939-09 1950-06 1992-01 2011-07-09 2016".split()
    held = lambda date: lambda *releases: sum(claim.certainty(date) is not None for claim in releases[0].values())
    pairs = lambda *releases: len({tuple(key.split(":")[:2]) for key, claim in releases[0].items() if claim.certainty("1992-01")})
    known = [
        ("rows in force in June 1950", held("1950-06"), 320),
        ("rows in force in January 1992", held("1992-01"), 1036),
        ("pairs in January 1992", pairs, 1034),
    ]
    return DataSet("cow-contiguity", "cow_contiguity.toml", releases, dates, known)


# ATOP alliances ------------------------------------------------------------------------------------------------------------------


def atop(data, scratch, whole):
    """Directed pairs of states by year, with five bits."""
    releases = []
    some = {"365", "373", "371", "640", "369", "344", "850"}
    for file in sorted((data / "atop_alliance_versions").glob("*.xz")):
        released = file.name.split("__")[1]
        if not whole:
            file = part(scratch, f"atop-{released}.csv", file, lambda _, line: set(line.split(",")[:1]) <= some)
        rows = table(file)
        claims = []
        for row in rows:
            one, other, number, *bits = row.values()
            claims.append(Claim(f"{one}:{other}:{number}", tuple(bits), year(int(number)), year(int(number))))
        releases.append(Release(released, f"{released}T00:00:00Z", file, len(rows), by_key(claims)))
    dates = "1815 1873 1914-07 1939 1949-04-04 1955 1990 1993 2011-05 2018".split()
    rows = (272_046, 273_296) if whole else ()
    known = [("rows", lambda *releases: tuple(map(len, releases)), rows)] if whole else []
    return DataSet("atop", "atop.toml", releases, dates, known, "" if whole else "what seven of its states are obliged to")


# Events --------------------------------------------------------------------------------------------------------------------------


def icews14(data, scratch, whole):
    """Dated events without an id."""
    file = data / "icews14" / "icews14_events.tsv"
    if not whole:
        file = part(scratch, "icews14-01.tsv", file, lambda _, line: line.startswith("2014-01"))
    dates = ["2014-01", *(f"2014-01-{n:02}" for n in range(1, 32, 4)), "2014-12-31"]
    known = [("events in January 2014", lambda *releases: sum(key.startswith("2014-01") for key in releases[0]), 6_800)]
    return events(file, dates, known, "" if whole else "January 2014")


def icews18(data, scratch, whole):
    """The same, of 2018."""
    file = data / "icews18_part" / "icews18_valid_test_events.tsv"
    if not whole:
        file = part(scratch, "icews18-0901.tsv", file, lambda _, line: line.startswith("2018-09-01"))
    dates = "2018-08 2018-08-29 2018-09-01 2018-09-08 2018-09-15 2018-09-30 2018-10-01 2018-10-16 2018-10-31 2019".split()
    return events(file, dates, [], "" if whole else "1 September 2018")


def events(file, dates, known, sample):
    """A file of ICEWS events."""
    rows = table(file, **TABS)
    claims = []
    for row in rows:
        when = day(*map(int, row["date"].split("-")))
        key = ":".join(row[name].strip() for name in ("date", "subject", "relation", "object"))
        claims.append(Claim(key, (), when, when, holds=False))
    release = Release("1", "2020-01-01T00:00:00Z", file, len(rows), by_key(claims))
    return DataSet("icews", "icews.toml", [release], dates, known, sample)


def icews_raw(data, _scratch, _whole):
    """Events as ICEWS publishes them."""
    file = data / "icews_raw_sample_2018" / "events.2018.sample.tab"
    rows = table(file, **TABS)
    claims = []
    for row in rows:
        when = day(*map(int, row["event date"].split("-")))
        claims.append(Claim(row["event id"], (), when, when, holds=False))
    release = Release("2018", "2020-01-01T00:00:00Z", file, len(rows), by_key(claims))
    dates = "2017 2018 2018-05 2018-06 2018-07 2018-05-31 2018-06-01 2018-06-02 2018-06-03 2019".split()
    return DataSet("icews-raw", "icews_raw.toml", [release], dates)


def gdelt_mentions(data, _scratch, _whole):
    """Mentions of events in articles; one that comes again is numbered."""
    file = data / "gdelt_sample" / "mentionssamp.csv"
    rows = table(file)
    seen = collections.Counter()
    claims = []
    for row in rows:
        key = f"{row['globaleventid']}:{row['sentenceid']}:{digest(row['mentionidentifier'])}"
        seen[key] += 1
        at = datetime.datetime.strptime(row["mentiontimedate"], "%Y%m%d%H%M%S")
        second = at.toordinal() * DAY + at.hour * 3600 + at.minute * 60 + at.second
        claims.append(Claim(key if seen[key] == 1 else f"{key}#{seen[key]}", (), (second, second), (second, second), holds=False, atom=1))
    release = Release("2017", "2020-01-01T00:00:00Z", file, len(rows), by_key(claims))
    dates = "2016 2016-07-01 2017 2017-06 2017-07 2017-06-30 2017-07-01 2017-07-02 2017-08 2018".split()
    return DataSet("gdelt-mentions", "gdelt_mentions.toml", [release], dates)


def digest(text):
    """The first 16 hex digits of SHA-256, with which the mapping shortens an address."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:16]


# UN treaties ---------------------------------------------------------------------------------------------------------------------

MARKS = {
    "a": "accession", "d": "succession", "A": "acceptance", "AA": "approval", "s": "definitive signature", "P": "participation",
    "n": "provisional application", "p": "simplified procedure", "c": "formal confirmation", "C": "confirmation of signature",
}
ALONE = r"(?:^|, )(signature|ratification|application|definitive acceptance|provisional acceptance|date of adoption|registration date)(?:,|$)"


UNDATED = {"Resolution", "Registration Number", "UNTS Volume", "UNTS Page"}


def treaties(data, scratch, whole):
    """Every cell with a date, of every file of the archive."""
    archive = data / "un_treaties" / "treaties.tar.xz"
    keep = lambda name: whole or pathlib.Path(name).name.split("-")[0] in {"1", "3", "26"}
    claims, cells = [], 0
    if not whole:
        made = pathlib.Path(scratch) / "treaties.tar"
        with tarfile.open(archive) as source, tarfile.open(made, "w") as out:
            for member in source.getmembers():
                if member.isfile() and keep(member.name):
                    out.addfile(member, source.extractfile(member))
        archive = made
    with tarfile.open(archive) as files:
        for member in files.getmembers():
            if not member.isfile():
                continue
            header, *rows = csv.reader(io.StringIO(files.extractfile(member).read().decode()))
            number = re.sub(r"^(\d+-\d+)-", r"\1.", pathlib.Path(member.name).stem)
            for row in rows:
                for heading, cell in list(zip(header, row))[1:]:
                    cells += cell.strip() != ""
                    if heading in UNDATED or not cell.strip():
                        continue
                    date, mark = re.fullmatch(r"(\d+ [A-Z][a-z]+ \d{4})(?: ([A-Za-z]{1,2}))?", cell.strip()).groups()
                    claims.append(action(number, row[0].strip(), heading.strip(), date, mark))
    tables = {"treaties": data / "un_treaties" / "index.csv"}
    release = Release("2015-03", "2015-03-14T00:00:00Z", archive, cells, by_key(claims), tables)
    dates = "1921 1946-10 1957 1961-04-18 1969-05-23 1975 1989 1994-12-16 2001 2014".split()
    return DataSet("un-treaties", "un_treaties.toml", [release], dates, [], "" if whole else "chapters 1, 3 and 26")


def action(number, participant, heading, date, mark):
    """The act that a dated cell names."""
    alone = re.search(ALONE, heading.lower())
    done = MARKS[mark] if mark else alone[1] if alone else "participation"
    if mark == "d" and heading == "Signature, Succession to signature(d)":
        done = "succession to signature"
    at = datetime.datetime.strptime(re.sub(r"([A-Z][a-z]{2})[a-z]*", r"\1", date), "%d %b %Y")
    other = f" {digest(heading)}" if done == "participation" else ""
    when = day(at.year, at.month, at.day)
    return Claim(f"{number}:{participant}:{done}{other}", (), when, when, holds=False)


def treaty_index(data, _scratch, _whole):
    """The treaties; the day is at the end of the title, mostly."""
    file = data / "un_treaties" / "index.csv"
    rows = table(file)
    claims = []
    for row in rows:
        key = f"{row['chapter_no']}-{row['treaty_no']}"
        found = re.search(r"(\d{1,2} [A-Z][a-z]+ \d{4})\W*$", row["treaty_name"])
        at = found and datetime.datetime.strptime(found[1], "%d %B %Y")
        when = at and day(at.year, at.month, at.day)
        claims.append(Claim(key, (), when, when, holds=False))
    release = Release("2015-03", "2015-03-14T00:00:00Z", file, len(rows), by_key(claims))
    dates = "1921 1946-10 1957 1961-04-18 1969-05-23 1975 1989 1994 2001 2014".split()
    return DataSet("un-treaty-index", "un_treaties_index.toml", [release], dates)


# Wikidata ------------------------------------------------------------------------------------------------------------------------


def wikidata(data, scratch, whole):
    """Facts with years; `####` is not given, and a fact that ends before it starts is none."""
    folder = data / "wikidata_intervals"
    file = folder / "wikidata_intervals.tsv"
    if not whole:
        file = part(scratch, "wikidata.tsv", file, lambda number, _: number % 10 == 1)
    names = {}
    for what in ("entity", "relation"):
        names[what] = {number: name for name, number in csv.reader(open(folder / f"{what}2id.txt", encoding="utf-8"), delimiter="\t")}
    rows = table(file, **TABS)
    claims, reversed_facts = [], 0
    for row in rows:
        start, end = (ANY if row[side].startswith("####") else year(int(row[side].split("-")[0])) for side in ("start", "end"))
        if start[0] > end[1]:
            reversed_facts += 1
            continue
        key = (names["entity"][row["subject_id"]], names["relation"][row["relation_id"]], names["entity"][row["object_id"]], row["start"], row["end"])
        claims.append(Claim(":".join(key), (), start, end))
    release = Release("1", "2020-01-01T00:00:00Z", file, len(rows), by_key(claims), {f"{plural}": folder / name for plural, name in (("entities", "entity2id.txt"), ("relations", "relation2id.txt"))}, reversed_facts)
    dates = "0098 0918 1350 1789-07-14 1815 1914 1945-05 1969 1990-10-03 2014".split()
    return DataSet("wikidata-intervals", "wikidata_intervals.toml", [release], dates, [], "" if whole else "every tenth row")


ALL = [mid, mid_participants, contiguity, atop, icews14, icews18, icews_raw, gdelt_mentions, treaties, treaty_index, wikidata]
