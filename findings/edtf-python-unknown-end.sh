#!/bin/sh
# Version: edtf 5.0.2 of PyPI
#
# edtf gives the interval `2010/`, whose end is unknown, a strict end ten years after its start: 1 January 2020. The
# Library of Congress has an empty end for "unknown", without any length.
#
#   2010/   2010-1-1 2020-1-1
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check edtf==5.0.2
"$folder/venv/bin/python" - <<'PY'
from edtf import parse_edtf

interval = parse_edtf("2010/")
lower, upper = tuple(interval.lower_strict()[:3]), tuple(interval.upper_strict()[:3])
print("2010/", *lower, *upper)
assert (lower, upper) == ((2010, 1, 1), (2020, 1, 1))
PY
