#!/bin/sh
# Version: prefixdate 0.6.1 of PyPI
#
# prefixdate 0.6.1, by which FollowTheMoney reads dates, keeps the year of a quarter and drops the quarter, where it drops the whole
# of a decade and of a day that no month has.
#
#   2021-Q2 -> 2021, 201X -> None, 2021-02-30 -> None
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check prefixdate==0.6.1
"$folder/venv/bin/python" - <<'PY'
import prefixdate

for text, expected in [("2021-Q2", "2021"), ("201X", None), ("2021-02-30", None), ("2021-02", "2021-02")]:
    print(text, prefixdate.parse(text).text)
    assert prefixdate.parse(text).text == expected
PY
