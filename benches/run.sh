#!/usr/bin/env bash
# All measurements of BENCHMARKS.md, in one run: ours, the ceilings and the peers, interleaved, several passes.
# Progress on standard error, Markdown tables on standard output. On a quiet machine; about an hour with everything.
#
#   benches/run.sh                      everything
#   benches/run.sh --only append,state  some of: append batch state read million feed diff
#   benches/run.sh --skip-umadb --skip-postgres
#   benches/run.sh --small --passes 1 --seconds 1      a smoke test of this script
#
#   --dir DIR        where the ledgers are made; on a real disk, not tmpfs (default: target/bench)
#   --results FILE   the raw results, one JSON object a line, are appended to it (default: DIR/results.jsonl)
#   --binary FILE    a program that is built already, instead of building the profile dist; --load FILE: a generator
#   --against FILE   only this: the program and FILE, an earlier binary, are asked in turn (compare.sh, three rounds for each pass)
#   --against-load FILE  the generator for FILE, where the contract differs
#   --threads N      threads of the generator and of the echo (default: 1 and 2; the service itself decides its own)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")

. "$here/common.sh"

dir=$root/target/bench results='' binary='' generator='' against='' against_load=() passes=3 seconds=5 only=append,batch,state,read,million,feed,diff
umadb=yes postgres=yes small='' threads=1 echo_threads=2 batch_seconds=''
while [ $# -gt 0 ]; do
  case $1 in
    --dir) dir=$2; shift ;;
    --results) results=$2; shift ;;
    --binary) binary=$2; shift ;;
    --load) generator=$2; shift ;;
    --against) against=$2; shift ;;
    --against-load) against_load=(--base-load "$2"); shift ;;
    --passes) passes=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --only) only=$2; shift ;;
    --threads) threads=$2; echo_threads=$2; shift ;;
    --skip-umadb) umadb='' ;;
    --skip-postgres) postgres='' ;;
    --small) small=yes ;;
    *) sed -n '2,18s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
on_disk "$dir"
tmp=$(mktemp -d "$dir/run.XXXXXX")
chmod 755 "$tmp"
results=${results:-$dir/results.jsonl}
million=1000000 ten_thousand=10000 hundred_thousand=100000
if [ -n "$small" ]; then million=20000 ten_thousand=2000 hundred_thousand=10000; fi
batch_seconds=$([ -n "$small" ] && echo 2 || echo 10)
# A large ledger that was just started brings its events into memory beside the first questions; then it is as fast as it will be.
warm=$([ -n "$small" ] && echo 1 || echo 8)
umadb_bin=${UMADB:-$(command -v umadb || echo "$HOME/.cargo/bin/umadb")}
if [ -z "$against" ] && [ -n "$umadb" ] && [ ! -x "$umadb_bin" ]; then
  echo "no umadb: cargo install umadb --version 0.7.8, or UMADB=path, or --skip-umadb" >&2; exit 2
fi

wants() { [[ ,$only, == *,$1,* ]]; }

if [ -n "$against" ]; then
  trap 'rm -rf "$tmp"' EXIT
  binaries "$tmp" "$binary" "$generator"
  "$here/compare.sh" "$against" "$detente" --rounds $((3 * passes)) --load "$load" "${against_load[@]}" --dir "$dir" --results "$results"
  exit
fi

features=()
if [ -n "$umadb" ]; then features=(--features umadb); fi
binaries "$tmp" "$binary" "$generator" "${features[@]}"
begin_run benches/run.sh "$dir" "passes=$passes" "seconds=$seconds"

pid=''
pg_running=''
tidy() {
  if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi
  if [ -n "$pg_running" ]; then "$here/peers.sh" stop "$tmp/pg" || true; fi
  rm -rf "$tmp"
}
trap tidy EXIT

