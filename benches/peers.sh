#!/usr/bin/env bash
# The peer PostgreSQL, from Debian's package (apt-get install postgresql), on loopback with fsync on.
#
#   benches/peers.sh setup DIR [CLAIMS [RELATIONSHIPS [ONE]]]   makes a cluster in DIR, with tables and indexes, and stops it
#   benches/peers.sh start DIR | stop DIR
#   benches/peers.sh measure DIR SCRIPT CLIENTS SECONDS CASE [EVENTS [WHO]]     prints one result, as `load --json` does
#
# The other peer, UmaDB: cargo install umadb --version 0.7.8 (needs protoc), and `load` built with --features umadb.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
verb=${1:?setup, start, stop or measure}
dir=${2:?a directory}
bin=${PG_BIN:-$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}
port=${PG_PORT:-55432}
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres

# PostgreSQL refuses to run as root.
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
start() { as_postgres "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w start >/dev/null; }
stop() { as_postgres "$bin/pg_ctl" -D "$dir/data" -w -m fast stop >/dev/null; }

setup() {
  claims=${1:-1000000} relationships=${2:-10000} one=${3:-100000}
  mkdir -p "$dir"
  if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; fi
  (cd "$dir" && as_postgres "$bin/initdb" -D "$dir/data" -U postgres -A trust --no-instructions >/dev/null)
  cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
max_connections = 300
fsync = on
synchronous_commit = on
shared_buffers = 1GB
max_wal_size = 8GB
CONF
  start
  echo "$relationships" >"$dir/relationships"
  "$bin/psql" -qX -v ON_ERROR_STOP=1 -v claims="$claims" -v relationships="$relationships" -v one="$one" \
    -f "$here/postgres/schema.sql"
  stop
}

measure() {
  script=$1 clients=$2 seconds=$3 case=$4 events=${5:-1} who=${6:-postgres}
  logs=$(mktemp -d)
  # PostgreSQL's connections are one for each client, as its users have them.
  "$bin/pgbench" -n -M prepared -D "relationships=$(cat "$dir/relationships")" -f "$here/postgres/$script.sql" \
    -c "$clients" -j 2 -T "$seconds" -l --log-prefix="$logs/log" >"$logs/out"
  rate=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$logs/out" | tail -n 1)
  unit=$([[ $script == append* ]] && echo events/s || echo queries/s)
  cat "$logs"/log.* | awk '{print $3}' | sort -n | awk -v rate="$rate" -v events="$events" -v clients="$clients" \
    -v case="$case" -v script="$script" -v unit="$unit" -v who="$who" '
    { micros[NR] = $1 }
    END { printf "{\"who\":\"%s\",\"bench\":\"%s\",\"case\":\"%s\",\"clients\":%d,\"rate\":%.1f,\"unit\":\"%s\",\"p50_us\":%d,\"p99_us\":%d}\n",
          who, script, case, clients, rate * events, unit, micros[int(NR * 0.5) + 1], micros[int(NR * 0.99) + 1] }'
  rm -r "$logs"
}

case $verb in
  setup) setup "${@:3}" ;;
  start) start ;;
  stop) stop ;;
  measure) measure "${@:3}" ;;
  *) echo "unknown: $verb" >&2; exit 2 ;;
esac
