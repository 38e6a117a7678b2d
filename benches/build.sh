#!/usr/bin/env bash
# The cost of building and checking the project, from a clone of the last commit and empty target directories.
# On a quiet machine. Each measurement is made only if asked for, because most take long.
#
#   benches/build.sh --all
#
#   --first          `cargo build --release` from an empty target directory: wall and processor seconds
#   --rebuild        the same again after one line of a file of the command line changed (makes the first build too)
#   --check          `./check` from an empty target directory
#   --size [FILE]    bytes of the binary of the profile dist; FILE: one that is built already
#   --packages       packages of detente-client without development dependencies
#   --offline        packages are not asked for in the network
#   --dir DIR        where it is built (default: target/bench)
#   --results FILE   the raw results, one JSON object a line, are appended to it (default: DIR/results.jsonl)
#   --load FILE      the generator, which prints the tables (default: built)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$here/common.sh"

dir=$root/target/bench results='' first='' rebuild='' check='' size='' packages='' binary='' offline='' generator=''
usage() { sed -n '2,16s/^# \{0,1\}//p' "$0" >&2; exit 2; }
while [ $# -gt 0 ]; do
  case $1 in
    --all) first=yes rebuild=yes check=yes size=yes packages=yes ;;
    --first) first=yes ;;
    --rebuild) rebuild=yes ;;
    --check) check=yes ;;
    --size)
      size=yes
      if [ $# -gt 1 ] && [[ $2 != --* ]]; then binary=$2; shift; fi ;;
    --packages) packages=yes ;;
    --offline) offline=--offline ;;
    --dir) dir=$2; shift ;;
    --results) results=$2; shift ;;
    --load) generator=$2; shift ;;
    *) usage ;;
  esac
  shift
done
if [ -z "$first$rebuild$check$size$packages" ]; then usage; fi
on_disk "$dir"
results=${results:-$dir/results.jsonl}
tmp=$(mktemp -d "$dir/build.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
if [ -n "$offline" ]; then export CARGO_NET_OFFLINE=true; fi

say "a clone"
git clone --quiet "$root" "$tmp/clone"
# A build of the clone that uses nothing of this checkout: clean_cargo TARGET ARGS...
built_in() { (cd "$tmp/clone" && CARGO_TARGET_DIR=$tmp/$1 "${@:2}") >"$tmp/log" 2>&1 || { tail -n 30 "$tmp/log" >&2; exit 1; }; }
# Runs a command and keeps the wall and processor seconds: timed ROW TARGET COMMAND...
timed() {
  say "$1"
  local TIMEFORMAT='%R %U %S' took
  { time built_in "${@:2}" 2>&3; } 3>&2 2>"$tmp/time" || exit 1
  took=$(tail -n 1 "$tmp/time")
  figure detente "Building|$1, wall" "$(cut -d ' ' -f 1 <<<"$took")" s build
  figure detente "Building|$1, processor" "$(awk '{print $2 + $3}' <<<"$took")" s build
}

export BENCH_COMMIT; BENCH_COMMIT=$(git -C "$tmp/clone" rev-parse --short=9 HEAD)
BENCH_PROFILE=$([ -n "$first$rebuild" ] && echo release || echo dist) begin_run benches/build.sh "$dir"
if [ -n "$first$rebuild" ]; then
  timed 'first `cargo build --release`' release cargo build --release --locked
fi
if [ -n "$rebuild" ]; then
  # A line of code, and not a comment, which would be recompiled and not linked anew.
  echo 'const _: &str = "a line more";' >>"$tmp/clone/src/cli/mod.rs"
  timed 'rebuild after a line of `src/cli/mod.rs`' release cargo build --release --locked
  git -C "$tmp/clone" checkout --quiet -- src
fi
rm -rf "$tmp/release"
if [ -n "$check" ]; then timed 'first `./check`' check ./check; rm -rf "$tmp/check"; fi
if [ -n "$size" ]; then
  if [ -z "$binary" ]; then
    say "the profile dist"
    built_in dist cargo build --profile dist --locked
    binary=$tmp/dist/dist/detente
  fi
  figure detente "Sizes|binary of the profile dist" "$(calculate "$(stat -c %s "$binary") / 1e6")" MB build
fi
if [ -n "$packages" ]; then
  count=$(cd "$tmp/clone" && cargo tree --locked -p detente-client -e normal,build --prefix none | sed 's/ (\*)$//' | sort -u | wc -l)
  figure detente "Sizes|packages of detente-client, itself among them" "$count" packages build
fi
if [ -z "$generator" ]; then
  generator=${LOAD_TARGET_DIR:-$root/target/load}/release/load
  CARGO_TARGET_DIR=${LOAD_TARGET_DIR:-$root/target/load} cargo build --release --locked --manifest-path "$here/load/Cargo.toml" >&2
fi
end_run "$generator"