# Starts a server in the background: serve COMMAND..., with @ADDR for its address. Sets $pid and $url.
serve() {
  local addr; addr=127.0.0.1:$(free_port)
  url=http://$addr
  "${@/@ADDR/$addr}" >"$tmp/server.log" 2>&1 &
  pid=$!
}
stop() { kill -TERM "$pid"; wait "$pid" || { cat "$tmp/server.log" >&2; }; pid=''; }
serve_ours() { serve "$detente" serve --data "$1" --listen @ADDR; }
ready() { "$load" info --server "$url" "$@" --json; }
start_ours() { serve_ours "$1"; ready --patience 300 >/dev/null; }
start_echo() { serve "$load" echo-server --listen @ADDR --threads "$echo_threads"; ready --connect-only >/dev/null; }
start_umadb() { serve "$umadb_bin" --db-path "$1" --listen @ADDR; ready --connect-only >/dev/null; }
start_postgres() { "$here/peers.sh" start "$tmp/pg"; pg_running=yes; }
stop_postgres() { "$here/peers.sh" stop "$tmp/pg"; pg_running=''; }

# Runs the generator and keeps its result: measure CASE VERB ARGS...; the last one is in $last.
measure() {
  last=$("$load" --json --threads "$threads" --case "$1" "${@:2}" 2>>"$tmp/load.log") || { tail -n 5 "$tmp/load.log" >&2; return 1; }
  keep "$last"
}
# The same for PostgreSQL: pg CASE SCRIPT CLIENTS SECONDS [EVENTS [WHO]]
pg() {
  last=$("$here/peers.sh" measure "$tmp/pg" "$2" "$3" "$4" "$1" "${@:5}")
  keep "$last"
}
peak_mib() { awk '/^VmHWM:/ {printf "%.0f", $2 / 1024}' "/proc/$pid/status"; }
bytes_of() { du -sb "$1" | cut -f 1; }
probe() { measure "A lone fdatasync after 300 bytes, in the minutes of the others|$1" probe --file "$tmp/probe"; }

append_at() { # PASS CLIENTS
  local row; row="$2 client$([ "$2" = 1 ] || echo s)"
  local case="Durable appends of one claim|$row" pace=(--clients "$2" --seconds "$seconds") request reply
  probe "appends"
  start_ours "$tmp/append.$1"
  measure "$case" append --server "$url" "${pace[@]}"
  request=$(field bytes_per_request "$last"); reply=$(field bytes_per_reply "$last")
  ready --drained >/dev/null; stop
  start_echo
  measure "$case" echo --server "$url" "${pace[@]}" --request-bytes "${request%.*}" --reply-bytes "${reply%.*}"
  measure "The generator's own limit: appends answered from a prepared reply|$row" append --who stub --server "$url" "${pace[@]}"
  stop
  measure "$case" raw-append --file "$tmp/raw" "${pace[@]}" --record-bytes "${request%.*}"
  if [ -n "$umadb" ]; then start_umadb "$tmp/uma-append.$1"; measure "$case" umadb-append --server "$url" "${pace[@]}"; stop; fi
  if [ -n "$postgres" ]; then
    start_postgres
    pg "$case" append "$2" "$seconds"
    pg "$case" append_indexed "$2" "$seconds" 1 'postgres, indexed for questions'
    stop_postgres
  fi
}

