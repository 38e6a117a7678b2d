"""A ledger as a user has one: the program, its verbs, and what they answer."""

import collections
import json
import os
import re
import subprocess
import tempfile


class Failed(Exception):
    """The program ended with an error, or said something that cannot be right."""


class Ledger:
    """A directory with a ledger, which the program imports into and then serves."""

    def __init__(self, program, directory):
        self.program, self.directory = program, directory
        self.server = self.url = None

    def run(self, *arguments):
        """Runs a verb: what it wrote, and what it told."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DETENTE_")}
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True, env=environment, check=False)
        if done.returncode:
            raise Failed(f"{' '.join(map(str, arguments))}\nexit code {done.returncode}\n{done.stderr[-2000:]}")
        return done.stdout, done.stderr

    def bring_in(self, mapping, release):
        """Imports a release. The numbers that the report ends with."""
        tables = [part for name, file in release.tables.items() for part in ("--table", f"{name}={file}")]
        out, told = self.run(
            "import", release.file, "--mapping", mapping, *tables, "--data", self.directory, "--recorded-by", "oracles",
            "--release", release.name, "--recorded-at", release.recorded_at,
        )
        return report(out + told)

    def serve(self):
        """Starts serving, on a free port."""
        log = tempfile.TemporaryFile("w+")
        arguments = [self.program, "serve", "--data", self.directory, "--listen", "127.0.0.1:0"]
        self.server = subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=log, text=True)
        for line in self.server.stderr:
            if found := re.match(r"serving .* on (http://[^,]+),", line):
                self.url = found[1]
                return
        raise Failed("the server did not start")

    def stop(self):
        """Stops the server."""
        if self.server:
            self.server.terminate()
            self.server.communicate()
            self.server = None

    def state(self, data_set, date, recorded_at, holds):
        """The claim ids of what is so at a date, as known then: those that are definite, those that are possible."""
        found = collections.defaultdict(set)
        out, _ = self.run(
            "export", "--server", self.url, "--format", "ndjson", "--what", "state", "--label", f"dataset:{data_set}",
            "--valid-at", date, "--known-at", recorded_at, "--mode", "holds-at" if holds else "occurred-in",
        )
        for line in out.splitlines():
            row = json.loads(line)
            found[row["certainty"]].add(row["claim_id"])
        return found

    def diff(self, earlier, later):
        """The reason of each change between two recorded times: claim ids under reasons, and the fields that differ."""
        out, _ = self.run("diff", "--server", self.url, "--from-known-at", earlier, "--to-known-at", later, "--output", "jsonl")
        reasons, fields = collections.defaultdict(set), {}
        for line in out.splitlines():
            change = json.loads(line)
            if "claimId" in change:
                reasons[change["reason"].removeprefix("CHANGE_REASON_")].add(change["claimId"])
                fields[change["claimId"]] = set(change.get("changedFields", []))
        return reasons, fields


def report(text):
    """The counts of an import's report, under what they count."""
    return {what: int(number.replace(",", "")) for what, number in re.findall(r"^([a-z ]+): +([\d,]+)$", text, re.MULTILINE)}
