#!/bin/sh
# Version: followthemoney 4.11.2 of PyPI
#
# followthemoney 4.11.2 gives every entity a statement more than it has values: `prop` is `id`, and the `value` is no id but a
# SHA-1 of all its other statements. Whoever makes a fact of every row of a statements file records a checksum as one, and has
# every entity change whenever any of its values does.
#
#   name  Acme
#   id    (40 hex digits)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check followthemoney==4.11.2
"$folder/venv/bin/python" - <<'PY'
import re
from followthemoney.dataset import Dataset
from followthemoney.statement.entity import StatementEntity

dataset = Dataset.make({"name": "made_up", "title": "Made up"})
def statements(names):
    entity = StatementEntity(dataset, {"schema": "Company", "id": "acme"})
    for name in names:
        entity.add("name", name)
    return {statement.prop: statement.value for statement in entity.statements}

one, other = statements(["Acme"]), statements(["Acme", "Acme Ltd"])
print(one)
assert set(one) == {"name", "id"}
assert re.fullmatch("[0-9a-f]{40}", one["id"])
assert one["id"] != other["id"]
PY
