#!/bin/sh
# Version: edtf-validate 2.0.0 of PyPI
#
# edtf-validate 2.0.0 (PyPI) calls 29 February 2023 valid and 30 February 2024 not, and refuses a qualified date with an
# unspecified day, which level 1 of EDTF has (`2024-06-XX~`).
#
#   2023-02-29 True, 2024-02-30 False, 2024-06-XX True, 2024-06-XX~ False
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check edtf-validate==2.0.0
"$folder/venv/bin/python" - <<'PY'
from edtf_validate.valid_edtf import is_valid

for text, expected in [("2023-02-29", True), ("2024-02-30", False), ("2024-06-XX", True), ("2024-06-XX~", False)]:
    print(text, is_valid(text))
    assert is_valid(text) is expected
PY
