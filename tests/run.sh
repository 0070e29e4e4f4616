#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/run.sh [--help]

Everything that has to pass: build without warnings, format, unit tests, integration tests, browser tests, and chaos (quick).
The last line says "N passed, N failed"; the exit code is 0 only when something passed and nothing failed.

The integration tests start a private RabbitMQ and PostgreSQL. On Debian and Ubuntu what is missing is installed
(as root, or with a password-less sudo); nothing that is installed is started, stopped or configured.
Elsewhere, or without these rights, install it yourself, or name running servers:
  NOTIFICATIONBUS_TEST_RABBITMQ=amqp://an-administrator:password@host:5672 (with its management plug-in on port 15672)
  NOTIFICATIONBUS_TEST_POSTGRES="Host=...;Username=somebody-who-may-create-databases;Password=..."
(Tests that kill a server cannot use a named one, and fail without their own.)
The browser tests use Chromium, best without a window (chromium-headless-shell), or Google Chrome. Ubuntu has Chromium only as a snap:
install Google Chrome there first.
TEXT
}

# What the tests need from the distribution: a package, and a command that says whether it is there.
packages() {
  cat <<'TABLE'
rabbitmq-server          command -v rabbitmq-server || test -x /usr/lib/rabbitmq/bin/rabbitmq-server || test -n "${NOTIFICATIONBUS_TEST_RABBITMQ:-}"
postgresql               command -v initdb || ls /usr/lib/postgresql/*/bin/initdb || test -n "${NOTIFICATIONBUS_TEST_POSTGRES:-}"
curl                     command -v curl
nodejs                   command -v node
npm                      command -v npm
chromium-headless-shell  command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome
TABLE
}

heading() { printf '\n== %s\n' "$*"; }

give_up() {
  printf '\n%s\n' "$*" >&2
  printf '\n0 passed, 1 failed\n'
  exit 1
}

missing_packages() {
  local package check
  while read -r package check; do
    bash -c "$check" </dev/null >/dev/null 2>&1 || echo "$package"
  done < <(packages)
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Debian starts a server as soon as it is installed. The tests want the programs, and no servers on the machine's usual ports.
install_without_starting() {
  local policy=/usr/sbin/policy-rc.d ours=
  if [ ! -e "$policy" ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
  fi
  local installed=0
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" || installed=$?
  [ -z "$ours" ] || as_root rm -f "$policy"
  return "$installed"
}

provide_packages() {
  local missing
  missing=$(missing_packages | tr '\n' ' ')
  [ -n "${missing// /}" ] || return 0

  if ! command -v apt-get >/dev/null || ! as_root true 2>/dev/null; then
    usage >&2
    give_up "Missing on this machine, and not installed by this script (which needs Debian or Ubuntu, and root or a password-less sudo): $missing"
  fi
  echo "Installing $missing"
  as_root apt-get update || give_up "apt-get update failed; its own words are above."
  case " $missing " in
    *" chromium-headless-shell "*)
      # Ubuntu has Chromium in no form that apt could install.
      apt-cache policy chromium-headless-shell | grep -q 'Candidate: [0-9]' ||
        give_up "apt has no chromium-headless-shell here: install Google Chrome (https://www.google.com/chrome/) and start again."
      ;;
  esac
  # shellcheck disable=SC2086 # one word for each package
  install_without_starting $missing || give_up "apt-get could not install $missing; its own words are above."
  missing=$(missing_packages | tr '\n' ' ')
  [ -z "${missing// /}" ] || give_up "Still missing after the installation: $missing"
}

provide_sdk() {
  command -v dotnet >/dev/null ||
    give_up "The .NET SDK 10 is missing: https://dotnet.microsoft.com/download/dotnet/10.0"
  # Asked in the repository, where global.json says which version will do.
  dotnet --version ||
    give_up "No installed .NET SDK satisfies global.json (SDK 10): https://dotnet.microsoft.com/download/dotnet/10.0"
}

# The servers the tests run on Node.js, whichever there are.
provide_servers() {
  local lock
  for lock in tests/servers/*/package-lock.json; do
    npm ci --prefix "$(dirname "$lock")" --no-audit --no-fund || return 1
  done
}

# One number from the summary a test project has written.
counted() {
  grep -o "<Counters [^>]*" "$2" | grep -o " $1=\"[0-9]*\"" | grep -o '[0-9]*'
}

# Name and message of every test that did not pass, from the summary a test project has written.
failures() {
  awk '
    function plain(text) {
      gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&#xD;/, "", text); gsub(/&#xA;/, "\n    ", text); gsub(/&amp;/, "\\&", text)
      return text
    }
    /<UnitTestResult / {
      said = 0
      if ($0 !~ / outcome="Passed"/) {
        name = $0; sub(/.* testName="/, "", name); sub(/".*/, "", name)
        print "  " plain(name)
      }
      failed = $0 !~ / outcome="Passed"/
    }
    failed && /<Message>/ { within = 1; sub(/.*<Message>/, "") }
    within {
      line = $0; ends = sub(/<\/Message>.*/, "", line)
      if (++said <= 12) print "    " plain(line)
      if (ends) within = 0
    }' "$1"
}

# Starts something that goes on beside the others. What it writes is shown when it has ended.
start() {
  local name=$1
  shift
  "$@" >"$results_folder/$name.log" 2>&1 &
  started[$name]=$!
}

# Waits for what was started under a name, and shows what it wrote; not what the hosts in its process logged.
finish() {
  local outcome=0
  wait "${started[$1]}" || outcome=$?
  unset "started[$1]"
  heading "$1"
  grep -av '^{"Timestamp"' "$results_folder/$1.log" || true
  return "$outcome"
}

