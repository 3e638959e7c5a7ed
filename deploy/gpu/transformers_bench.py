#!/usr/bin/env python3
"""Hugging Face transformers on the same weights, GPU and lengths as `bench latency` and `bench throughput`, greedy and past any end.

Prints one line of JSON per measurement as soon as it is made, so that a run which is cut short has told what it knew. `null` is what did not run, with the reason in `error`.
"""
import argparse
import importlib.util
import json
import random
import time

import torch
import transformers
from transformers import AutoModelForCausalLM, GenerationConfig


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="checkpoint folder")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--prompt-tokens", type=int, default=448, help="of one answer")
    parser.add_argument("--long-prompt", type=int, default=2048)
    parser.add_argument("--throughput-prompt-tokens", type=int, default=192, help="of each of many answers")
    parser.add_argument("--new-tokens", type=int, default=128)
    parser.add_argument("--sequences", type=int, nargs="*", default=[64, 256])
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    attention = "flash_attention_2" if importlib.util.find_spec("flash_attn") else "sdpa"
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.bfloat16, device_map=args.device, attn_implementation=attention).eval()
    about = {"tool": f"transformers {transformers.__version__}", "torch": torch.__version__, "attention": attention}
    for prompt_tokens in (args.prompt_tokens, args.long_prompt):
        tell(about, "latency", {"prompt_tokens": prompt_tokens, "sequences": 1}, lambda: latency(model, prompt_tokens, args))
    for sequences in args.sequences:
        tell(about, "throughput", {"prompt_tokens": args.throughput_prompt_tokens, "sequences": sequences}, lambda: throughput(model, sequences, args))


def tell(about, what, shape, measure):
    try:
        figures = measure()
    except Exception as error:  # the next measurement may still work
        figures = {"error": f"{type(error).__name__}: {error}".split("\n")[0][:300]}
    print(json.dumps({"benchmark": f"transformers-{what}", **about, **shape, **figures}), flush=True)


def prompt(model, length):
    return [random.randrange(3, model.config.vocab_size) for _ in range(length)]


def latency(model, prompt_tokens, args):
    """Medians of `generate`: time to the first token, and from it to the last."""
    def generate(count):
        ids = torch.tensor([prompt(model, prompt_tokens)], device=model.device)
        start = now()
        made = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=count, min_new_tokens=count, do_sample=False, pad_token_id=0)
        seconds = now() - start
        assert made.shape[1] == prompt_tokens + count
        return seconds

    generate(args.new_tokens)
    first = median(generate(1) for _ in range(args.runs))
    whole = median(generate(args.new_tokens) for _ in range(args.runs))
    step = (whole - first) / (args.new_tokens - 1)
    return {"ttft_ms": 1000 * first, "tpot_ms": 1000 * step, "decode_tokens_per_s": 1 / step, "prefill_tokens_per_s": prompt_tokens / first}


def throughput(model, sequences, args):
    """Best of two runs of continuous batching (`generate_batch`): the first also allocates and captures graphs, which a persistent manager keeps for the second."""
    config = GenerationConfig(max_new_tokens=args.new_tokens, do_sample=False, eos_token_id=-1, pad_token_id=0)

    def run():
        prompts = [prompt(model, args.throughput_prompt_tokens) for _ in range(sequences)]
        start = now()
        outputs = model.generate_batch(prompts, generation_config=config, progress_bar=False, persistent_manager=True)
        seconds = now() - start
        made = sum(len(output.generated_tokens) for output in outputs.values())
        assert made == sequences * args.new_tokens, f"made {made} tokens of {sequences * args.new_tokens}"
        return seconds

    try:
        seconds = min(run() for _ in range(2))
    finally:
        getattr(model, "destroy_cached_continuous_batching_manager", lambda: None)()  # it has room for so many sequences and no more; earlier versions keep none
    return {"new_tokens_per_s": sequences * args.new_tokens / seconds, "tokens_per_s": sequences * (args.throughput_prompt_tokens + args.new_tokens) / seconds}


def now():
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def median(values):
    values = sorted(values)
    return values[len(values) // 2]


if __name__ == "__main__":
    main()
