# What is needed from outside: Debian's packages and npm's modules. Source this file from the top of the checkout.
# shellcheck shell=bash

# Installs those of the Debian packages below whose programs are missing; says what is missing where it may not install.
install_packages() {
  local missing=()
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || return 0
  echo "== installing ${missing[*]}" >&2
  local as=()
  if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      echo "missing packages, and no right to install them: apt-get install ${missing[*]}" >&2
      return 1
    fi
    as=(sudo -n)
  fi
  without_starting_servers apt_install "${missing[@]}"
}

# All that is needed: a package, and a program (or file pattern) of it that shows that it is there.
missing_packages() {
  local package program
  while read -r package program; do
    compgen -G "$program" >/dev/null || command -v "$program" >/dev/null || echo "$package"
  done <<'LIST'
rabbitmq-server /usr/lib/rabbitmq/bin/rabbitmq-server
postgresql /usr/lib/postgresql/*/bin/postgres
openssh-server /usr/sbin/sshd
openssh-client sftp
lftp lftp
curl curl
rclone rclone
vsftpd /usr/sbin/vsftpd
clamav-daemon /usr/sbin/clamd
openssl openssl
libxml2-utils xmllint
poppler-utils pdftotext
libreoffice-calc-nogui soffice
python3 python3
make make
g++ g++
LIST
}

apt_install() {
  "${as[@]}" apt-get update -qq || echo "apt-get update failed; trying with the lists at hand" >&2
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# dpkg starts the servers it installs unless this file says no; the tests start their own.
without_starting_servers() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e "$policy" ]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | "${as[@]}" tee "$policy" >/dev/null
  "${as[@]}" chmod 755 "$policy"
  "$@" || status=$?
  "${as[@]}" rm -f "$policy"
  return "$status"
}

# Installs node_modules when they are missing or older than the lock file.
install_modules() {
  local mark=node_modules/.package-lock.json prefix
  if [ -f "$mark" ] && [ ! package-lock.json -nt "$mark" ]; then return 0; fi
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  # with the headers at hand, a native module builds without a download
  if [ -f "$prefix/include/node/node.h" ]; then export npm_config_nodedir=$prefix; fi
  echo '== npm ci' >&2
  npm ci --no-audit --no-fund --loglevel=error
  touch "$mark"
}

# Builds when a source is newer than the last build.
build_if_stale() {
  local built=dist/.built
  if [ -f "$built" ] && [ -z "$(find app.ts engine channels config schemas scripts test package.json tsconfig.json \( -name '*.ts' -o -name '*.json' \) -newer "$built" -print -quit)" ]; then
    return 0
  fi
  echo '== npm run build' >&2
  npm run --silent build >&2
  touch "$built"
}
