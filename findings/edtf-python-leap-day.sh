#!/bin/sh
# Version: edtf 5.0.2 of PyPI
#
# edtf accepts 29 February 2023, and gives as the last day that `20XX-02-29` can mean 29 February 2099, which no
# calendar has: `datetime.date` cannot be made of the bound that it returns.
#
#   2023-02-29   2023-2-29 2023-2-29
#   20XX-02-29   2000-2-29 2099-2-29
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check edtf==5.0.2
"$folder/venv/bin/python" - <<'PY'
import datetime
from edtf import parse_edtf

for text, first, last in [("2023-02-29", (2023, 2, 29), (2023, 2, 29)), ("20XX-02-29", (2000, 2, 29), (2099, 2, 29))]:
    date = parse_edtf(text)
    lower, upper = tuple(date.lower_strict()[:3]), tuple(date.upper_strict()[:3])
    print(text, *lower, *upper)
    assert (lower, upper) == (first, last)
try:
    datetime.date(*upper)
    raise SystemExit("2099 has a leap day")
except ValueError as error:
    print(error)
PY
