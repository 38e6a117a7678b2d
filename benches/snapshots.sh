#!/bin/sh
# A panel of ROWS rows in RELEASES snapshots, of which each changes 1 % and drops and adds 0.1 %: events, disk and seconds.
#
#   benches/snapshots.sh target/release/detente 40000 50
set -eu
detente=$1 rows=${2:-40000} releases=${3:-50}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/panel.toml" <<'TOML'
[dataset]
name = "panel"
key = ["{host}-{visitor}"]
recorded_by = "bench"

[parties.state]
id = "{key}"
type = "state"
names = { en = "{key}" }

[[claim]]
kind = "visa_policy"
type = "state"
texts = { en = "{host} for {visitor}: {policy}" }
parties = [{ role = "host", party = "state", key = "{host}" }, { role = "visitor", party = "state", key = "{visitor}" }]
relationships = [{ between = ["host", "visitor"] }]

[release]
semantics = "snapshot"
TOML
python3 - "$folder" "$rows" "$releases" <<'PY'
import random, sys
from datetime import date, timedelta

folder, rows, releases = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(7)
side = int((rows * 1.02) ** 0.5) + 2
pairs = [(a, b) for a in range(side) for b in range(side) if a != b]
random.shuffle(pairs)
held = {pair: random.choice(["free", "visa", "on arrival"]) for pair in pairs[:rows]}
spare = pairs[rows:]
day = date(2020, 1, 1)
for number in range(releases):
    if number:
        keys = list(held)
        for pair in random.sample(keys, max(1, rows // 100)):
            held[pair] = {"free": "visa", "visa": "on arrival", "on arrival": "free"}[held[pair]]
        for pair in random.sample(keys, min(len(spare), rows // 1000)):
            del held[pair]
            new = spare.pop()
            held[new] = "visa"
            spare.insert(0, pair)
    with open(f"{folder}/{day}.csv", "w") as out:
        out.write("host,visitor,policy\n")
        out.writelines(f"S{a:03},S{b:03},{policy}\n" for (a, b), policy in held.items())
    day += timedelta(days=30)
PY
for file in "$folder"/*.csv; do
  day=$(basename "$file" .csv)
  began=$(date +%s.%N)
  "$detente" import "$file" --mapping "$folder/panel.toml" --data "$folder/ledger" --release "$day" --recorded-at "$day" \
    --output json > "$folder/report.json"
  ended=$(date +%s.%N)
  python3 - "$folder/report.json" "$day" "$began" "$ended" "$(du -sk "$folder/ledger" | cut -f1)" <<'PY'
import json, sys
report, day, began, ended, disk = json.load(open(sys.argv[1])), sys.argv[2], *map(float, sys.argv[3:])
print(f"{day}: {report['eventsWritten']} events, {report['unchanged']} unchanged, {ended - began:.2f} s, {disk / 1024:.1f} MiB on disk")
PY
done
