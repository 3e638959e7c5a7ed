#!/usr/bin/env bash
# Drives the real server with OpenAI's Python client, that of $PYTHON (python3) if it has one, else one that is installed beside this script. Arguments are those of `python -m unittest`.
set -euo pipefail
cd "$(dirname "$0")"

python=${PYTHON:-python3}
if ! "$python" -c 'import openai' 2>/dev/null; then
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    python=.venv/bin/python
    "$python" -m pip install --quiet --disable-pip-version-check -r requirements.txt
fi

. ../servers.sh

"$python" -m unittest "$@"