batch_at() { # PASS
  local case="Durable appends of 100 claims|8 clients" pace=(--clients 8 --seconds "$batch_seconds") request reply lag
  probe "batches"
  start_ours "$tmp/batch.$1"
  measure "$case" append --server "$url" "${pace[@]}" --events-per-append 100
  request=$(field bytes_per_request "$last"); reply=$(field bytes_per_reply "$last")
  figure detente "After the batches|peak memory" "$(peak_mib)" MiB
  lag=$(ready --drained)
  figure detente "After the batches|sled behind the journal by" "$(field lag_at_first "$lag")" events
  figure detente "After the batches|until sled has caught up" "$(field rate "$lag")" s
  stop
  rm -rf "$tmp/batch.$1"
  start_echo
  measure "$case" echo --server "$url" "${pace[@]}" --events 100 --request-bytes "${request%.*}" --reply-bytes "${reply%.*}"
  stop
  measure "$case" raw-append --file "$tmp/raw" "${pace[@]}" --events-per-append 100 --record-bytes "$((${request%.*} / 100))"
  if [ -n "$umadb" ]; then
    start_umadb "$tmp/uma-batch"; measure "$case" umadb-append --server "$url" "${pace[@]}" --events-per-append 100; stop
  fi
  if [ -n "$postgres" ]; then start_postgres; pg "$case" append_100 8 "$batch_seconds" 100; stop_postgres; fi
}

# Ledgers to ask: NAME CLAIMS RELATIONSHIPS. Two revisions of each claim; an old cut sees the first.
ledgers() {
  echo "hundred 100 1"
  echo "ten-thousand $ten_thousand $((ten_thousand / 100))"
  echo "million $million $((million / 100))"
  echo "one-ten-thousand $ten_thousand 1"
  echo "one-hundred-thousand $hundred_thousand 1"
}

fill() { # NAME CLAIMS RELATIONSHIPS
  if [ -d "$tmp/$1" ]; then start_ours "$tmp/$1"; else
    start_ours "$tmp/$1"
    measure "Filling a ledger in batches of 1000|$2 claims in $3 relationships" fill --server "$url" --claims "$2" --relationships "$3"
  fi
  measure "Filling a ledger in batches of 1000|$2 revisions in $3 relationships" fill --revise --server "$url" --claims "$2" --relationships "$3"
  ready --drained --patience 600 >/dev/null
  stop
}

state_at() { # NAME CLAIMS RELATIONSHIPS CLIENTS
  local section="GetState of about 50 claims, $4 clients" pace=(--clients "$4" --seconds "$seconds") row reply cut
  row="$2 claims in $3 relationships"
  for cut in head old; do
    start_ours "$tmp/$1"
    measure "$section|$row, $cut" state --server "$url" "${pace[@]}" --warm-up "$([ "$1" = million ] && echo "$warm" || echo 1)" --relationships "$3" $([ $cut = old ] && echo --old-cut)
    reply=$(field bytes_per_reply "$last")
    stop
    start_echo
    measure "$section|$row, $cut" echo --server "$url" "${pace[@]}" --request-bytes 48 --reply-bytes "${reply%.*}"
    stop
    if [ -n "$postgres" ] && [ "$1" = million ]; then
      start_postgres
      pg "$section|$row, $cut" "asof_claims_${cut}_gist" "$4" "$seconds" 1 'postgres, GiST'
      pg "$section|$row, $cut" "asof_claims_${cut}_btree" "$4" "$seconds" 1 'postgres, B-tree'
      stop_postgres
    fi
    if [ -n "$postgres" ] && [ "$1" = one-hundred-thousand ]; then
      start_postgres; pg "$section|$row, $cut" "asof_one_${cut}_gist" "$4" "$seconds" 1 'postgres, GiST'; stop_postgres
    fi
  done
}

decoded_at() { # CLIENTS
  local case="GetState of about 50 claims, decoded by the client|$1 clients" pace=(--clients "$1" --seconds "$seconds")
  start_ours "$tmp/million"
  measure "$case" state --decode --server "$url" "${pace[@]}" --warm-up "$warm" --relationships "$((million / 100))"
  stop
  start_echo
  measure "$case" state --who echo --decode --any-size --server "$url" "${pace[@]}"
  stop
}

# The same question over gRPC and as JSON over HTTP, of one server.
json_at() { # CLIENTS
  local case="GetState of about 50 claims, as JSON over HTTP|$1 clients" pace=(--clients "$1" --seconds "$seconds")
  start_ours "$tmp/million"
  measure "$case" state --server "$url" "${pace[@]}" --warm-up "$warm" --relationships "$((million / 100))"
  measure "$case" state --http --who JSON --server "$url" "${pace[@]}" --relationships "$((million / 100))"
  stop
}

