# Private servers for a test run: RabbitMQ and PostgreSQL on free ports of the loopback interface, all data in one directory.
# Source this file, then: start_services DIR; await_services; stop_services. Sets TEST_AMQP_URL and TEST_PG_URL.
# shellcheck shell=bash

RABBITMQ_BIN=/usr/lib/rabbitmq/bin # not /usr/sbin: those wrappers change the user
SERVICE_GROUPS=()                  # process groups started here, to be stopped here

start_services() {
  local dir=$1 amqp epmd dist pg
  read -r amqp epmd dist pg < <(free_ports 4)
  mkdir -p "$dir"
  chmod 711 "$(dirname "$dir")" "$dir" # PostgreSQL may run as another user
  start_rabbitmq "$dir/rabbitmq" "$amqp" "$epmd" "$dist"
  start_postgresql "$dir/postgresql" "$pg"
  export TEST_AMQP_URL="amqp://guest:guest@127.0.0.1:$amqp"
  export TEST_PG_URL="postgres://bode@127.0.0.1:$pg/postgres"
}

# Waits until both take connections; on failure shows their logs.
await_services() {
  await_rabbitmq && await_postgresql
}

# Stops exactly what start_services started. Their data is thrown away, so they need no time to save it.
stop_services() {
  local group
  for group in "${SERVICE_GROUPS[@]}"; do kill -KILL -- "-$group" 2>/dev/null || true; done
  for group in "${SERVICE_GROUPS[@]}"; do wait "$group" 2>/dev/null || true; done
  SERVICE_GROUPS=()
}

# Prints $1 free ports, below those that the system gives to outgoing connections: one of these could take it before its server does.
free_ports() {
  node -e '
    const net = require("node:net");
    const port = () => 10000 + Math.floor(Math.random() * 22000);
    const listen = () => new Promise((resolve) => {
      const server = net.createServer().once("error", () => resolve(listen()));
      server.listen(port(), "127.0.0.1", () => resolve(server));
    });
    Promise.all(Array.from({ length: Number(process.argv[1]) }, listen)).then((servers) => {
      console.log(servers.map((server) => server.address().port).join(" "));
      for (const server of servers) server.close();
    });' "$1"
}

# Runs the rest of its arguments in the background in a process group of its own, output to the file $1.
in_group() {
  local log=$1
  shift
  setsid "$@" >"$log" 2>&1 </dev/null &
  SERVICE_GROUPS+=("$!")
}

start_rabbitmq() {
  RABBITMQ_DIR=$1
  RABBITMQ_ENV=(
    HOME="$1" RABBITMQ_NODENAME=bode_test@localhost RABBITMQ_MNESIA_BASE="$1/mnesia" RABBITMQ_LOG_BASE="$1/log"
    RABBITMQ_CONFIG_FILE="$1/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$1/enabled_plugins"
    RABBITMQ_CONF_ENV_FILE="$1/none.conf" RABBITMQ_PID_FILE="$1/pid"
    RABBITMQ_DIST_PORT="$4" ERL_EPMD_PORT="$3" ERL_EPMD_ADDRESS=127.0.0.1 ERL_MAX_PORTS=65536
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+sbwt none -kernel inet_dist_use_interface {127,0,0,1}"
  )
  mkdir -p "$1/mnesia" "$1/log"
  printf '%s\n' "listeners.tcp.1 = 127.0.0.1:$2" 'log.console = false' 'disk_free_limit.absolute = 50MB' \
    'vm_memory_high_watermark.absolute = 2GB' >"$1/rabbitmq.conf"
  echo '[].' >"$1/enabled_plugins"
  in_group "$1/epmd.log" epmd -port "$3" -address 127.0.0.1
  in_group "$1/out.log" env "${RABBITMQ_ENV[@]}" "$RABBITMQ_BIN/rabbitmq-server"
}

await_rabbitmq() {
  if env "${RABBITMQ_ENV[@]}" "$RABBITMQ_BIN/rabbitmqctl" --quiet wait --timeout 90 "$RABBITMQ_DIR/pid" >"$RABBITMQ_DIR/wait.log" 2>&1 &&
    env "${RABBITMQ_ENV[@]}" "$RABBITMQ_BIN/rabbitmqctl" --quiet await_startup >>"$RABBITMQ_DIR/wait.log" 2>&1; then
    return 0
  fi
  tail -n 40 "$RABBITMQ_DIR"/*.log "$RABBITMQ_DIR"/log/*.log >&2
  return 1
}

start_postgresql() {
  local bin as=()
  PG_DIR=$1
  PG_PORT=$2
  bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  mkdir -p "$1"
  if [ "$(id -u)" = 0 ]; then # it refuses to run as root
    chown postgres: "$1"
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  fi
  if ! (cd "$1" && "${as[@]}" "$bin/initdb" -D "$1/data" -U bode --auth=trust -E UTF8 --locale=C.UTF-8) >"$1.log" 2>&1; then
    cat "$1.log" >&2
    return 1
  fi
  in_group "$1.log" "${as[@]}" "$bin/postgres" -D "$1/data" -p "$2" -c fsync="${SERVICES_FSYNC:-off}" -c max_connections=200 \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories=
}

await_postgresql() {
  local tries
  for tries in {1..300}; do
    if (exec 3<>"/dev/tcp/127.0.0.1/$PG_PORT") 2>/dev/null && [ -s "$PG_DIR/data/postmaster.pid" ] &&
      grep -q ready "$PG_DIR/data/postmaster.pid"; then
      return 0
    fi
    sleep 0.1
  done
  echo "PostgreSQL did not start after $((tries / 10)) s" >&2
  cat "$PG_DIR.log" >&2
  return 1
}
