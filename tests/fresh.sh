#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/fresh.sh [--keep] [--run-only] | --help

Runs both commands of the README where nothing is installed: a bare Debian 12, made for the purpose in a temporary folder, with the
last commit of this repository cloned into it and every cache empty. Takes a quarter of an hour, and is run by hand before handing over.

  --keep      leaves the folder, to look into it
  --run-only  dotnet run alone, without tests/run.sh

The new machine has what debootstrap --variant=minbase installs, git, what the .NET SDK asks for (ICU, OpenSSL, time zones, authorities
for certificates), this machine's SDK, and its settings for apt, NuGet and npm. All of it runs with a list of processes and of
mounts of its own, so that nothing of it is left when this script ends, however it ends.

Needs Linux, root, debootstrap and curl, and port 8080 free.
TEXT
}

give_up() {
  printf '%s\n' "$*" >&2
  exit 1
}

heading() { printf '\n== %s (after %d s)\n' "$*" "$SECONDS"; }

needs() {
  [ "$(id -u)" -eq 0 ] || give_up "tests/fresh.sh has to be root."
  local program
  for program in debootstrap unshare pkill curl git dotnet; do
    command -v "$program" >/dev/null ||
      give_up "tests/fresh.sh needs $program (Debian, Ubuntu: apt-get install debootstrap util-linux procps curl git; the .NET SDK 10)."
  done
  ! curl -s -o /dev/null localhost:8080 || give_up "Something answers on port 8080, which dotnet run is going to use. End it first."
}

bare_debian() {
  debootstrap --variant=minbase --include=ca-certificates,git,libicu72,libssl3,tzdata bookworm "$machine" >"$folder/debootstrap.log" ||
    { tail -n 20 "$folder/debootstrap.log" >&2; give_up "debootstrap failed."; }
  mkdir "$machine$newcomer"
}

# Copies what is there of this machine's files to the same places of the new one.
copy() {
  local file
  for file in "$@"; do
    [ -e "$file" ] || continue
    mkdir -p "$machine$(dirname "$file")"
    cp -aL "$file" "$machine$(dirname "$file")/"
  done
}

