#!/usr/bin/env bash
# Prints the head line of a run, the first line of its results: what was measured, when, and on what machine.
#
#   benches/head.sh SCRIPT DIR [NAME=VALUE...]
#
# DIR is where the measured files are; its file system is named. NAME=VALUE adds a field, for example passes=3.
# BENCH_COMMIT and BENCH_PROFILE say what a binary was built of that is not of this checkout.
set -euo pipefail
script=${1:?the name of the script} dir=${2:?a directory}
root=$(cd "$(dirname "$0")/.." && pwd)

commit=${BENCH_COMMIT:-}
if [ -z "$commit" ]; then
  commit=$(git -C "$root" rev-parse --short=9 HEAD 2>/dev/null || echo unknown)
  # Results and the document that is made of them are written while the scripts run.
  git -C "$root" diff --quiet HEAD -- . ':!benches/results' ':!BENCHMARKS.md' 2>/dev/null || commit=$commit-changed
fi
cpu=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1 | tr -d '"\\')
printf '{"script":"%s","date":"%s","commit":"%s","profile":"%s","cores":%d,"cpu":"%s","memory_gib":%d,"file_system":"%s"' \
  "$script" "$(date -u +%F)" "$commit" "${BENCH_PROFILE:-dist}" "$(nproc)" "$cpu" \
  "$(awk '/^MemTotal/ {printf "%.0f", $2 / 1048576}' /proc/meminfo)" "$(stat -f -c %T "$dir")"
for field in "${@:3}"; do
  value=${field#*=}
  if [[ $value =~ ^[0-9]+(\.[0-9]+)?$ ]]; then printf ',"%s":%s' "${field%%=*}" "$value"; else
    printf ',"%s":"%s"' "${field%%=*}" "$(tr -d '"\\' <<<"$value")"
  fi
done
printf '}\n'
