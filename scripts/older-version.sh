#!/usr/bin/env bash
# Builds the version of a commit in .cache/versions/COMMIT, unless it is there, and prints that directory.
# usage: older-version.sh COMMIT
set -euo pipefail
commit=$(git rev-parse --verify --quiet "$1^{commit}") || {
  echo "older-version.sh: $1 is not a commit of this repository; fetch its history: git fetch --unshallow" >&2
  exit 1
}
directory=$PWD/.cache/versions/$commit
if [ ! -f "$directory/dist/task-runs/metadata.yaml" ] || [ ! -f "$directory/dist/controller/main.js" ]; then
  echo "building the version of ${commit:0:7}, which takes some minutes ..." >&2
  rm -rf "$directory"
  mkdir -p "$directory"
  git archive "$commit" | tar -x -C "$directory"
  make -C "$directory" addon build >&2
fi
echo "$directory"
