#!/usr/bin/env python3
"""Makes two little tokenizer.json files and records what they make of every third line of inputs.txt.

The encoder below is the plain definition, written from the sources of Hugging Face's tokenizers (models/bpe/word.rs, pre_tokenizers/byte_level.rs): look for the pair of
least rank, leftmost first, join it, begin again. Needs the package regex (whose \\p and \\s are Unicode's, as in the engine of the original) and spm_export_vocab.
Run it only to change the data."""
import collections
import json
import pathlib
import subprocess

import regex

HERE = pathlib.Path(__file__).parent
LLAMA_3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
INPUTS = (HERE / "inputs.txt").read_bytes().decode().split("\n")[:-1:3]
PRINTABLE = [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
OTHERS = [b for b in range(256) if b not in PRINTABLE]
LETTERS = {**{b: chr(b) for b in PRINTABLE}, **{b: chr(256 + i) for i, b in enumerate(OTHERS)}}


def merge(symbols, ranks):
    while len(symbols) > 1:
        rank, place = min((ranks.get(pair, 1 << 30), i) for i, pair in enumerate(zip(symbols, symbols[1:])))
        if rank == 1 << 30:
            break
        symbols = symbols[:place] + [symbols[place] + symbols[place + 1]] + symbols[place + 2:]
    return symbols


def letters(word):
    return [LETTERS[b] for b in word.encode()]


def train_byte_level(corpus, count):
    words = collections.Counter(tuple(letters(word)) for word in regex.findall(LLAMA_3, corpus))
    merges = []
    for _ in range(count):
        pairs = collections.Counter()
        for word, times in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += times
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        words = collections.Counter({tuple(merge(list(word), {best: 0})): times for word, times in words.items()})
    return merges


def write(folder, document, encode):
    (HERE / folder / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
    (HERE / folder / "ids.txt").write_text("".join(" ".join(map(str, encode(line))) + "\n" for line in INPUTS))


def byte_level():
    corpus = pathlib.Path("/usr/share/common-licenses/GPL-3").read_text() + "\n".join(INPUTS)
    merges = train_byte_level(corpus, 300)
    # One word that no merge makes, for ignore_merges.
    vocab = {piece: i for i, piece in enumerate(dict.fromkeys([LETTERS[b] for b in range(256)] + [a + b for a, b in merges] + ["Ġantidisestablishmentarianism"]))}
    ranks = {pair: i for i, pair in enumerate(merges)}
    specials = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"]

    def encode(line):
        ids = []
        for word in regex.findall(LLAMA_3, line):
            spelled = "".join(letters(word))
            ids += [vocab[spelled]] if spelled in vocab else [vocab[s] for s in merge(letters(word), ranks)]
        return ids

    write("byte-level", {
        "version": "1.0",
        "added_tokens": [{"id": len(vocab) + i, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
                         for i, content in enumerate(specials)],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": LLAMA_3}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]},
        "post_processor": {"type": "Sequence", "processors": [
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
            {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": specials[0], "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
             "pair": [], "special_tokens": {}}]},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
                  "byte_fallback": False, "ignore_merges": True, "vocab": vocab, "merges": [f"{a} {b}" for a, b in merges]},
    }, encode)


def metaspace():
    """llama/tokenizer.model converted as transformers/convert_slow_tokenizer.py does, merges written the newer way."""
    exported = subprocess.run(["spm_export_vocab", f"--model={HERE}/llama/tokenizer.model"], capture_output=True, check=True).stdout.decode()
    scores = {piece: float(score) for piece, score in (line.split("\t") for line in exported.split("\n")[:-1])}
    vocab = {piece: i for i, piece in enumerate(scores)}
    merges = []
    for piece, score in scores.items():
        if vocab[piece] >= 259:
            merges += [(-score, vocab[piece[:i]], vocab[piece[i:]], piece[:i], piece[i:])
                       for i in range(1, len(piece)) if piece[:i] in vocab and piece[i:] in vocab]
    merges = [(left, right) for *_, left, right in sorted(merges)]
    ranks = {pair: i for i, pair in enumerate(merges)}

    def encode(line):
        symbols = []
        for character in "▁" + line.replace(" ", "▁") if line else "":
            symbols += [character] if character in vocab else [f"<0x{b:02X}>" for b in character.encode()]
        return [vocab[s] for s in merge(symbols, ranks)]

    write("metaspace", {
        "version": "1.0",
        "added_tokens": [{"id": i, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
                         for i, content in enumerate(["<unk>", "<s>", "</s>"])],
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "pre_tokenizer": None,
        "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                           "pair": [], "special_tokens": {}},
        "decoder": None,
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True,
                  "byte_fallback": True, "ignore_merges": False, "vocab": vocab, "merges": merges},
    }, encode)


byte_level()
metaspace()
