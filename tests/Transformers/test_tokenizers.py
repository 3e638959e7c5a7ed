"""Tokenizers of the kinds that Llamas have, trained here on a little text, and the bundled one as transformers saves it."""

import json
import random
import unittest

from server import BUNDLED, checkpoint, serve
from test_models import write
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, AutoTokenizer

LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TEKKEN = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
ODDITIES = [
    "é", "e\u0301", "ß", "日本語", "가나", "😀", "👨‍👩‍👧", "\u0301", "\n", "\n\n", "\t", "  ", "   ", "\u200b", "▁", "ﬁ", "\x00", "0", "123", "45678", "!", "...", "…",
    "\u3000", "\xa0", "\r\n", "'s", "'LL", "x+=1;", "//", "İ", "ſ", "K", "ǅ", "٣", "²", "½", "\u00ad", "ОДИН", "µ", "<0x0A>", "camelCase", "HTTPServer", "𐐀𐐨", "𝐀𝐚", "𞄰", "𑄀", "a/b//\n",
]  # fmt: skip


def corpus() -> list[str]:
    return (BUNDLED / "held-out.txt").read_text().splitlines(keepends=True) + ["日本語のテキスト 123 4567 don't I'LL 🙂🙂 naïve café\n", "def f(x):\n    return x+1\n\n\n"] * 20


def texts(count: int) -> list[str]:
    chance = random.Random(7)
    words = (BUNDLED / "held-out.txt").read_text().split()

    def piece() -> str:
        ranges = (32, 0x2FFF), (0x3000, 0xD7FF), (0x1F300, 0x1FAFF)
        return chance.choice([chance.choice(words) + " ", chance.choice(ODDITIES), chance.choice(words).upper(), chr(chance.randrange(*chance.choice(ranges)))])

    return ["".join(piece() for _ in range(chance.randrange(12))) for _ in range(count)]


def byte_level(*before, has_pattern: bool = False, ignore_merges: bool = False) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*before, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=has_pattern)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def metaspace(scheme: str) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme=scheme)
    return tokenizer


KINDS = {
    "llama3": byte_level(pre_tokenizers.Split(Regex(LLAMA3), "isolated"), ignore_merges=True),
    "tekken": byte_level(pre_tokenizers.Split(Regex(TEKKEN), "isolated")),
    "gpt2": byte_level(has_pattern=True),
    "smollm": byte_level(pre_tokenizers.Digits(individual_digits=True), has_pattern=True),
    "metaspace-first": metaspace("first"),
    "metaspace-always": metaspace("always"),
    "metaspace-never": metaspace("never"),
}


class Tokenizers(unittest.TestCase):
    def test_every_kind_encodes_and_decodes_alike(self):
        for name, tokenizer in KINDS.items():
            alphabet = pre_tokenizers.ByteLevel.alphabet() if isinstance(tokenizer.decoder, decoders.ByteLevel) else []
            tokenizer.train_from_iterator(corpus(), trainers.BpeTrainer(vocab_size=2000, special_tokens=["<s>", "</s>", "<unk>"], initial_alphabet=alphabet, show_progress=False))
            with self.subTest(name), checkpoint(name) as folder:
                write(folder, {})
                (folder / "tokenizer.model").unlink()
                tokenizer.save(str(folder / "tokenizer.json"))
                (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>"}))
                with serve(folder) as server:
                    for text in texts(1000):
                        ids = tokenizer.encode(text, add_special_tokens=False).ids
                        self.assertEqual(server.post("/tokenize", prompt=text, add_special_tokens=False)["tokens"], ids, text)
                        self.assertEqual(server.post("/detokenize", tokens=ids)["prompt"], tokenizer.decode(ids, skip_special_tokens=True), text)

    def test_the_bundled_model_as_transformers_saves_it(self):
        with checkpoint("saved") as folder:
            for file in ("tokenizer.model", "tokenizer_config.json"):
                (folder / file).unlink()
            tokenizer = AutoTokenizer.from_pretrained(BUNDLED)
            tokenizer.save_pretrained(folder)
            AutoModelForCausalLM.from_pretrained(BUNDLED).save_pretrained(folder)
            question = {"role": "user", "content": "What is a giraffe?"}
            with serve(folder) as server:
                for text in texts(1000):
                    self.assertEqual(server.post("/tokenize", prompt=text, add_special_tokens=False)["tokens"], tokenizer.encode(text, add_special_tokens=False), text)
                for messages in ([question], [{"role": "system", "content": "Be brief."}, question], [question, {"role": "assistant", "content": "An animal"}, question]):
                    self.assertEqual(server.post("/tokenize", messages=messages)["tokens"], tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False))
                answer = server.post("/v1/chat/completions", messages=[question])["choices"][0]["message"]["content"]
            self.assertTrue(answer.startswith("tallest living quadruped"))
