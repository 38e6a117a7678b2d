#!/usr/bin/env bash
# Every script of BENCHMARKS.md, one after the other, each into its file of benches/results, which is written anew. About
# two and a half hours on a quiet machine. Then `load report --into BENCHMARKS.md benches/results`.
#
#   benches/all.sh --base FILE          FILE: an earlier binary to compare with
#   benches/all.sh --only siege,fuzz    some of: build run import siege fuzz snapshots compare whole growth
#   benches/all.sh --small              a smoke test: all scripts with tiny sizes, without the builds
#
#   --binary FILE    a program of the profile dist that is built already, and --load FILE: its generator
#   --base-load FILE the generator for the earlier binary, where the contract differs
#   --into DIR       the folder of the results (default: benches/results)
#   --skip-umadb --skip-postgres
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$here/common.sh"

only=build,run,import,siege,fuzz,snapshots,compare,whole,growth base='' base_load=() binary='' generator='' into=$here/results small='' peers=() postgres=()
while [ $# -gt 0 ]; do
  case $1 in
    --base) base=$2; shift ;;
    --base-load) base_load=(--base-load "$2"); shift ;;
    --only) only=$2; shift ;;
    --binary) binary=$2; shift ;;
    --load) generator=$2; shift ;;
    --into) into=$2; shift ;;
    --small) small=yes ;;
    --skip-umadb) peers+=("$1") ;;
    --skip-postgres) peers+=("$1") postgres=("$1") ;;
    *) sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
on_disk "$root/target/bench"
tmp=$(mktemp -d "$root/target/bench/all.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
features=(--features umadb)
if [[ " ${peers[*]-} " == *" --skip-umadb "* ]]; then features=(); fi
binaries "$tmp" "$binary" "$generator" "${features[@]}"
own=(--binary "$detente" --load "$load")

failed=()
# Runs a script if it is asked for, and says if it failed; the others are run all the same: one NAME COMMAND...
one() {
  if [[ ,$only, != *,$1,* ]]; then return; fi
  say "$1"
  "${@:2}" --results "$into/$1.jsonl" || failed+=("$1")
}
fresh() { if [[ ,$only, == *,$1,* ]]; then rm -f "$into/$1.jsonl"; fi; }
for name in ${only//,/ }; do fresh "$name"; done
# Sizes: of the whole run, or such that every script is tried in a few minutes.
sized() { if [ -n "$small" ]; then echo "$2"; else echo "$1"; fi; }
read -ra run_sizes <<<"$(sized '' '--small --passes 1 --seconds 1')"
read -ra import_sizes <<<"$(sized '' '--rows 3000 --seconds 1 --more 4000')"
read -ra siege_sizes <<<"$(sized '--claims 1000000 --seconds 20' '--claims 5000 --seconds 4 --survive')"
read -ra fuzz_sizes <<<"$(sized '--seconds 600' '--seconds 10 --patience 5')"
read -ra snapshot_sizes <<<"$(sized '40000 50' '1000 3')"
read -ra compare_sizes <<<"$(sized '' '--kinds state:8,append:8,events:1,batch:8 --rounds 2 --claims 1000')"
read -ra whole_sizes <<<"$(sized '' '--rows 3000 --changes 300 --rounds 1')"
read -ra growth_sizes <<<"$(sized '' '--sizes 1000')"
read -ra build_parts <<<"$(sized '--all' '--packages')"

one build "$here/build.sh" "${build_parts[@]}" --load "$load"
one run "$here/run.sh" "${own[@]}" "${run_sizes[@]}" "${peers[@]}"
one import "$here/import.sh" "${own[@]}" "${import_sizes[@]}" "${postgres[@]}"
for memory in 512 4096; do one siege "$here/siege/siege.py" --binary "$detente" --memory "$memory" "${siege_sizes[@]}"; done
one fuzz "$here/siege/fuzz.py" --binary "$detente" "${fuzz_sizes[@]}"
one snapshots "$here/snapshots.sh" "$detente" "${snapshot_sizes[@]}"
if [ -n "$base" ]; then
  one compare "$here/compare.sh" "$base" "$detente" --load "$load" "${base_load[@]}" "${compare_sizes[@]}"
  one whole "$here/whole.py" "$base" "$detente" --dir "$root/target/bench" "${whole_sizes[@]}"
  one growth "$here/growth.py" "$base" "$detente" --load "$load" "${base_load[@]}" --dir "$root/target/bench" "${growth_sizes[@]}"
elif [[ ,$only, == *,compare,* || ,$only, == *,whole,* || ,$only, == *,growth,* ]]; then
  say "compare, whole and growth: left out, for there is no --base"
fi
if [ ${#failed[@]} -gt 0 ]; then echo "failed: ${failed[*]}" >&2; exit 1; fi
