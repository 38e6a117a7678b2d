#!/usr/bin/env bash
# Two binaries of the program, NEW beside BASE: both serve at once and are asked in turn for a second, so that what disturbs
# the machine disturbs both. A line for each, and the ratio of each pair; the median of the ratios is what counts.
#
#   benches/compare.sh BASE NEW
#
#   --kinds LIST     kind:clients, separated by commas (default: state:1,state:8,state:64,events:1,append:1,append:8,append:64,batch:8)
#   --rounds N       pairs for each kind (default: 10)
#   --seconds S      how long each is asked (default: 1)
#   --claims N       claims in the ledgers that are asked (default: 10000)
#   --load FILE      the generator (default: built); --base-load FILE: that for BASE, where the contract differs
#   --dir DIR        where the ledgers are made; on a real disk, not tmpfs (default: target/bench)
#   --results FILE   the raw results, one JSON object a line, are appended to it (default: DIR/results.jsonl)
#
# BASE_COMMIT and BENCH_COMMIT say what BASE and NEW were built of; without the latter NEW is of this checkout.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$here/common.sh"

kinds=state:1,state:8,state:64,events:1,append:1,append:8,append:64,batch:8 rounds=10 seconds=1 claims=10000
dir=$root/target/bench results='' new_load='' base_load='' binaries=()
usage() { sed -n '2,16s/^# \{0,1\}//p' "$0" >&2; exit 2; }
while [ $# -gt 0 ]; do
  case $1 in
    --kinds) kinds=$2; shift ;;
    --rounds) rounds=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --claims) claims=$2; shift ;;
    --load) new_load=$2; shift ;;
    --base-load) base_load=$2; shift ;;
    --dir) dir=$2; shift ;;
    --results) results=$2; shift ;;
    -*) usage ;;
    *) binaries+=("$1") ;;
  esac
  shift
done
if [ ${#binaries[@]} != 2 ]; then usage; fi
for kind in ${kinds//,/ }; do
  case $kind in state:* | append:* | events:* | batch:*) ;; *) echo "no kind $kind: state, append, events or batch" >&2; exit 2 ;; esac
done
on_disk "$dir"
results=${results:-$dir/results.jsonl}
tmp=$(mktemp -d "$dir/compare.XXXXXX")
declare -A pid url loads program
tidy() {
  local who
  for who in "${!pid[@]}"; do kill "${pid[$who]}" 2>/dev/null || true; wait "${pid[$who]}" 2>/dev/null || true; done
  rm -rf "$tmp"
}
trap tidy EXIT

binaries "$tmp" "${binaries[1]}" "$new_load"
cp "${binaries[0]}" "$tmp/detente-base"
program[base]=$tmp/detente-base program[new]=$detente loads[base]=${base_load:-$load} loads[new]=$load

# Starts a server with a filled ledger: start WHO
start() {
  local addr; addr=127.0.0.1:$(free_port)
  url[$1]=http://$addr
  "${program[$1]}" serve --data "$tmp/$1" --listen "$addr" >"$tmp/$1.log" 2>&1 &
  pid[$1]=$!
  "${loads[$1]}" info --server "${url[$1]}" --patience 60 --json >/dev/null
  "${loads[$1]}" fill --server "${url[$1]}" --claims "$claims" --relationships "$(((claims + 99) / 100))" >/dev/null 2>"$tmp/$1.fill"
  "${loads[$1]}" info --server "${url[$1]}" --drained --patience 600 --json >/dev/null
}
# The processor time that a server has used, in seconds: cpu WHO
cpu() { sed 's/.*) //' "/proc/${pid[$1]}/stat" | awk -v tick="$(getconf CLK_TCK)" '{printf "%.2f", ($12 + $13) / tick}'; }
# Asks one of them: ask WHO KIND CLIENTS ROW; its line is in $last.
ask() {
  local pace=(--clients "$3" --seconds "$seconds" --warm-up 0) verb before
  case $2 in
    state) verb=(state "${pace[@]}" --any-size --relationships "$(((claims + 99) / 100))") ;;
    append) verb=(append "${pace[@]}") ;;
    batch) verb=(append "${pace[@]}" --events-per-append 100) ;;
    events) verb=(read-events) ;;
  esac
  before=$(cpu "$1")
  last=$("${loads[$1]}" --json --who "$1" --case "$section|$4" "${verb[@]}" --server "${url[$1]}" 2>"$tmp/load.log") ||
    { tail -n 5 "$tmp/load.log" >&2; exit 1; }
  keep "$last"
  # For a read of the log, the time of the one read; for the rest, of a request or an event.
  used=$(calculate "($(cpu "$1") - $before) * 1e6 / ($(field rate "$last") * $seconds)")
  if [ "$2" != events ]; then figure "$1" "$section: processor time of the server|$4" "$used" us compare; fi
}

start base
start new
begin_run benches/compare.sh "$dir" "passes=$rounds" "seconds=$seconds" \
  "note=base ${BASE_COMMIT:-$(basename "${binaries[0]}")}"
section='New beside base, asked in turn'
for kind in ${kinds//,/ }; do
  clients=${kind#*:} row="${kind%:*}, ${kind#*:} client$([ "${kind#*:}" = 1 ] || echo s)"
  for round in $(seq "$rounds"); do
    order=(base new)
    if [ $((round % 2)) = 0 ]; then order=(new base); fi
    declare -A rate=()
    for who in "${order[@]}"; do ask "$who" "${kind%:*}" "$clients" "$row"; rate[$who]=$(field rate "$last"); done
    figure 'new / base' "$section|$row" "$(calculate "${rate[new]} / ${rate[base]}")" ratio compare
  done
done
end_run "$load"
