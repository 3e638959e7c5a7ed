#!/usr/bin/env bash
# Three real servers on this machine behind deploy/Gateway and behind nginx with deploy/nginx/nginx.conf, under load: one is killed, all are restarted in turn, conversations are
# followed. One line for each trial; exit code 1 when one fails. Options go on to the driver: --front gateway, --trial kill, --port 9100.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v nginx >/dev/null; then
    echo "nginx is not installed; installing Debian's nginx-light."
    as_root=""; [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get update -qq && $as_root apt-get install -y -qq nginx-light >/dev/null
fi
dotnet run -c Release --project tests/Fleet -- "$@"
