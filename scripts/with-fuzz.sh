#!/usr/bin/env bash
# Runs a command, and beside it, with what it leaves of the processors, each fuzz test for so many seconds:
# scripts/with-fuzz.sh 60 npx vitest run --project api
set -euo pipefail
seconds=$1
shift
log=$(mktemp)
mapfile -t files < <(git grep --files-with-matches 'await fuzz(' -- '*.test.ts')
# A group of its own, so that it can be ended with all that it starts.
set -m
FUZZ_SECONDS=$seconds nice -n 19 npx vitest run --project unit "${files[@]}" > "$log" 2>&1 &
fuzz=$!
set +m
trap 'kill -- "-$fuzz" 2> /dev/null || true; rm -f "$log"' EXIT
"$@"
status=0
wait "$fuzz" || status=$?
if [ "$status" = 0 ]; then grep 'cases in' "$log"; else cat "$log"; fi
exit "$status"