# How this machine reaches the registries: names, proxies, authorities, sources.
registries() {
  copy /etc/resolv.conf /etc/hosts /usr/local/share/ca-certificates /etc/apt/auth.conf /etc/apt/auth.conf.d
  local settings
  for settings in .nuget/NuGet/NuGet.Config .npmrc; do
    [ ! -e "$HOME/$settings" ] || install -D -m 600 "$HOME/$settings" "$machine$newcomer/$settings"
  done
  copy "$(npm config get globalconfig 2>/dev/null || true)"
  for settings in /etc/apt/apt.conf.d/*proxy*; do copy "$settings"; done
  inside update-ca-certificates >/dev/null
}

sdk() {
  local home
  home=$(dirname "$(readlink -f "$(command -v dotnet)")")
  mkdir -p "$machine$home" "$machine/usr/local/bin"
  ln -s "$home/dotnet" "$machine/usr/local/bin/dotnet"
  mount --bind "$home" "$machine$home"
  mount -o remount,bind,ro "$machine$home"
}

# Only what says how to reach the registries comes along from this machine's environment.
inside() {
  local name
  local -a environment=(HOME="$newcomer" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8)
  for name in $(compgen -e); do
    case $name in
      *_proxy | *_PROXY | NODE_EXTRA_CA_CERTS | SSL_CERT_* | NUGET_CERT_*) environment+=("$name=${!name}") ;;
    esac
  done
  env -i "${environment[@]}" chroot "$machine" "$@"
}

clone() {
  inside rm -rf "$newcomer/.nuget/packages" "$newcomer/.local" "$newcomer/.npm" "$newcomer/NotificationBus"
  git clone -q --no-local --no-checkout "$repository" "$machine$newcomer/NotificationBus"
  inside git -C "$newcomer/NotificationBus" checkout -q --detach "$commit"
}

the_host() {
  heading "dotnet run --project src/NotificationBus.Host"
  clone
  local began=$SECONDS host answer id status
  inside bash -c 'cd ~/NotificationBus && exec dotnet run --project src/NotificationBus.Host' >"$folder/host.log" 2>&1 &
  host=$!
  until curl -sf -o /dev/null localhost:8080/health/ready; do
    kill -0 "$host" 2>/dev/null || { tail -n 40 "$folder/host.log" >&2; give_up "The host ended before it was ready."; }
    [ $((SECONDS - began)) -lt 600 ] || { tail -n 40 "$folder/host.log" >&2; give_up "The host was not ready within ten minutes."; }
    sleep 0.5
  done
  ready=$((SECONDS - began))
  answer=$(curl -sf localhost:8080/v1/events/order-placed -H 'content-type: application/json' -d '{
    "orderId":"4711", "product":"Blue ceramic bowl", "total":{"amount":590,"currency":"THB"},
    "buyer":{"id":"buyer-7","name":"Nok"},
    "seller":{"id":"seller-42","name":"Som","locale":"th","email":"som@example.com","pushTokens":["demo-token"]}}')
  id=$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' <<<"$answer")
  until status=$(curl -sf "localhost:8080/v1/notifications/$id") &&
    [[ $status == *'"status":"delivered"'* || $status == *'"status": "delivered"'* ]]; do
    [ $((SECONDS - began)) -lt 660 ] || give_up "The order of the README was not delivered: $status"
    sleep 0.2
  done
  # In a list of processes of its own, where there is no other.
  pkill -TERM -f NotificationBus.Host || true
  wait "$host" || true
  echo "ready after $ready s, the order delivered"
}

the_tests() {
  heading "tests/run.sh"
  clone
  local began=$SECONDS outcome=0
  inside bash -c 'cd ~/NotificationBus && exec tests/run.sh' 2>&1 | tee "$folder/run.log" || outcome=$?
  tests="$(tail -n 1 "$folder/run.log"), $((SECONDS - began)) s"
  [ "$outcome" -eq 0 ] || give_up "tests/run.sh failed on a fresh machine: $tests"
}

# What happens within the lists of its own.
on_the_new_machine() {
  heading "A bare Debian 12"
  bare_debian
  mount -t proc proc "$machine/proc"
  mount --rbind /dev "$machine/dev"
  mount -t sysfs -o ro sysfs "$machine/sys"
  sdk
  registries
  local bootstrapped=$SECONDS ready tests="not run"
  the_host
  [ -n "$run_only" ] || the_tests
  heading "Fresh machine"
  printf 'commit %s: bare Debian 12 in %d s; dotnet run ready after %d s; tests/run.sh: %s\n' \
    "${commit:0:9}" "$bootstrapped" "$ready" "$tests"
}

keep='' run_only=''
for argument in "$@"; do
  case $argument in
    --help | -h) usage; exit 0 ;;
    --keep) keep=yes ;;
    --run-only) run_only=yes ;;
    *) usage >&2; exit 2 ;;
  esac
done

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
needs
commit=$(git -C "$repository" rev-parse HEAD)
[ -z "$(git -C "$repository" status --porcelain)" ] || echo "What is not committed does not come along."

if [ -z "${FRESH_FOLDER:-}" ]; then
  # Once more, as the first of its own list of processes: they end with it, and its mounts are nobody else's.
  FRESH_FOLDER=$(mktemp -d)
  export FRESH_FOLDER
  clean_up() { [ -n "$keep" ] && echo "left in $FRESH_FOLDER" || rm -rf --one-file-system "$FRESH_FOLDER"; }
  trap clean_up EXIT
  trap 'exit 130' INT TERM
  unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$0" "$@"
else
  folder=$FRESH_FOLDER machine=$FRESH_FOLDER/machine newcomer=/newcomer
  mkdir -p "$machine"
  chmod 755 "$folder"
  on_the_new_machine
fi
