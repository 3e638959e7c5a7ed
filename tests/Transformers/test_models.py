"""Random models of many shapes, written by transformers and computed by both in float32."""

import random
import unittest

import torch
from server import checkpoint, serve
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

BASE = {
    "vocab_size": 8192, "hidden_size": 128, "intermediate_size": 344, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 512, "initializer_range": 0.09, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip


def rope(kind: str, theta: float = 10000.0, **others) -> dict:
    return {"rope_parameters": {"rope_type": kind, "rope_theta": theta, **others}}


SHAPES = {
    "grouped-queries": {},
    "all-heads": {"num_key_value_heads": 4},
    "one-kv-head": {"num_key_value_heads": 1},
    "tied": {"tie_word_embeddings": True},
    "wide-heads": {"head_dim": 48},
    "odd-sizes": {"hidden_size": 100, "intermediate_size": 173, "num_attention_heads": 5, "num_key_value_heads": 5, "vocab_size": 8201},
    "odd-heads": {"hidden_size": 96, "intermediate_size": 97, "num_attention_heads": 3, "num_key_value_heads": 3, "head_dim": 20},
    "smallest": {"num_attention_heads": 1, "num_key_value_heads": 1, "num_hidden_layers": 1, "hidden_size": 64},
    "large-epsilon": {"rms_norm_eps": 0.5},
    "theta": rope("default", 500000.0),
    "linear": rope("linear", factor=4.0),
    "llama3": rope("llama3", 500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64),
    "yarn": rope("yarn", factor=4.0, original_max_position_embeddings=128),
    "yarn-attention-factor": rope("yarn", factor=8.0, original_max_position_embeddings=64, beta_fast=16, beta_slow=2, attention_factor=1.3),
    "yarn-mscale": rope("yarn", factor=8.0, original_max_position_embeddings=64, mscale=0.8, mscale_all_dim=0.5),
    "mistral": {"model_type": "mistral", "sliding_window": None, "head_dim": 48},
    "mistral-window": {"model_type": "mistral", "sliding_window": 312},
}


def write(folder, shape: dict, dtype: torch.dtype = torch.float32, **saving) -> PreTrainedModel:
    """A random model in the folder; what transformers reads there."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**{"model_type": "llama"} | BASE | shape))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight += 0.3 * torch.randn_like(weight)  # else all 1
    model.to(dtype).save_pretrained(folder, **saving)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    model.generation_config.eos_token_id = None
    return model


def prompt(length: int) -> list[int]:
    return [1] + random.Random(length).sample(range(3, 8192), length - 1)


class Models(unittest.TestCase):
    def hold(self, server, model, length: int) -> None:
        """Log-probabilities of the prompt and of a greedy answer."""
        ids = prompt(length)
        answer = server.post("/v1/completions", prompt=ids, echo=True, logprobs=1, max_tokens=12, temperature=0, ignore_eos=True, return_token_ids=True)["choices"][0]
        with torch.no_grad():
            whole = model.generate(torch.tensor([ids]), do_sample=False, max_new_tokens=12, pad_token_id=0)
            expected = model(whole).logits[0].double().log_softmax(-1)[:-1].gather(1, whole[0, 1:, None])[:, 0]
        self.assertEqual(answer["token_ids"], whole[0, length:].tolist())
        got = torch.tensor(answer["logprobs"]["token_logprobs"][1:])
        self.assertLess((got - expected).abs().max().item(), 1e-4)

    def test_every_shape(self):
        for name, shape in SHAPES.items():
            with self.subTest(name), checkpoint(name) as folder:
                model = write(folder, shape)
                with serve(folder, "--Model:Dtype=float32") as server:
                    for length in (2, 17, 300):
                        self.hold(server, model, length)

    def test_files_in_other_types_and_in_parts(self):
        for name, dtype, size in (("bf16", torch.bfloat16, "5GB"), ("f16", torch.float16, "5GB"), ("parts", torch.float32, "600KB")):
            with self.subTest(name), checkpoint(name) as folder:
                model = write(folder, {}, dtype, max_shard_size=size)
                with serve(folder, "--Model:Dtype=float32") as server:
                    self.hold(server, model, 100)

    def test_other_ways_to_run(self):
        ways = {
            "chunks": ["--Scheduler:MaxBatchTokens=64", "--Scheduler:MaxSequences=4"],
            "layers": ["--Model:Device=cpu:0,cpu:1"],
            "tensor-parallel": ["--Model:Device=cpu:0,cpu:1", "--Model:TensorParallel=2"],
        }
        with checkpoint("ways") as folder:
            model = write(folder, SHAPES["llama3"])
            for name, settings in ways.items():
                with self.subTest(name), serve(folder, "--Model:Dtype=float32", *settings) as server:
                    for length in (17, 300):
                        self.hold(server, model, length)

    def test_repetition_penalty(self):
        with checkpoint("penalty") as folder:
            model = write(folder, {})
            with serve(folder, "--Model:Dtype=float32") as server:
                for penalty in (0.7, 1.2, 3.0):
                    ids = prompt(20)
                    expected = model.generate(torch.tensor([ids]), do_sample=False, repetition_penalty=penalty, max_new_tokens=24, pad_token_id=0)[0, 20:].tolist()
                    answer = server.post("/v1/completions", prompt=ids, max_tokens=24, temperature=0, ignore_eos=True, return_token_ids=True, repetition_penalty=penalty)
                    self.assertEqual(answer["choices"][0]["token_ids"], expected, penalty)
