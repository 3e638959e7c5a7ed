#!/usr/bin/env bash
# What the Dockerfile runs to make its programs; check.sh runs the same without Docker. .NET comes with each program.
#
#   publish.sh restore <cpu|cuda>            packages of both programs
#   publish.sh <server|gateway> <cpu|cuda> <folder>
#
# cuda leaves libtorch out: the kernels for a GPU need NVRTC and cuBLAS alone.
set -euo pipefail
what=$1 device=$2
case $device in
    cpu) torch=cpu ;;
    cuda) torch=system ;;
    *) echo "DEVICE is '$device'; use cpu or cuda." >&2; exit 1 ;;
esac
root=$(cd "$(dirname "$0")/../.." && pwd)
options=(-r linux-x64 -p:TorchBackend=$torch -p:UseSharedCompilation=false -p:DebugType=embedded -p:PublishReferencesDocumentationFiles=false --nologo -v quiet)
artifacts=${PUBLISH_ARTIFACTS:-/tmp/publish-$device}
case $what in
    restore)
        dotnet restore "$root/src/Server" "${options[@]:0:4}" --artifacts-path "$artifacts"
        dotnet restore "$root/deploy/Gateway" "${options[@]:0:4}" --artifacts-path "$artifacts" ;;
    server) dotnet publish "$root/src/Server" -c Release --self-contained "${options[@]}" --artifacts-path "$artifacts" -o "$3" ;;
    gateway) dotnet publish "$root/deploy/Gateway" -c Release --self-contained "${options[@]}" --artifacts-path "$artifacts" -o "$3" ;;
    *) echo "'$what' is none of restore, server and gateway." >&2; exit 1 ;;
esac
