#!/usr/bin/env bash
# Packs what a machine with a GPU needs to run and measure the server, and nothing that it has already: one program with .NET inside it, the bundled model and check.sh.
# No libtorch (600 MB): the GPU's kernels need the driver, NVRTC and cuBLAS, which come with any CUDA toolkit or PyTorch.
#
#   deploy/gpu/pack.sh [archive]        default: artifacts/llama-gpu.tar.xz
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
archive=$(realpath -m "${1:-$root/artifacts/llama-gpu.tar.xz}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# --artifacts-path: TorchBackend changes what is restored, and the usual obj folders belong to the usual backend.
dotnet publish "$root/src/Server" -c Release -r linux-x64 --self-contained --nologo -v quiet -p:UseSharedCompilation=false --artifacts-path "$work/build" -o "$work/llama" \
  -p:TorchBackend=system -p:PublishSingleFile=true -p:DebugType=embedded -p:PublishReferencesDocumentationFiles=false
rm -f "$work"/llama/*.pdb "$work"/llama/*.staticwebassets.endpoints.json
cp "$root"/deploy/gpu/{check.sh,transformers_bench.py,table.py} "$work/llama/"

mkdir -p "$(dirname "$archive")"
tar -C "$work" -cf - llama | xz -T0 -7 > "$archive"
bytes=$(stat -c %s "$archive")
echo "$archive: $((bytes / 1000000)) MB"
echo "On the machine with the GPU, where the archive lies:"
echo "  tar -xJf $(basename "$archive") && llama/check.sh"
[ "$bytes" -lt 60000000 ] || { echo "That is more than the 60 MB it is meant to stay under." >&2; exit 1; }
