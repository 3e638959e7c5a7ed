#!/usr/bin/env bash
# Drives the real server with OpenAI's Python client, that of $PYTHON (python3) if it has one, else one that is installed beside this script. Arguments are those of `python -m unittest`.
set -euo pipefail
cd "$(dirname "$0")"

. ../../python.sh
find_python 'import openai'

. ../servers.sh

"$python" -m unittest "$@"
