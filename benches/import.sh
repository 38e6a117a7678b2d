#!/usr/bin/env bash
# A real data set into Detente and into PostgreSQL, in one run: how fast it comes in, how much disk it takes, and how fast
# states are asked for afterwards. Progress on standard error, Markdown tables on standard output. On a quiet machine.
#
#   benches/import.sh                       ATOP's two releases, 272,046 and 273,296 rows, of ../shared/data
#   benches/import.sh --rows 5000 --seconds 1 --more 0      a smoke test of this script
#
#   --data DIR      where the data set is (default: ../shared/data/atop_alliance_versions)
#   --rows N        only the first N rows of each release
#   --more N        then into a ledger with about N rows already there, made up, in a data set of their own (default 1000000; 0: not)
#   --seconds S     how long each question is asked (default 5)
#   --dir DIR       where the ledgers are made; on a real disk, not tmpfs (default: target/bench)
#   --results FILE  the raw results, one JSON object a line, are appended to it (default: DIR/results.jsonl)
#   --binary FILE   a program that is built already, instead of building the profile dist; --load FILE: a generator
#   --skip-postgres
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")

. "$here/common.sh"

data=$root/../shared/data/atop_alliance_versions results='' binary='' generator='' rows='' more=1000000 seconds=5 dir=$root/target/bench postgres=yes
while [ $# -gt 0 ]; do
  case $1 in
    --data) data=$2; shift ;;
    --rows) rows=$2; shift ;;
    --more) more=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --dir) dir=$2; shift ;;
    --results) results=$2; shift ;;
    --binary) binary=$2; shift ;;
    --load) generator=$2; shift ;;
    --skip-postgres) postgres='' ;;
    *) sed -n '2,17s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
if [ ! -d "$data" ]; then echo "$data is not there" >&2; exit 2; fi
on_disk "$dir"
results=${results:-$dir/results.jsonl}
tmp=$(mktemp -d "$dir/import.XXXXXX")
chmod 755 "$tmp"

pid='' pg_running=''
tidy() {
  if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi
  if [ -n "$pg_running" ]; then "$here/peers.sh" stop "$tmp/pg" || true; fi
  rm -rf "$tmp"
}
trap tidy EXIT
binaries "$tmp" "$binary" "$generator"
cp -r "$root/deploy/mappings" "$tmp/mappings"

say "the data"
releases=()
for file in "$data"/*.csv.xz; do
  released=$(basename "$file" | sed -E 's/.*__([0-9-]+)__.*/\1/')
  # All of the file is read, so that xz does not end on a closed pipe.
  xz -dc "$file" | awk -v rows="${rows:-1000000000}" 'NR <= rows + 1' >"$tmp/$released.csv"
  releases+=("$released")
done
first=${releases[0]} second=${releases[1]}
count() { awk 'END {print NR - 1}' "$tmp/$1.csv"; }
begin_run benches/import.sh "$dir" "seconds=$seconds"
if [ "$more" -gt 0 ]; then
  # Rows that are there before: the same pairs of states in years that no release has.
  awk -F, -v OFS=, -v more="$more" 'NR == 1 {print; next} {line[NR] = $0}
    END {for (shift_ = 300; made < more; shift_ += 300) for (n = 2; n <= NR && made < more; n++) {$0 = line[n]; $3 += shift_; print; made++}}' \
    "$tmp/$first.csv" >"$tmp/earlier.csv"
  sed -e 's/^name = "atop"/name = "atop-made-up"/' "$tmp/mappings/atop.toml" >"$tmp/mappings/earlier.toml"
fi

serve() { # DIRECTORY
  local addr; addr=127.0.0.1:$(free_port); url=http://$addr
  "$detente" serve --data "$1" --listen "$addr" >"$tmp/server.log" 2>&1 &
  pid=$!
  "$load" info --server "$url" --patience 300 --json >/dev/null
}
stop() { kill -TERM "$pid"; wait "$pid" || cat "$tmp/server.log" >&2; pid=''; }
peak() { awk '/^VmHWM:/ {printf "%.0f", $2 / 1024}' "/proc/$pid/status"; }

# Imports over the running server: bring_in FILE MAPPING NAME; sets $seconds_taken and $importer_peak (MiB).
bring_in() {
  local began; began=$(now)
  "$detente" import "$tmp/$1.csv" --mapping "$tmp/mappings/$2.toml" --release "$1" --recorded-by bench --server "$url" >"$tmp/import.log" 2>&1 &
  local importer=$! highest=0 seen
  while kill -0 "$importer" 2>/dev/null; do
    seen=$(awk '/^VmHWM:/ {print $2}' "/proc/$importer/status" 2>/dev/null || true)
    if [ -n "$seen" ] && [ "$seen" -gt "$highest" ]; then highest=$seen; fi
    sleep 0.1
  done
  wait "$importer" || { tail -n 20 "$tmp/import.log" >&2; exit 1; }
  seconds_taken=$(since "$began") importer_peak=$((highest / 1024))
  tail -n 3 "$tmp/import.log" >&2
}
head_position() { field head "$("$load" info --server "$url" --json)" | cut -d . -f 1; }

