#!/usr/bin/env python3
"""Work that is done as a whole, by two binaries in turn: an import into a new directory, and a Diff read page by page.

    benches/whole.py BASE NEW [--rows N] [--changes N] [--rounds N] [--diffs N] [--dir DIR] [--results FILE]

BASE and NEW are binaries of the program. The import makes claims of made-up rows; its time ends with the process, and its
memory is the most that the process held. Two Diffs are read to their end in pages of 100 over JSON: of the empty record with
the claims of another import, and of the state at two dates between which all of these begin; 0 for --changes leaves them out. Each round asks both, in turn the one or the other first. The
median of the ratios is what counts.

BASE_COMMIT and BENCH_COMMIT say what BASE and NEW were built of; without the latter NEW is of this checkout.
"""

import argparse
import http.client
import itertools
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

from lines import Results

STATES = 60
PAGE = 100
MAPPING = """
[dataset]
name = "pacts"
key = ["{id}"]
recorded_by = "bench"

[tables.states]
file = "states.csv"
key = "id"

[parties.state]
table = "states"
id = "{id}"
type = "state"
names = { en = "State {id}" }

[sources.list]
id = "pacts"
title = "Made-up pacts"

[[claim]]
kind = "agreement"
type = "state"
from = { date = "{start}", formats = ["YYYY"] }
to = { date = "{end}", formats = ["YYYY"] }
texts = { en = "Pact {id} of {a} and {b}, in force from {start}" }
parties = [
  { role = "party", party = "state", key = "{a}" },
  { role = "party", party = "state", key = "{b}" },
]
relationships = [{ all = ["party"] }]
sources = [{ source = "list" }]
"""


