#!/bin/sh
# Version: stix2 3.0.2 of PyPI
#
# stix2 3.0.2 writes two forms of time in one object: `created` and `modified` always with milliseconds, `start_time` and
# `stop_time` of the same relationship without, though all four are the same type of the standard. A reader that expects one form
# of all times of a document rejects the other.
#
#   created    2016-04-06T20:06:37.000Z
#   start_time 2015-03-01T00:00:00Z
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check stix2==3.0.2
"$folder/venv/bin/python" - <<'PY'
import json
from datetime import datetime, timezone
import stix2

at = lambda text: datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
relationship = stix2.Relationship(
    relationship_type="related-to",
    source_ref="identity--11111111-1111-4111-8111-111111111111",
    target_ref="identity--22222222-2222-4222-8222-222222222222",
    created=at("2016-04-06T20:06:37"), modified=at("2016-04-06T20:06:37"), start_time=at("2015-03-01T00:00:00"))
written = json.loads(relationship.serialize())
print("created   ", written["created"])
print("start_time", written["start_time"])
assert written["created"] == "2016-04-06T20:06:37.000Z"
assert written["start_time"] == "2015-03-01T00:00:00Z"
PY
