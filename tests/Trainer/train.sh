#!/usr/bin/env bash
# Repeats the demo model's recipe end to end: corpus, tokenizer, training, export, evaluation.
set -euo pipefail

usage() {
    cat <<'TEXT'
tests/Trainer/train.sh [--steps N | --minutes M] [--model DIR] [--work DIR]

Trains the demo model from nothing on the CPU and writes it, measured, to models/llama-2-wordnet-8m (or DIR).
Installs Debian's wordnet-base and sentencepiece with apt-get when they are missing (needs root or sudo for that).

  --steps N     training steps (default: the number the shipped model was trained with)
  --minutes M   train for so long instead, whatever the steps
  --model DIR   where the finished model goes
  --work DIR    where corpus, tokenizer and checkpoints are kept (default: artifacts/trainer)
TEXT
}

training=() common=()
while [ $# -gt 0 ]; do
    case "$1" in
        --help|-h) usage; exit 0 ;;
        --steps|--minutes) training+=("$1" "${2:?$1 needs a value}"); shift 2 ;;
        --model|--work) common+=("$1" "$(realpath -m "${2:?$1 needs a value}")"); shift 2 ;;
        *) echo "train.sh: unknown option '$1'" >&2; usage >&2; exit 2 ;;
    esac
done
cd "$(dirname "$0")/../.."

install_missing() {
    local packages=()
    [ -f /usr/share/wordnet/data.noun ] || packages+=(wordnet-base)
    command -v spm_train > /dev/null || packages+=(sentencepiece)
    [ ${#packages[@]} -eq 0 ] && return
    echo "== installing ${packages[*]}"
    local root=""
    [ "$(id -u)" -eq 0 ] || root=sudo
    $root apt-get update -q
    $root apt-get install -y -q "${packages[@]}"
}

step() {
    local verb=$1
    shift
    echo "== $verb"
    dotnet run -c Release --no-build --project tests/Trainer -- "$verb" "${common[@]}" "$@"
}

# A step frees as much memory as it takes: have malloc keep it instead of giving each tensor's pages back (three times as fast).
export MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456
# Waiting threads sleep: spinning only takes time from others on a shared machine.
export OMP_WAIT_POLICY=PASSIVE

install_missing
echo "== build"
dotnet build -c Release -v quiet tests/Trainer
step corpus
step tokenizer
step train "${training[@]}"
step export
step evaluate
