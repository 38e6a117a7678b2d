#!/bin/sh
# Version: duckdb 2.0.1 of PyPI, with a file written by pyarrow 26.0.1
#
# A DATE before the year 1 comes out of duckdb's Python client as a text, in a column whose other days are datetime.date. The text counts
# years before Christ, so it is no ISO date either, and it sorts and compares with none of its neighbours.
#
#   days in the file: -899,195 (3 February 493 BC) and 0
#   ['0493-02-03 (BC)', datetime.date(1970, 1, 1)]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1
cat > read.py <<'PY'
import datetime
import duckdb, pyarrow, pyarrow.parquet
days = pyarrow.array([-899_195, 0], pyarrow.int32()).cast(pyarrow.date32())
pyarrow.parquet.write_table(pyarrow.table({"day": days}), "days.parquet")
found = [day for (day,) in duckdb.sql("select day from 'days.parquet'").fetchall()]
print(found)
assert [type(day) for day in found] == [str, datetime.date], found
assert found[0].endswith("(BC)"), found
PY
tools/bin/python read.py
