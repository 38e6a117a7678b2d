# Shared by the scripts of this folder, which source it: results as lines, a server that is started and stopped.
# They set $here (this folder), $root, and $results (the file of lines; it is appended to).

say() { echo "== $*" >&2; }

# Refuses a directory that is no disk, and makes it: on_disk DIR
on_disk() {
  mkdir -p "$1"
  case $(stat -f -c %T "$1") in tmpfs | ramfs) echo "$1 is not on a disk" >&2; exit 2 ;; esac
}

# Writes the head line of a run: begin_run SCRIPT DIR [NAME=VALUE...]
begin_run() {
  mkdir -p "$(dirname "$results")"
  touch "$results"
  run_begins=$(wc -l <"$results")
  "$here/head.sh" "$@" >>"$results"
}
# Prints the tables of the run that begin_run began: end_run LOAD
end_run() {
  local own; own=$(mktemp -d)
  tail -n "+$((run_begins + 1))" "$results" >"$own/$(basename "$results")"
  "$1" report "$own/$(basename "$results")"
  rm -r "$own"
}

# Keeps a result line, and shows it on standard error: keep LINE
keep() {
  echo "$1" >>"$results"
  sed -E 's/.*"who":"([^"]*)".*"case":"([^"]*)".*"rate":([0-9.]+),"unit":"([^"]*)".*/   \1 \2: \3 \4/' <<<"$1" >&2
}
# A single figure: figure WHO 'SECTION|ROW' VALUE UNIT [BENCH]
figure() { keep "{\"who\":\"$1\",\"bench\":\"${5:-figure}\",\"case\":\"$2\",\"rate\":$3,\"unit\":\"$4\"}"; }
# The number of a field of a line: field NAME LINE
field() { sed -E "s/.*\"$1\":([0-9.]+).*/\1/" <<<"$2"; }
# A calculation: calculate EXPRESSION
calculate() { awk "BEGIN {printf \"%.10g\", $1}"; }
now() { date +%s.%N; }
# The seconds since a time: since BEGAN
since() { awk "BEGIN {printf \"%.2f\", $(now) - $1}"; }

free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 20000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port"; return; fi
  done
}

# Copies the program and the generator to DIR, so that a build beside the measurement changes nothing; builds what is not
# given: binaries DIR BINARY LOAD [FEATURES...]. Sets $detente and $load.
binaries() {
  local program=$2 generator=$3
  if [ -z "$program" ]; then
    say "building the program"
    cargo build --profile dist --locked --manifest-path "$root/Cargo.toml" >&2
    program=${CARGO_TARGET_DIR:-$root/target}/dist/detente
  fi
  if [ -z "$generator" ]; then
    say "building the generator"
    CARGO_TARGET_DIR=${LOAD_TARGET_DIR:-$root/target/load} cargo build --release --locked "${@:4}" \
      --manifest-path "$here/load/Cargo.toml" >&2
    generator=${LOAD_TARGET_DIR:-$root/target/load}/release/load
  fi
  detente=$1/detente load=$1/load
  cp "$program" "$detente"
  cp "$generator" "$load"
}
