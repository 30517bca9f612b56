#!/usr/bin/env bash
# Says in one sentence each what this machine lacks, with the remedy. Exit status 1 where something is missing.
set -u
missing=0
need() { echo "task-runs: $*" >&2; missing=1; }

if ! command -v node >/dev/null; then
  need "Node.js is missing; install Node 20.19 or newer (for example: apt-get install nodejs npm)."
elif ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
  need "Node $(node --version) is too old; install 20.19 or newer."
fi
command -v npm >/dev/null || need "npm is missing; install it with Node.js."
command -v git >/dev/null || need "git is missing; install it (for example: apt-get install git)."
if ! command -v go >/dev/null; then
  need "Go is missing; install 1.24 or newer from your distribution or go.dev."
elif ! go version | awk '{split(substr($3, 3), v, "."); exit !(v[1] > 1 || v[2] >= 24)}'; then
  need "$(go version | cut -d' ' -f3) is too old; install Go 1.24 or newer."
fi
free_gb=$(df -Pk . | awk 'NR == 2 {print int($4 / 1024 / 1024)}')
[ "$free_gb" -ge 8 ] || [ -d .cache/bin ] || need "only ${free_gb} GB are free here, and the first build of Kubernetes takes 8; free some space."
exit "$missing"
