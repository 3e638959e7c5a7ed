#!/usr/bin/env bash
# Half an hour of every kind of request, well and badly made, left and cancelled, on one real server: a line for each minute, then what must hold; exit code 1 when something does not.
# Options go on to the driver: --minutes 60, --clients 16, --server publish/Llama.Server, --setting Model:Kernels=plain.
set -euo pipefail
cd "$(dirname "$0")/../.."
dotnet run -c Release --project tests/Soak -- soak "$@"
