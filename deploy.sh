#!/usr/bin/env bash
# Deploys every role to Galaxy from one build: the jobs roles first, then the web role.
# A bare `meteor deploy HOST --settings F --cache-build` works as well; what this adds is care.
set -euo pipefail
cd "$(dirname "$0")"

main() {
  parse_arguments "$@"
  take_lock
  trap interrupted INT TERM HUP
  refuse_dirty_tree
  check_settings
  check_login
  build_worker
  run_checks
  build_once
  for role in "${roles[@]}"; do
    if wanted "$role"; then deploy_role "$role"; fi
  done
  say_done
}

usage() {
  cat <<'EOF'
Usage: ./deploy.sh [ENVIRONMENT] [--only web|jobs|jobs-NAME] [--dry-run] [--help]

  ENVIRONMENT    picks settings-web.ENVIRONMENT.json and settings-jobs.ENVIRONMENT.json;
                 without it: settings-web.json and settings-jobs.json.
                 Each settings-jobs-NAME file of the environment is a further app, the role jobs-NAME
  --only ROLE    deploys that role alone (all settings files are checked all the same)
  --dry-run      does the checks, prints what would follow and does none of it
  --help         this text

Each settings file says where its role goes:
  "deploy": { "host": "app.example.com", "owner": "...", "plan": "...", "containerSize": "compact",
              "healthUrl": "https://app.example.com/healthz" }
Only host is required. Logging in for CI: METEOR_SESSION_FILE. Another region: DEPLOY_HOSTNAME.
Every deploy is noted in .local/deploys.log. docs/deploy.md goes through it step by step.
EOF
}

say() { printf 'deploy: %s\n' "$*"; }
fail() { printf 'deploy: %s\n' "$*" >&2; exit 1; }
short() { printf '%.12s' "$1"; }
wanted() { [ -z "$only" ] || [ "$only" = "$1" ]; }
ours() { node --require ./infra/dev/installed.cjs --require tsx/cjs "$@"; }

say_done() {
  local names=${roles[*]} as
  as=${only:-$(joined "${names% web}") and web}
  if [ "$dry_run" = yes ]; then say "dry run: nothing was deployed; $(short "$commit") would run as $as"; return; fi
  say "done: $(short "$commit") runs as $as"
}

only_role() {
  case "$1" in web | jobs | jobs-?*) only=$1 ;; *) fail "--only ${1:-(nothing)}: say web, jobs or jobs-NAME" ;; esac
}

parse_arguments() {
  environment='' only='' dry_run=no touched=()
  while [ $# -gt 0 ]; do
    case "$1" in
      --help | -h) usage; exit 0 ;;
      --dry-run) dry_run=yes ;;
      --only) shift; only_role "${1:-}" ;;
      --only=*) only_role "${1#--only=}" ;;
      -*) usage >&2; fail "$1: unknown option" ;;
      *) [ -z "$environment" ] || fail "$1: one environment at a time, $environment is named already"; environment="$1" ;;
    esac
    shift
  done
  case "$environment" in *[!A-Za-z0-9_-]*) fail "$environment: an environment's name has letters, digits, - and _ only" ;; esac
  health_seconds=${DEPLOY_HEALTH_TIMEOUT_SECONDS:-300}
  case "$health_seconds" in *[!0-9]*) fail "DEPLOY_HEALTH_TIMEOUT_SECONDS: $health_seconds is no whole number of seconds" ;; esac
  commit=$(git rev-parse HEAD) || fail 'this is no git checkout: the build cache is keyed on the commit'
}

# A folder is made by one process only, on every file system. A lock whose process is gone was left by a kill -9.
take_lock() {
  mkdir -p .local
  lock=.local/deploy.lock
  if ! mkdir "$lock" 2>/dev/null; then
    local holder
    holder=$(cat "$lock/pid" 2>/dev/null || true)
    case "$holder" in *[!0-9]*) holder='' ;; esac
    if [ -n "$holder" ] && kill -0 "$holder" 2>/dev/null; then fail "another deploy runs (process $holder): wait for it to end (if that is something else: rm -r $lock)"; fi
    [ -n "$holder" ] || fail "another deploy is just starting: try again (if none is: rm -r $lock)"
    say "the lock of process $holder, which is gone, is taken over"
  fi
  echo $$ >"$lock/pid"
  trap 'rm -rf "$lock"' EXIT
}

# --cache-build knows a build by its commit alone: a dirty tree would deploy something else than what is here.
refuse_dirty_tree() {
  local changes
  changes=$(git status --porcelain)
  [ -z "$changes" ] || fail "uncommitted changes, and the build cache knows the commit only: commit or stash first
$changes"
}

# Takes "web host=…", "jobs-heavy owner=…" and so on, one a line, roles in the order of the deploy: these names and no
# other. A value is a text, whatever it holds.
check_settings() {
  local lines line role where=''
  roles=()
  lines=$(ours infra/dev/deploy/check-settings.ts "$environment") || exit 1
  while IFS= read -r line; do
    role=${line%% *} line=${line#* }
    case "$role" in web | jobs) ;; *[!a-z0-9-]* | '') not_settings ;; jobs-?*) ;; *) not_settings ;; esac
    case "${line%%=*}" in
      file) begin_role "$role" ;;
      host) where="${where:+$where, }$(value_of "$role" file) → ${line#*=}" ;;
      owner | plan | container_size | health_url) ;;
      *) not_settings ;;
    esac
    set_value "$role" "${line%%=*}" "${line#*=}"
  done <<<"$lines"
  [ -z "$only" ] || [[ " ${roles[*]} " == *" $only "* ]] || fail "--only $only: there is no such role, there are $(joined "${roles[*]}")"
  say "settings are right: $where"
}