make_million() {
  say "a ledger of $million claims, one event each"
  local lag before
  start_ours "$tmp/million"
  measure "Filling a ledger in batches of 1000|$million claims in $((million / 100)) relationships" \
    fill --server "$url" --claims "$million" --relationships "$((million / 100))"
  lag=$(ready --drained --patience 600)
  figure detente "$million events|sled behind at the end of the filling by" "$(field lag_at_first "$lag")" events
  figure detente "$million events|peak memory while filling" "$(peak_mib)" MiB
  before=$(date +%s.%N); stop
  figure detente "$million events|clean stop" "$(awk "BEGIN {print $(date +%s.%N) - $before}")" s
}

million_figures() {
  local pass took events
  for pass in $(seq "$passes"); do
    serve_ours "$tmp/million"; took=$(ready --patience 300)
    figure detente "$million events|start after a clean stop" "$(field rate "$took")" s
    events=$(field head "$took")
    figure detente "$million events|memory after a start" "$(awk '/^VmRSS:/ {printf "%.0f", $2 / 1024}' "/proc/$pid/status")" MiB
    stop
  done
  figure detente "$million events|journal on disk, each" "$(awk "BEGIN {print $(bytes_of "$tmp/million/journal") / $events}")" bytes
  figure detente "$million events|sled on disk, each" "$(awk "BEGIN {print $(bytes_of "$tmp/million/store") / $events}")" bytes
  for pass in $(seq "$passes"); do
    rm -rf "$tmp/million/store"
    serve_ours "$tmp/million"; took=$(ready --drained --patience 600)
    figure detente "$million events|rebuild of sled, until it has all" "$(field rate "$took")" s
    figure detente "$million events|peak memory while rebuilding" "$(peak_mib)" MiB
    stop
  done
}

read_at() {
  local case="Reading all events, received and decoded|one stream"
  start_ours "$tmp/million"
  measure "$case" read-events --server "$url"
  local bytes per; bytes=$(field bytes_per_event "$last"); per=$(field events_per_message "$last")
  local section="Catching up with Subscribe, one stream" followed size of
  followed="$section|the whole log, the position of each event checked"
  measure "$followed" subscribe --server "$url"; of=$(field events_per_message "$last"); size=$(field bytes_per_event "$last")
  measure "$section|with a filter that every claim answers" subscribe --labelled --server "$url"
  measure "$section|with a filter that nothing answers" subscribe --nothing --server "$url"
  measure "$section|the whole log, received and decoded" subscribe --decode --server "$url"
  stop
  start_echo
  measure "$case" stream-echo --server "$url" --record-bytes "${bytes%.*}" --records-per-message "${per%.*}" --records "$million"
  measure "$followed" stream-echo --server "$url" --record-bytes "${size%.*}" --records-per-message "${of%.*}" --records "$million"
  stop
  if [ -n "$umadb" ]; then start_umadb "$tmp/uma-batch"; measure "$case" umadb-read --server "$url"; stop; fi
}

