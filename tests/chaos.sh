#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/chaos.sh quick|full|<situation> [--count N] [--every 3s]
       tests/chaos.sh --list | --help

Kills, freezes and misleads hosts on a private RabbitMQ and PostgreSQL, with providers of its own as witness, and counts
what was lost, what was sent twice and what is stuck.

  quick        a selection with small counts, at most 4 minutes on 2 cores; part of tests/run.sh
  full         every situation
  <situation>  one of them, see --list
  --count N    how many notifications
  --every 3s   how long between two blows, or how long one lasts

It ends with a table, writes artifacts/chaos.json, and exits with 1 when a limit was broken.
It needs the .NET SDK 10, RabbitMQ and PostgreSQL (Debian, Ubuntu: apt-get install rabbitmq-server postgresql; tests/run.sh does that).
TEXT
}

for argument in "$@"; do
  case $argument in
    --help | -h) usage; exit 0 ;;
  esac
done
[ $# -gt 0 ] || { usage >&2; exit 2; }

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
project=tests/NotificationBus.Chaos
dotnet build "$project" -c Release -v quiet >&2
exec dotnet "$project/bin/Release/net10.0/NotificationBus.Chaos.dll" "$@"
