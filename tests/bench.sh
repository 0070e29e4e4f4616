#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/bench.sh quick|full|<measure> [--count N]
       tests/bench.sh --help

Measures NotificationBus on a private RabbitMQ and PostgreSQL, in turn with a floor (the bare clients, by hand) and a textbook
solution (MassTransit as its documentation shows it). tests/NotificationBus.Benchmarks/README.md says what each of them does.

  quick          saturation of all three in three short rounds, at most 3 minutes on 2 cores
  full           everything below but micro; long, and not yet run in one piece
  saturation     the same as quick, in five long rounds
  latency        from event to provider call at 10, 50 and 80 % of saturation
  stored         saturation with 1,000,000 notifications stored, beside an empty database
  failures       saturation while one of ten calls fails, beside none
  slow-provider  saturation while each call takes 100 ms, beside none
  spike          100,000 announcements at once: memory, time to drain, latency of orders meanwhile
  micro          planner, template and serializer, each by itself (BenchmarkDotNet)
  scheduled      100,000 scheduled messages due at once
  intake         calls over HTTP with keys and without, beside a bare endpoint that inserts one row
  --count N      how many are stored, or arrive or are due at once

It ends with a table, writes artifacts/bench.json, and exits with 1 when a contender lost something or did not come to its end.
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
project=tests/NotificationBus.Benchmarks
dotnet build "$project" -c Release -v quiet >&2
exec dotnet "$project/bin/Release/net10.0/NotificationBus.Benchmarks.dll" "$@"