# Appends with and without subscribers that do not read, twice each, on one server; and how soon many that do are told.
feed_at() { # PASS
  # A p99 of a few seconds is one of a few stalls of the disk.
  # The warm-up is as long as it takes to give those subscribers what the transport has room for.
  local pace=(--clients 8 --warm-up 5 --seconds "$(awk "BEGIN {print $seconds * 3}")") section="Appends of one claim, 8 clients, beside subscribers that do not read" count
  start_ours "$tmp/feed.$1"
  for count in 0 200 0 200; do
    measure "$section|$count of them" append --server "$url" "${pace[@]}" --stopped-subscribers "$count"
    figure detente "$section: latency|p50, $count of them" "$(field p50_us "$last")" us
    figure detente "$section: latency|p99, $count of them" "$(field p99_us "$last")" us
  done
  stop
  start_ours "$tmp/fan-out.$1"
  section="A live event to 1,000 subscribers, after its acknowledgement"
  measure "Events delivered to 1,000 subscribers|200 appends" fan-out --server "$url" --subscribers 1000
  figure detente "$section|p50 of all" "$(field p50_us "$last")" us
  figure detente "$section|p99 of all" "$(field p99_us "$last")" us
  figure detente "$section|p50 of the last to be told" "$(field last_p50_us "$last")" us
  figure detente "$section|p99 of the last to be told" "$(field last_p99_us "$last")" us
  stop
  rm -rf "$tmp/feed.$1" "$tmp/fan-out.$1"
}

make_small() {
  start_ours "$tmp/small"
  measure "Filling a ledger in batches of 1000|$ten_thousand claims in $((ten_thousand / 100)) relationships" \
    fill --server "$url" --claims "$ten_thousand" --relationships "$((ten_thousand / 100))"
  stop
}

# The changes are the same, the log is not.
diff_at() { # NAME CLAIMS
  local section="Diff of two cuts with 1,000 claims revised between them, one client" deal
  deal=(--claims "$2" --relationships "$(($2 / 100))" --clients 1 --seconds "$seconds")
  start_ours "$tmp/$1"
  ready --drained --patience 600 >/dev/null
  measure "$section|the claims, in a ledger of $2" diff --server "$url" "${deal[@]}"
  figure detente "$section: latency|the claims, in a ledger of $2" "$(field p50_us "$last")" us
  measure "$section|the state at a date, in a ledger of $2" diff --server "$url" "${deal[@]}" --valid-at 2015-06-01
  figure detente "$section: latency|the state at a date, in a ledger of $2" "$(field p50_us "$last")" us
  stop
}

each_pass() { local pass; for pass in $(seq "$passes"); do say "$1, pass $pass of $passes"; "${@:2}" "$pass"; done; }
append_pass() {
  local clients
  for clients in 1 8 64 256; do append_at "$1" "$clients"; done
  rm -rf "$tmp/append.$1" "$tmp/uma-append.$1"
}
state_pass() {
  local clients name claims relationships
  for clients in 8 64; do
    while read -r name claims relationships; do state_at "$name" "$claims" "$relationships" "$clients"; done < <(ledgers)
    decoded_at "$clients"
    json_at "$clients"
  done
}
read_pass() { probe "reading"; read_at; }
feed_pass() { probe "following"; feed_at "$1"; }
diff_pass() { diff_at small "$ten_thousand"; diff_at million "$million"; }

if [ -n "$postgres" ] && { wants append || wants batch || wants state; }; then
  say "PostgreSQL: setting up"
  if [ "$(id -u)" = 0 ] && ! runuser -u postgres -- test -x "$tmp"; then
    echo "the user postgres cannot enter $tmp: give another --dir, or --skip-postgres" >&2; exit 2
  fi
  "$here/peers.sh" setup "$tmp/pg" "$million" "$((million / 100))" "$hundred_thousand"
fi
if wants append; then each_pass "appends of one" append_pass; fi
if wants batch || { wants read && [ -n "$umadb" ]; }; then each_pass "appends of 100" batch_at; fi
if wants million || wants read || wants state || wants diff; then make_million; fi
if wants million; then million_figures; fi
if wants read; then each_pass "reading" read_pass; fi
if wants feed; then each_pass "following" feed_pass; fi
if wants diff; then make_small; each_pass "comparing" diff_pass; fi
if wants state; then
  say "filling ledgers to ask"
  while read -r name claims relationships; do fill "$name" "$claims" "$relationships"; done < <(ledgers)
  each_pass "questions" state_pass
fi

end_run "$load"
