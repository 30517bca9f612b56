#!/usr/bin/env bash
# Says in one sentence why the project's Node does not start, with the remedy. npm skips a package that fits no machine
# of this kind, so its absence is met here and not by the first test.
set -u
if ! output=$(node --version 2>&1); then
  echo "task-runs: the Node that npm installed does not start (${output%%$'\n'*}); it needs glibc 2.28 or newer and libatomic (for example: apt-get install libatomic1)." >&2
  exit 1
fi
major=${output#v}
if [ "${major%%.*}" -lt 24 ]; then
  echo "task-runs: npm installed no Node of its own for $(uname -sm), and this machine's $output is too old; install Node 24 or newer." >&2
  exit 1
fi
