#!/usr/bin/env bash
# A panel of ROWS rows in RELEASES snapshots, of which each changes 1 % and drops and adds 0.1 %: events, disk and seconds.
#
#   benches/snapshots.sh target/dist/detente 40000 50
#
#   --dir DIR        where the ledger is made; on a real disk, not tmpfs (default: target/bench)
#   --results FILE   the raw results, one JSON object a line, are appended to it (default: DIR/results.jsonl)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$here/common.sh"

dir=$root/target/bench results='' words=()
while [ $# -gt 0 ]; do
  case $1 in
    --dir) dir=$2; shift ;;
    --results) results=$2; shift ;;
    -*) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    *) words+=("$1") ;;
  esac
  shift
done
detente=${words[0]:?the program} rows=${words[1]:-40000} releases=${words[2]:-50}
on_disk "$dir"
results=${results:-$dir/results.jsonl}
folder=$(mktemp -d "$dir/snapshots.XXXXXX")
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
begin_run benches/snapshots.sh "$dir" "note=$rows rows in $releases snapshots"
section='Snapshots of a panel' disk_before=0 all_events=0 all_began=$(now) which='the first'
for file in "$folder"/*.csv; do
  day=$(basename "$file" .csv)
  began=$(now)
  "$detente" import "$file" --mapping "$folder/panel.toml" --data "$folder/ledger" --release "$day" --recorded-at "$day" \
    --output json > "$folder/report.json"
  seconds=$(since "$began") disk=$(du -sk "$folder/ledger" | cut -f1)
  events=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["eventsWritten"])' "$folder/report.json")
  figure detente "$section|$which" "$events" events snapshots
  figure detente "$section: on disk|$which" "$(calculate "($disk - $disk_before) / 1024")" MiB snapshots
  figure detente "$section: how long|$which" "$seconds" s snapshots
  disk_before=$disk all_events=$((all_events + events)) which='each of the others'
done
figure detente "$section|all" "$all_events" events snapshots
figure detente "$section: on disk|all" "$(calculate "$disk_before / 1024")" MiB snapshots
figure detente "$section: how long|all" "$(since "$all_began")" s snapshots
