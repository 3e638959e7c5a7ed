#!/usr/bin/env bash
# Holds the server against Hugging Face's transformers and tokenizers: those of $PYTHON (python3) if it has them, else of what is installed beside this script. Arguments are those of `python -m unittest`.
set -euo pipefail
cd "$(dirname "$0")"

. ../python.sh
find_python 'import torch, sentencepiece, google.protobuf, transformers; assert int(transformers.__version__.split(".")[0]) >= 5'

dotnet build -c Release ../../src/Server

exec "$python" -m unittest "$@"