not_settings() { fail 'the settings could not be read: their check said something else than settings'; }

# Nothing of it comes out of the environment.
begin_role() {
  local name
  roles+=("$1")
  for name in host owner plan container_size health_url before; do set_value "$1" "$name" ''; done
}

# What is known of a role is kept in variables of its own: bash 3, which macOS has, knows no other maps.
set_value() { printf -v "of_${1//-/_}_$2" '%s' "$3"; }
value_of() { local name="of_${1//-/_}_$2"; printf '%s' "${!name:-}"; }
joined() { printf '%s' "${1// /, }"; }

check_login() {
  if [ "$dry_run" = yes ]; then say 'would ask: meteor whoami'; return; fi
  command -v meteor >/dev/null || fail 'the Meteor tool is not on PATH: npx meteor installs it'
  meteor whoami >/dev/null 2>&1 || fail 'not logged in: run "meteor login", or name a session by METEOR_SESSION_FILE'
}

# The worker file is no part of the commit: it is made anew from the sources that are.
build_worker() { npm run --silent build:worker >/dev/null || fail 'the worker file could not be built: nothing was deployed'; }

run_checks() { npm run --silent check:meteor || fail 'npm run check:meteor says no: nothing was deployed'; }

run_meteor() {
  if [ "$dry_run" = yes ]; then say "would run: meteor $*"; return; fi
  say "meteor $*"
  meteor "$@"
}

build_once() {
  run_meteor deploy "$(value_of jobs host)" --settings "$(value_of jobs file)" --cache-build --build-only ||
    fail 'the build failed: nothing was deployed'
}

deploy_role() {
  local role=$1 host settings flags=() flag value
  host=$(value_of "$role" host) settings=$(value_of "$role" file)
  for flag in owner plan container-size; do
    value=$(value_of "$role" "${flag//-/_}")
    [ -z "$value" ] || flags+=("--$flag" "$value")
  done
  if [ "$dry_run" = no ]; then touch_role "$role"; fi
  note "$role" "$host" started
  run_meteor deploy "$host" --settings "$settings" --cache-build ${flags[@]+"${flags[@]}"} || stop_here "$role" "meteor deploy of $role failed"
  await_health "$role" || stop_here "$role" "$role was deployed, but does not say that it runs $(short "$commit")"
  note "$role" "$host" 'done'
}

# From here on it may run something else, and we can't ask any more what it was.
touch_role() {
  set_value "$1" before "$(ours infra/dev/deploy/health.ts commit "$(value_of "$1" health_url)" || true)"
  touched+=("$1")
}

await_health() {
  local url
  url=$(value_of "$1" health_url)
  if [ "$dry_run" = yes ]; then say "would wait for $url to answer with commit $(short "$commit")"; return; fi
  ours infra/dev/deploy/health.ts await "$url" "$commit" "$health_seconds"
}

stop_here() {
  local role=$1 reason=$2 urls=()
  note "$role" "$reason" failed
  {
    printf 'deploy: %s. What runs now:\n' "$reason"
    for role in "${roles[@]}"; do urls+=("$role=$(value_of "$role" health_url)"); done
    ours infra/dev/deploy/health.ts show "${urls[@]}" || true
    printf 'To go back to what ran before this deploy, for the role that is to go back:\n'
    for role in "${touched[@]}"; do way_back "$role"; done
  } >&2
  exit 1
}

way_back() {
  local before fetch=''
  before=$(commit_before "$1")
  if [ -z "$before" ]; then
    printf '  %s: no other commit is known to have run there\n' "$1"
  else
    git cat-file -e "$before^{commit}" 2>/dev/null || fetch='git fetch --all && '
    printf '  %sgit checkout %s && npm ci && ./deploy.sh%s --only %s\n' "$fetch" "$before" "${environment:+ $environment}" "$1"
  fi
}

# What the role itself said before it was touched; else the last commit of it that a deploy from here saw healthy.
commit_before() {
  local before
  before=$(value_of "$1" before)
  if [ -n "$before" ] && [[ $commit != "$before"* ]]; then
    echo "$before"
  else
    awk -F'\t' -v e="${environment:-default}" -v r="$1" -v c="$commit" \
      '$2 == e && $3 == r && $4 == "done" && $5 != c && $5 ~ /^[0-9a-f]+$/ { last = $5 } END { print last }' \
      .local/deploys.log 2>/dev/null || true
  fi
}

# Ctrl-C ends meteor as well, wherever it was.
interrupted() {
  trap '' INT TERM HUP
  [ "${#touched[@]}" -gt 0 ] || fail 'interrupted: nothing was deployed'
  stop_here "${touched[${#touched[@]} - 1]}" 'interrupted'
}

note() {
  [ "$dry_run" = no ] || return 0
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$(date -u +%FT%TZ)" "${environment:-default}" "$1" "$3" "$commit" "$2" >>.local/deploys.log
}

main "$@"
