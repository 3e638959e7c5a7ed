#!/usr/bin/env bash
# Drives the chat page, the engine's page and Swagger UI in a real browser: installs Chromium if there is none (Debian, Ubuntu), then runs the tests of tests/Server.Tests/Pages,
# which `dotnet test` skips without one. With --pictures it takes the README's screenshots anew instead.
set -euo pipefail
cd "$(dirname "$0")/../.."

need() {
    local program=$1 package=$2
    command -v "$program" >/dev/null && return
    local sudo=
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    $sudo apt-get update -q
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -qy --no-install-recommends "$package"
}

need chromium chromium

case "${1:-}" in
    "")
        dotnet test -c Release tests/Server.Tests --filter "FullyQualifiedName~Llama.Server.Tests.Pages"
        ;;
    --pictures)
        need optipng optipng
        LLAMA_PICTURES=$PWD/docs/images dotnet test -c Release tests/Server.Tests --filter "FullyQualifiedName~ScreenshotTests"
        optipng -quiet -o5 -strip all docs/images/*.png
        ;;
    *)
        echo "usage: tests/Pages/run.sh [--pictures]" >&2
        exit 2
        ;;
esac