row_of() { echo "$([ "$1" = head ] && echo 'at the head' || echo 'as known at the first release'), $2 client$([ "$2" = 1 ] || echo s)"; }
ask() { # SECTION CUT CLIENTS [POSITION]
  local found
  found=$("$load" --json --case "$1|$(row_of "$2" "$3")" ask --server "$url" --questions "$tmp/questions" --clients "$3" \
    --seconds "$seconds" ${4:+--position "$4"} 2>>"$tmp/load.log") || { tail -n 5 "$tmp/load.log" >&2; exit 1; }
  keep "$found"
}
pg_ask() { # CUT CLIENTS
  keep "$("$here/peers.sh" measure "$tmp/pg" "import_asof_$1" "$2" "$seconds" "$states|$(row_of "$1" "$2")")"
}
# The time that an import took: took WHO ROW SECONDS ROWS
took() {
  figure "$1" "$importing|$2" "$(calculate "$4 / ($3 + 0.001)")" rows/s import
  figure "$1" "$importing: how long|$2" "$3" s import
}
in_mib() { calculate "$1 / 1048576"; }
importing='ATOP: importing' states='ATOP: a state' space='ATOP: on disk' memory='ATOP: peak memory'
pg() { "$pg_bin/psql" -qXt -v ON_ERROR_STOP=1 "$@"; }
pg_size() { pg -c "select coalesce(sum(pg_total_relation_size(oid)), 0) from pg_class where relname in ('obligations')" | tr -d ' '; }

if [ -n "$postgres" ]; then
  say "PostgreSQL"
  if [ "$(id -u)" = 0 ] && ! runuser -u postgres -- test -x "$tmp"; then
    echo "the user postgres cannot enter $tmp: give another --dir, or --skip-postgres" >&2; exit 2
  fi
  pg_bin=${PG_BIN:-$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}
  export PGHOST=127.0.0.1 PGPORT=${PG_PORT:-55432} PGUSER=postgres PGDATABASE=postgres
  "$here/peers.sh" setup "$tmp/pg" 1000 10 100
  "$here/peers.sh" start "$tmp/pg"; pg_running=yes
  pg -f "$here/postgres/import_schema.sql" <"$root/deploy/mappings/tables/states.csv" >&2
  began=$(now); pg -f "$here/postgres/import_release.sql" <"$tmp/$first.csv" >&2; took 'postgres, before its indexes' "$first, $(count "$first") rows, into an empty one" "$(since "$began")" "$(count "$first")"
  pg -f "$here/postgres/import_index.sql" >&2; took postgres "$first, $(count "$first") rows, into an empty one" "$(since "$began")" "$(count "$first")"
  began=$(now); pg -f "$here/postgres/import_release.sql" <"$tmp/$second.csv" >&2; took postgres "$second, $(count "$second") rows, against the first" "$(since "$began")" "$(count "$second")"
  pg -f "$here/postgres/import_questions.sql" >&2
  figure postgres "$space|table and indexes, without the log" "$(in_mib "$(pg_size)")" MiB
  pg -c "select relationship || ' ' || year from questions join pairs using (pair)" | sed 's/^ //' | grep . >"$tmp/questions"
  wc -l <"$tmp/questions" >"$tmp/pg/relationships"
  for cut in head old; do for clients in 1 8; do
    pg_ask "$cut" "$clients"
  done; done
  "$here/peers.sh" stop "$tmp/pg"; pg_running=''
else
  awk -F, 'NR > 1 && NR % 13 == 0 && asked++ < 20000 {print $1 "," $2 "," $3}' "$tmp/$first.csv" | awk -F, '
    NR == FNR {if ($4 != "") id[$4] = $1; next}
    ($1 in id) && ($2 in id) {a = id[$1]; b = id[$2]; print (a < b ? a "-" b : b "-" a) " " $3}' "$root/deploy/mappings/tables/states.csv" - >"$tmp/questions"
fi

say "Detente"
serve "$tmp/ledger"
bring_in "$first" atop; position=$(head_position)
took detente "$first, $(count "$first") rows, into an empty one" "$seconds_taken" "$(count "$first")"
figure detente "$memory|importer" "$importer_peak" MiB
bring_in "$second" atop
took detente "$second, $(count "$second") rows, against the first" "$seconds_taken" "$(count "$second")"
"$load" info --server "$url" --drained --patience 600 --json >/dev/null
figure detente "$memory|server" "$(peak)" MiB
for cut in head old; do for clients in 1 8; do
  ask "$states" "$cut" "$clients" "$([ $cut = old ] && echo "$position" || true)"
done; done
stop
figure detente "$space|journal" "$(in_mib "$(du -sb "$tmp/ledger/journal" | cut -f 1)")" MiB
figure detente "$space|store" "$(in_mib "$(du -sb "$tmp/ledger/store" | cut -f 1)")" MiB

if [ "$more" -gt 0 ]; then
  say "with $more rows already there"
  serve "$tmp/large"
  bring_in earlier earlier
  took detente "$(count earlier) made-up rows, into an empty one" "$seconds_taken" "$(count earlier)"
  "$load" info --server "$url" --drained --patience 600 --json >/dev/null
  bring_in "$first" atop
  took detente "$first, with those there" "$seconds_taken" "$(count "$first")"
  bring_in "$second" atop
  took detente "$second, with those there" "$seconds_taken" "$(count "$second")"
  figure detente "$memory|server, with those there" "$(peak)" MiB
  for clients in 1 8; do ask "$states, with those there" head "$clients"; done
  stop
fi
end_run "$load"
