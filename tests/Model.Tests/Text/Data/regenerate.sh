#!/usr/bin/env bash
# Trains the little tokenizers of these tests and records what SentencePiece itself makes of inputs.txt. Needs Debian; run it only to change the data.
# Reference: SentencePiece 0.1.97 (Debian 12).
set -euo pipefail
cd "$(dirname "$0")"
command -v spm_train spm_encode >/dev/null || { apt-get update -qq && apt-get install -y -qq sentencepiece; }
corpus=$(mktemp) && trap 'rm -f "$corpus"' EXIT
# Licences: plenty of English, dots, dashes, brackets and runs of spaces. The inputs themselves bring a few emoji and accents into the vocabulary.
cat /usr/share/common-licenses/{GPL-3,LGPL-3,Apache-2.0,MPL-2.0,GFDL-1.3,Artistic} inputs.txt | tr -d '\000\001' >"$corpus"

train() { # folder, then options
  local folder=$1; shift
  spm_train --input="$corpus" --model_prefix="$folder/tokenizer" --model_type=bpe --character_coverage=0.99995 --minloglevel=2 "$@"
  rm -f "$folder/tokenizer.vocab"
}
record() { # folder: for each input line its ids, and the text these decode to
  spm_encode --model="$1/tokenizer.model" --output_format=id <inputs.txt >"$1/ids.txt"
  spm_decode --model="$1/tokenizer.model" --input_format=id <"$1/ids.txt" >"$1/decoded.txt"
}

# Llama 2's settings (its trainer_spec), small.
train llama --vocab_size=1000 --byte_fallback --split_digits --normalization_rule_name=identity --remove_extra_whitespaces=false \
  --add_dummy_prefix=true --allow_whitespace_only_pieces=true
record llama
# What else the encoder honours: user-defined pieces, removed spaces, unknown characters, and rules of normalisation (a few of NFKC's: all would be 240 KB).
train other --vocab_size=700 --normalization_rule_tsv=other/rules.tsv --user_defined_symbols='<sep>,<sepa>,--,$' --control_symbols='<ctl>'
record other
