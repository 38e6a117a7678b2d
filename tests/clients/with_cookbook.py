"""The cookbook: runs every example of docs/COOKBOOK.md as it stands there, in its order, and holds what comes against what
stands below it.

An answer in the cookbook is abridged. `...` stands for members of an object, entries of a list or documents of a stream that
are left out, and at the end of a text for the rest of it; whatever else is written must be there, and nothing more.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

from story import METHODS, check, documents

COOKBOOK = pathlib.Path(__file__).parent / "../../docs/COOKBOOK.md"
ADDRESS_IN_IT = "127.0.0.1:7443"
LEFT_OUT = object()
TOKEN = re.compile(r'\s*(\.\.\.|"(?:[^"\\]|\\.)*"|[][{}:,]|[^][{}:,\s"]+)')


def examples(text):
    """Each rpc with its command and its answer."""
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0]
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
        commands = [body for kind, body in blocks if kind == "sh"]
        answers = [body for kind, body in blocks if kind == "json"]
        check(f"{title}: each command has an answer", len(answers), len(commands))
        for command, answer in zip(commands, answers):
            yield title, command, answer


class Abridged:
    """Reads abridged documents."""

    def __init__(self, text):
        self.tokens = TOKEN.findall(text)

    def all(self):
        found = []
        while self.tokens:
            found.append(self.value())
        return found

    def value(self):
        token = self.tokens.pop(0)
        if token == "...":
            return LEFT_OUT
        if token == "{":
            return self.members("}", self.member)
        if token == "[":
            return [value for _, value in self.members("]", lambda: (None, self.value()))]
        return json.loads(token)

    def members(self, end, member):
        found = []
        while self.tokens[0] != end:
            found.append(member())
            if self.tokens[0] == ",":
                self.tokens.pop(0)
        self.tokens.pop(0)
        return found

    def member(self):
        name = self.value()
        if name is LEFT_OUT:
            return (LEFT_OUT, LEFT_OUT)
        assert self.tokens.pop(0) == ":", name
        return (name, self.value())


def differs(seen, written, where=""):
    """The first difference between the answer and the text; none if they are equal."""
    if written is LEFT_OUT:
        return None
    if isinstance(written, list) and written and isinstance(written[0], tuple):
        return object_differs(seen, written, where)
    if isinstance(written, list) and isinstance(seen, list):
        return list_differs(seen, written, where)
    if written == {} or seen == {}:
        return None if written in ({}, []) and seen in ({}, None) else f"{where}: {seen!r}, not {written!r}"
    if isinstance(written, str) and isinstance(seen, str) and written.endswith("..."):
        return None if seen.startswith(written[:-3]) else f"{where}: {seen!r}"
    return None if seen == written else f"{where}: {seen!r}, not {written!r}"


def object_differs(seen, written, where):
    if not isinstance(seen, dict):
        return f"{where}: {seen!r} is no object"
    names = {name for name, _ in written if name is not LEFT_OUT}
    more = set() if len(names) < len(written) else set(seen) - names
    if more:
        return f"{where}: and also {sorted(more)}"
    members = ((name, value) for name, value in written if name is not LEFT_OUT)
    return next((d for name, value in members if (d := differs(seen.get(name), value, f"{where}.{name}"))), None)


def list_differs(seen, written, where):
    """Without `...` entry by entry; with it, the written ones in their order among those seen."""
    if LEFT_OUT not in written:
        if len(seen) != len(written):
            return f"{where}: {len(seen)} entries, not {len(written)}: {seen!r}"
        pairs = enumerate(zip(seen, written))
        return next((d for nth, (s, w) in pairs if (d := differs(s, w, f"{where}[{nth}]"))), None)
    rest = iter(seen)
    for nth, entry in enumerate(w for w in written if w is not LEFT_OUT):
        last = f"{where}: nothing is left for entry {nth}"
        for candidate in rest:
            last = differs(candidate, entry, f"{where}[{nth}]")
            if last is None:
                break
        if last:
            return last
    return None


def run(command, address, tools):
    """The output of a command. A stream that never ends is ended by its own time limit."""
    command = command.replace(ADDRESS_IN_IT, address)
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", command], capture_output=True, encoding="utf-8", timeout=60, env=environment, check=False)
    if done.returncode != 0 and not ("-max-time" in command and "DeadlineExceeded" in done.stderr):
        raise SystemExit(f"  FAILED {command}\n{done.stdout}{done.stderr}")
    return documents(done.stdout)


def answered(title, command, answer, address, tools):
    """The first difference of the answer; a stream that is ended by time gets more of it before that counts."""
    different = list_differs(run(command, address, tools), Abridged(answer).all(), title)
    if different and "-max-time" in command:
        patient = re.sub(r"-max-time \d+", "-max-time 20", command)
        different = list_differs(run(patient, address, tools), Abridged(answer).all(), title)
    return different


def main(address, tools):
    shown = []
    for title, command, answer in examples(COOKBOOK.read_text(encoding="utf-8")):
        check(f"{title}: the command calls it", title in re.findall(r"detente\.v1\.LedgerService/(\w+)", command), True)
        check(f"{title}: the answer", answered(title, command, answer, address, tools), None)
        shown.append(title)
    check(f"each of the {len(METHODS)} rpcs has an example", sorted(set(shown)), METHODS)


main(sys.argv[1], pathlib.Path(sys.argv[2]).resolve().parent)