def write_inputs(folder, rows, name, closed=True):
    """A mapping, its table, and a file of rows. Those that are not closed all hold in 1995."""
    with open(os.path.join(folder, "mapping.toml"), "w", encoding="utf-8") as file:
        file.write(MAPPING)
    with open(os.path.join(folder, "states.csv"), "w", encoding="utf-8") as file:
        file.write("id\n" + "".join(f"S{nth}\n" for nth in range(STATES)))
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write("id,a,b,start,end\n")
        for row in range(rows):
            first, second = row % STATES, (row * 7 + row // STATES + 1) % STATES
            second += first == second
            start = 1900 + row % 90
            end = start + row % 30 if closed else 2000
            file.write(f"p{row},S{first},S{second % STATES},{start},{end}\n")


def peak_of(process):
    """The most memory that a process held, in MiB; 0 once it has ended."""
    try:
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as status:
            found = [line.split()[1] for line in status if line.startswith("VmHWM:")]
        return int(found[0]) / 1024 if found else 0
    except (OSError, IndexError):
        return 0


def bring_in(program, folder, rows, ledger):
    """Imports a file of rows into a new directory. Returns the seconds, and the peak of memory in MiB."""
    shutil.rmtree(os.path.join(folder, ledger), ignore_errors=True)
    command = [program, "import", rows, "--mapping", "mapping.toml", "--data", ledger]
    began, peak = time.monotonic(), 0
    with open(os.path.join(folder, "import.log"), "w", encoding="utf-8") as log:
        importer = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        while importer.poll() is None:
            peak = max(peak, peak_of(importer))
            time.sleep(0.01)
    if importer.returncode != 0:
        with open(os.path.join(folder, "import.log"), encoding="utf-8") as log:
            raise SystemExit(f"{program}: {log.read()[-2000:]}")
    return time.monotonic() - began, peak


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Server:
    """A server over a directory, and one connection to it."""

    def __init__(self, program, folder, ledger):
        self.port = free_port()
        command = [program, "serve", "--data", ledger, "--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        for _ in range(600):
            try:
                self.connection.request("GET", "/readyz")
                if self.connection.getresponse().read() is not None:
                    return
            except OSError:
                self.connection.close()
                time.sleep(0.1)
        raise SystemExit(f"{program} does not answer")

    def diff(self, request):
        """Reads a Diff to its end. Returns the changes, and the seconds."""
        began, changes, token = time.monotonic(), 0, ""
        while True:
            body = json.dumps({**request, "pageSize": PAGE, "pageToken": token})
            self.connection.request("POST", "/detente.v1.LedgerService/Diff", body, {"content-type": "application/json"})
            reply = self.connection.getresponse()
            found = json.loads(reply.read())
            if reply.status != 200:
                return None, found
            changes += len(found.get("changes", []))
            token = found.get("nextPageToken", "")
            if not token:
                return changes, time.monotonic() - began

    def stop(self):
        self.connection.close()
        self.process.terminate()
        self.process.wait()


# Builds before `Cut` have the position in the coordinate itself.
DIFFS = {
    "the claims": [{"from": {"cut": {"position": "0"}}}, {"from": {"position": "0"}}],
    "the state at two dates": [{"from": {"validAt": "1850"}, "to": {"validAt": "1995"}}],
}


def diff_of(program, folder, ledger, requests, wanted):
    """The seconds that all pages of a Diff take, in the first form of the request that the server understands."""
    server = Server(program, folder, ledger)
    try:
        for request in requests:
            changes, seconds = server.diff(request)
            if changes is not None:
                if changes < wanted:
                    raise SystemExit(f"{program}: {changes} changes of {wanted}")
                return seconds
        raise SystemExit(f"{program}: {seconds}")
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("base")
    parser.add_argument("new")
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--changes", type=int, default=33_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--diffs", type=int, default=1, help="rounds of the Diff")
    parser.add_argument("--dir", default="target/bench", help="on a real disk, not tmpfs")
    parser.add_argument("--results", help="the raw results, one JSON object a line, are appended to it")
    args = parser.parse_args()
    os.makedirs(args.dir, exist_ok=True)
    programs = {"base": os.path.abspath(args.base), "new": os.path.abspath(args.new)}
    results = Results(
        "benches/whole.py",
        args.dir,
        passes=args.rounds,
        rows=args.rows,
        note=f"base {os.environ.get('BASE_COMMIT', os.path.basename(args.base))}",
    )

    def keep(who, section, row, value, unit):
        results.figure(who, section, row, value, unit)
        print(f"   {who} {section} {row}: {value:.2f} {unit}", flush=True)

    def pair(section, row, unit, values, better):
        for who, value in values.items():
            keep(who, section, row, value, unit)
        keep("new / base", section, row, better(values["new"], values["base"]), "ratio")

    with tempfile.TemporaryDirectory(dir=args.dir) as folder:
        write_inputs(folder, args.rows, "rows.csv")
        for turn in range(args.rounds):
            speed, memory = {}, {}
            for who in ("base", "new") if turn % 2 == 0 else ("new", "base"):
                seconds, memory[who] = bring_in(programs[who], folder, "rows.csv", f"ledger-{who}")
                speed[who] = args.rows / seconds
            row = f"{args.rows:,} rows into a new directory"
            pair("Importing beside base, in one process", row, "rows/s", speed, lambda new, base: new / base)
            pair("Importing beside base: peak memory", row, "MiB", memory, lambda new, base: new / base)
        if args.changes:
            write_inputs(folder, args.changes, "changes.csv", closed=False)
            bring_in(programs["base"], folder, "changes.csv", "changed-base")
            bring_in(programs["new"], folder, "changes.csv", "changed-new")
            for turn, (what, requests) in itertools.product(range(args.diffs), DIFFS.items()):
                seconds = {}
                for who in ("base", "new") if turn % 2 == 0 else ("new", "base"):
                    seconds[who] = diff_of(programs[who], folder, f"changed-{who}", requests, args.changes)
                row = f"{what}, {args.changes:,} changes in pages of {PAGE}"
                pair("A Diff beside base, read to its end", row, "s", seconds, lambda new, base: new / base)
    results.append(args.results)


if __name__ == "__main__":
    main()