# A job in the background does not hear an interrupt, and the hosts within the tests take a request to end for theirs alone. What a test
# process has started ends with it.
end_what_was_started() {
  local name
  for name in "${!started[@]}"; do
    kill -KILL "${started[$name]}" 2>/dev/null || true
    wait "${started[$name]}" 2>/dev/null || true
  done
  rm -rf "$results_folder"
}

# One compiler builds all projects: a compiler for each would compile the analyzers anew, and all of them take twice the processor time.
# Started here, and under a name of its own, because one that the build starts outlives it.
compiler() {
  local version folder
  version=$(dotnet --version)
  folder=$(dotnet --list-sdks | sed -n "s|^$version \[\(.*\)\]$|\1/$version|p")
  exec dotnet "$folder/Roslyn/bincore/VBCSCompiler.dll" -pipename:"$compiler_name" "$@"
}

build() {
  local outcome=0
  start Compiler compiler
  dotnet build -c Release --no-restore -warnaserror -p:UseSharedCompilation=true -p:SharedCompilationId="$compiler_name" || outcome=$?
  (compiler -shutdown) || kill "${started[Compiler]}"
  wait "${started[Compiler]}" || true
  unset "started[Compiler]"
  return "$outcome"
}

# What the build has not found out, which runs the analyzers and code styles that dotnet format would run once more.
check_format() {
  dotnet format whitespace . --folder --verify-no-changes &&
    dotnet format style --diagnostics IMPORTS --verify-no-changes --no-restore && echo "formatted"
}

# The build has built it; tests/chaos.sh would look once more.
chaos() {
  exec dotnet tests/NotificationBus.Chaos/bin/Release/net10.0/NotificationBus.Chaos.dll quick
}

# A test project is a program. dotnet test would look for what to build first, and run it under two others.
test_project() {
  local project=$1 name
  name=$(basename "$project" .csproj)
  shift
  exec dotnet "$(dirname "$project")/bin/Release/net10.0/$name.dll" -noLogo -noColor -trx "$results_folder/$name.trx" "$@"
}

# Waits for the tests of one project and adds its numbers to the totals. A project that runs no test has failed.
finish_tests() {
  local name=$1 results passed=0 failed=0 total=0 outcome=0
  results="$results_folder/$name.trx"
  finish "$name" || outcome=$?
  if [ -f "$results" ]; then
    passed=$(counted passed "$results")
    total=$(counted total "$results")
    # What did not pass has failed: errors, timeouts and skipped tests too.
    failed=$((total - passed))
  fi
  if [ "$total" -eq 0 ] || { [ "$outcome" -ne 0 ] && [ "$failed" -eq 0 ]; }; then
    echo "$name did not run its tests to the end." >&2
    failed=$((failed + 1))
  fi
  [ "$failed" -eq 0 ] || [ ! -f "$results" ] || failures "$results" >>"$results_folder/failures"
  all_passed=$((all_passed + passed))
  all_failed=$((all_failed + failed))
}

# Waits for the chaos program. Each of its situations counts as a test.
finish_chaos() {
  local figures=artifacts/chaos.json passed failed outcome=0
  finish Chaos || outcome=$?
  passed=$(grep -c '"passed": true' "$figures" || true)
  failed=$(grep -c '"passed": false' "$figures" || true)
  if [ "$outcome" -ne 0 ] && [ "${failed:-0}" -eq 0 ]; then
    echo "The chaos program did not come to its end." >&2
    failed=1
  fi
  [ "${failed:-0}" -eq 0 ] || grep -aE '  NO( |$)' "$results_folder/Chaos.log" >>"$results_folder/failures" || true
  all_passed=$((all_passed + ${passed:-0}))
  all_failed=$((all_failed + ${failed:-0}))
}

for argument in "$@"; do
  case $argument in
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# Compilers and tests end before what the runtime learns by watching them pays: the build took 130 seconds of processor time without it,
# and 150 with it. The hosts
# that tests start inherit it; none of them runs for long enough to be any faster with it.
export DOTNET_TieredPGO=0
results_folder=$(mktemp -d)
compiler_name=notificationbus-$$
declare -A started=()
trap end_what_was_started EXIT
trap 'exit 130' INT TERM
all_passed=0 all_failed=0
rm -f artifacts/chaos.json

heading "What the tests need"
provide_sdk
provide_packages
provide_servers || give_up "A server of the tests (tests/servers) could not be installed."

heading "Restore"
dotnet restore || give_up "The packages could not be restored."

heading "Build"
build || give_up "The build failed."

# The integration tests wait more than they work: three classes at a time keep two processors busy, and the rest fits in beside them.
integration=tests/NotificationBus.IntegrationTests/NotificationBus.IntegrationTests.csproj
start "$(basename "$integration" .csproj)" test_project "$integration" -maxThreads 3
start Format check_format
finish Format || all_failed=$((all_failed + 1))
for project in tests/*/*Tests.csproj; do
  [ "$project" != "$integration" ] || continue
  name=$(basename "$project" .csproj)
  start "$name" test_project "$project"
  finish_tests "$name"
done
start Chaos chaos
finish_tests "$(basename "$integration" .csproj)"
finish_chaos

# Once more, where a log that is cut off at the top still has them.
if [ -s "$results_folder/failures" ]; then
  heading "What failed"
  cat "$results_folder/failures"
fi

printf '\n%d passed, %d failed\n' "$all_passed" "$all_failed"
[ "$all_failed" -eq 0 ] && [ "$all_passed" -gt 0 ]
