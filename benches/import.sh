#!/usr/bin/env bash
# A real data set into Detente and into PostgreSQL, in one run: how fast it comes in, how much disk it takes, and how fast
# states are asked for afterwards. Progress on standard error, a Markdown table on standard output. On a quiet machine.
#
#   benches/import.sh                       ATOP's two releases, 272,046 and 273,296 rows, of ../shared/data
#   benches/import.sh --rows 5000 --seconds 1 --more 0      a smoke test of this script
#
#   --data DIR      where the data set is (default: ../shared/data/atop_alliance_versions)
#   --rows N        only the first N rows of each release
#   --more N        then into a ledger with about N rows already there, made up, in a data set of their own (default 1000000; 0: not)
#   --seconds S     how long each question is asked (default 5)
#   --dir DIR       where the ledgers are made; on a real disk, not tmpfs (default: target/bench)
#   --skip-postgres
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")

data=$root/../shared/data/atop_alliance_versions rows='' more=1000000 seconds=5 dir=$root/target/bench postgres=yes
while [ $# -gt 0 ]; do
  case $1 in
    --data) data=$2; shift ;;
    --rows) rows=$2; shift ;;
    --more) more=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --dir) dir=$2; shift ;;
    --skip-postgres) postgres='' ;;
    *) sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
if [ ! -d "$data" ]; then echo "$data is not there" >&2; exit 2; fi
mkdir -p "$dir"
case $(stat -f -c %T "$dir") in tmpfs | ramfs) echo "$dir is not on a disk" >&2; exit 2 ;; esac
tmp=$(mktemp -d "$dir/import.XXXXXX")
chmod 755 "$tmp"

pid='' pg_running=''
tidy() {
  if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi
  if [ -n "$pg_running" ]; then "$here/peers.sh" stop "$tmp/pg" || true; fi
  rm -rf "$tmp"
}
trap tidy EXIT
say() { echo "== $*" >&2; }
now() { date +%s.%N; }
since() { awk "BEGIN {printf \"%.1f\", $(now) - $1}"; }
mib() { awk "BEGIN {printf \"%.0f\", $1 / 1048576}"; }
per_second() { awk "BEGIN {printf \"%.0f\", $1 / ($2 + 0.001)}"; }
field() { sed -E "s/.*\"$1\":([0-9.]+).*/\1/" <<<"$2"; }
row() { printf '| %s | %s | %s |\n' "$1" "$2" "$3" | tee -a "$tmp/table" >&2; }

say "building"
cargo build --profile dist --locked --manifest-path "$root/Cargo.toml" >&2
CARGO_TARGET_DIR=${LOAD_TARGET_DIR:-$root/target/load} cargo build --release --manifest-path "$here/load/Cargo.toml" >&2
cp "${CARGO_TARGET_DIR:-$root/target}/dist/detente" "$tmp/detente"
cp "${LOAD_TARGET_DIR:-$root/target/load}/release/load" "$tmp/load"
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
if [ "$more" -gt 0 ]; then
  # Rows that are there before: the same pairs of states in years that no release has.
  awk -F, -v OFS=, -v more="$more" 'NR == 1 {print; next} {line[NR] = $0}
    END {for (shift_ = 300; made < more; shift_ += 300) for (n = 2; n <= NR && made < more; n++) {$0 = line[n]; $3 += shift_; print; made++}}' \
    "$tmp/$first.csv" >"$tmp/earlier.csv"
  sed -e 's/^name = "atop"/name = "atop-made-up"/' "$tmp/mappings/atop.toml" >"$tmp/mappings/earlier.toml"
fi

free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 20000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port"; return; fi
  done
}
serve() { # DIRECTORY
  local addr; addr=127.0.0.1:$(free_port); url=http://$addr
  "$tmp/detente" serve --data "$1" --listen "$addr" >"$tmp/server.log" 2>&1 &
  pid=$!
  "$tmp/load" info --server "$url" --patience 300 --json >/dev/null
}
stop() { kill -TERM "$pid"; wait "$pid" || cat "$tmp/server.log" >&2; pid=''; }
peak() { awk '/^VmHWM:/ {printf "%.0f", $2 / 1024}' "/proc/$pid/status"; }

# Imports over the running server: bring_in FILE MAPPING NAME; sets $took and $importer_peak (MiB).
bring_in() {
  local began; began=$(now)
  "$tmp/detente" import "$tmp/$1.csv" --mapping "$tmp/mappings/$2.toml" --release "$1" --recorded-by bench --server "$url" >"$tmp/import.log" 2>&1 &
  local importer=$! highest=0 seen
  while kill -0 "$importer" 2>/dev/null; do
    seen=$(awk '/^VmHWM:/ {print $2}' "/proc/$importer/status" 2>/dev/null || true)
    if [ -n "$seen" ] && [ "$seen" -gt "$highest" ]; then highest=$seen; fi
    sleep 0.1
  done
  wait "$importer" || { tail -n 20 "$tmp/import.log" >&2; exit 1; }
  took=$(since "$began") importer_peak=$((highest / 1024))
  tail -n 3 "$tmp/import.log" >&2
}
head_position() { field head "$("$tmp/load" info --server "$url" --json)" | cut -d . -f 1; }

