#!/usr/bin/env bash
# Drives the real server with its customers' own JavaScript clients. Arguments are test files; without any, all run.
set -euo pipefail
cd "$(dirname "$0")"

npm ci --loglevel=error

. ./servers.sh

if [ $# -eq 0 ]; then set -- */*.test.mjs; fi
node --test --test-reporter=spec "$@"
