"""DuckDB over an export of the log: the SQL of docs/EXPORT.md, as it stands there, answers the founding question.

So does the state that is exported as CSV. Expects the dossier alone, or with claims of the other clients about parties of
their own.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import duckdb

from story import STORY, check

MANUAL = (pathlib.Path(__file__).parent / "../../docs/EXPORT.md").read_text(encoding="utf-8")
COMMANDS = [line.split()[1:] for line in MANUAL.splitlines() if line.startswith("detente export ") and "--out" in line]
(SQL,) = re.findall(r"```sql\n(WITH .*?)```", MANUAL, re.DOTALL)
KNOWN_AT, FIRST_DAY, LAST_DAY = "2025-08-02", "2025-07-01", "2025-07-31"


def export(address, program, folder):
    """Runs the commands of the manual."""
    for arguments in COMMANDS:
        server = ["--server", f"http://{address}"]
        subprocess.run([program, *arguments, *server], cwd=folder, check=True, capture_output=True, timeout=60)


def asked(folder, known_at, day=None):
    """The rows of the SQL of the manual, with other dates."""
    sql = SQL.replace(KNOWN_AT, known_at)
    if day is not None:
        sql = sql.replace(FIRST_DAY, day).replace(LAST_DAY, day)
    return duckdb.sql(sql.replace("events.parquet", f"{folder}/events.parquet")).fetchall()


def main(address, program):
    dates = [date in SQL for date in (KNOWN_AT, FIRST_DAY, LAST_DAY)]
    check("docs/EXPORT.md has the commands and the dates", [len(COMMANDS), *dates], [2, True, True, True])
    with tempfile.TemporaryDirectory() as folder:
        export(address, program, folder)
        july = [row[:2] for row in asked(folder, KNOWN_AT)]
        unknown, absent = ("no_information", "none_known"), ("absent", "none_known")
        check("July 2025, as known on 2 August: recorded absence", july, [unknown, unknown, absent, unknown])
        september = [row[:2] for row in asked(folder, "2025-09-16", "2025-09-20")]
        check("20 September, as known on the 16th: an agreement", september, [("asserted", "in_force")])
        check("16 November, as known on the 21st: nothing", asked(folder, "2025-11-21", "2025-11-16"), [])
        positions = duckdb.sql(f"SELECT position FROM '{folder}/events.parquet' ORDER BY position").fetchall()
        dense = [(position,) for position in range(1, len(positions) + 1)]
        check("every event, dense from 1", positions, dense)
        check("the dossier among them", len(positions) >= STORY["demoEvents"], True)
        state = duckdb.sql(f"SELECT certainty, text_ar FROM '{folder}/state.csv' WHERE kind = 'agreement'").fetchall()
        definite = [certainty for certainty, _ in state].count("definite")
        check("the state as CSV: four definite claims", definite, len(STORY["founding"]["definite"]))
        check("the state as CSV: with its Arabic", all(arabic for _, arabic in state), True)


main(*sys.argv[1:])