shown() { awk -v rate="$(field rate "$1")" -v half="$(field p50_us "$1")" -v most="$(field p99_us "$1")" \
  'BEGIN {printf "%.0f queries/s, p50 %.0f us, p99 %.0f us", rate, half, most}'; }
ask() { # CLIENTS [POSITION]: sets $answer
  local found
  found=$("$tmp/load" --json ask --server "$url" --questions "$tmp/questions" --clients "$1" --seconds "$seconds" ${2:+--position "$2"} \
    2>>"$tmp/load.log") || { tail -n 5 "$tmp/load.log" >&2; exit 1; }
  answer=$(shown "$found")
}
pg_ask() { # CLIENTS CUT: sets $answer
  local found; found=$("$here/peers.sh" measure "$tmp/pg" "import_asof_$2" "$1" "$seconds" asof)
  answer=$(shown "$found")
}
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
  began=$(now); pg -f "$here/postgres/import_release.sql" <"$tmp/$first.csv" >&2; pg_copied=$(since "$began")
  pg -f "$here/postgres/import_index.sql" >&2; pg_first=$(since "$began")
  began=$(now); pg -f "$here/postgres/import_release.sql" <"$tmp/$second.csv" >&2; pg_second=$(since "$began")
  pg -f "$here/postgres/import_questions.sql" >&2
  pg_disk=$(pg_size)
  pg -c "select relationship || ' ' || year from questions join pairs using (pair)" | sed 's/^ //' | grep . >"$tmp/questions"
  wc -l <"$tmp/questions" >"$tmp/pg/relationships"
  for cut in head old; do for clients in 1 8; do
    pg_ask "$clients" "$cut"; eval "pg_${cut}_${clients}=\$answer"
  done; done
  "$here/peers.sh" stop "$tmp/pg"; pg_running=''
else
  awk -F, 'NR > 1 && NR % 13 == 0 && asked++ < 20000 {print $1 "," $2 "," $3}' "$tmp/$first.csv" | awk -F, '
    NR == FNR {if ($4 != "") id[$4] = $1; next}
    ($1 in id) && ($2 in id) {a = id[$1]; b = id[$2]; print (a < b ? a "-" b : b "-" a) " " $3}' "$root/deploy/mappings/tables/states.csv" - >"$tmp/questions"
  pg_first=- pg_copied=- pg_second=- pg_disk=0
  for cut in head old; do for clients in 1 8; do eval "pg_${cut}_${clients}=-"; done; done
fi

say "Detente"
serve "$tmp/ledger"
bring_in "$first" atop; ours_first=$took ours_importer=$importer_peak position=$(head_position)
bring_in "$second" atop; ours_second=$took
"$tmp/load" info --server "$url" --drained --patience 600 --json >/dev/null
ours_server=$(peak)
for cut in head old; do for clients in 1 8; do
  ask "$clients" "$([ $cut = old ] && echo "$position" || true)"; eval "ours_${cut}_${clients}=\$answer"
done; done
stop
ours_journal=$(du -sb "$tmp/ledger/journal" | cut -f 1) ours_store=$(du -sb "$tmp/ledger/store" | cut -f 1)

row "what" "Detente" "PostgreSQL"
row "---" "---" "---"
row "$first, $(count "$first") rows, into an empty one" "$ours_first s, $(per_second "$(count "$first")" "$ours_first") rows/s" "$pg_first s with both indexes, $pg_copied s without"
row "$second, $(count "$second") rows, against the first" "$ours_second s, $(per_second "$(count "$second")" "$ours_second") rows/s" "$pg_second s"
row "on disk" "$(mib "$ours_journal") MiB journal, $(mib "$ours_store") MiB store" "$(mib "$pg_disk") MiB, table and indexes, without the log"
row "peak memory" "server $ours_server MiB, importer $ours_importer MiB" "-"
for clients in 1 8; do
  eval "row \"a state at the head, $clients client(s)\" \"\$ours_head_$clients\" \"\$pg_head_$clients\""
  eval "row \"a state as known at the first release, $clients client(s)\" \"\$ours_old_$clients\" \"\$pg_old_$clients\""
done
if [ "$more" -gt 0 ]; then
  say "with $more rows already there"
  serve "$tmp/large"
  bring_in earlier earlier; large_before=$took
  "$tmp/load" info --server "$url" --drained --patience 600 --json >/dev/null
  bring_in "$first" atop; large_first=$took
  bring_in "$second" atop; large_second=$took
  large_server=$(peak)
  for clients in 1 8; do ask "$clients"; eval "large_$clients=\$answer"; done
  stop
  row "$(count earlier) made-up rows, into an empty one" "$large_before s, $(per_second "$(count earlier)" "$large_before") rows/s" "-"
  row "$first, with those there" "$large_first s, $(per_second "$(count "$first")" "$large_first") rows/s" "-"
  row "$second, with those there" "$large_second s, $(per_second "$(count "$second")" "$large_second") rows/s" "-"
  row "peak memory of the server, with those there" "$large_server MiB" "-"
  for clients in 1 8; do eval "row \"a state at the head, with those there, $clients client(s)\" \"\$large_$clients\" \"-\""; done
fi

echo "<!-- benches/import.sh, $(date -u +%F), $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(awk '/^MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo), $(stat -f -c %T "$dir"), $seconds s a question -->"
echo
cat "$tmp/table"
