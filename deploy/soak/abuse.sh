#!/usr/bin/env bash
# What clients do wrong, on one real server: bytes that are no HTTP, fuzzed bodies, streams left, floods, slow readers, SIGTERM under load. A line for each; exit code 1 when the server did not stand one.
set -euo pipefail
cd "$(dirname "$0")/../.."
dotnet run -c Release --project tests/Soak -- abuse "$@"
