#!/usr/bin/env python3
"""Asks ONNX Runtime whether a decoder with a cache that Hone carries says the same, token by token.

    cached_decoder.py HONE                      every way in which torch exports a small GPT-2 with a past
    cached_decoder.py HONE --measure TOKENS     ms per token of one shaped like GPT-2 small, Hone and ONNX Runtime in turn

HONE is the command. Models have random weights and are made by torch and transformers; the newer exporter needs onnxscript
too and is left out where that is missing. Prints one JSON object; exit 0 if all logits agree, else 1.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.cache_utils import DynamicCache

warnings.filterwarnings("ignore")


class WithPast(torch.nn.Module):
    """Ids, mask and the past, one tensor after the other; logits and the present."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids, mask, *past):
        pairs = tuple((past[i], past[i + 1]) for i in range(0, len(past), 2))
        result = self.model(input_ids=ids, attention_mask=mask, past_key_values=DynamicCache(pairs), use_cache=True)
        present = [x for layer in result.past_key_values.layers for x in (layer.keys, layer.values)]
        return (result.logits, *present)


def names(layers, side):
    return [f"{side}.{i}.{kind}" for i in range(layers) for kind in ("key", "value")]


def export(config, attention, newer, path):
    torch.manual_seed(1)
    config._attn_implementation = attention
    model = GPT2LMHeadModel(config).eval()
    for p in model.parameters():
        if p.dim() > 1:
            torch.nn.init.normal_(p, 0, 4 / p.shape[-1] ** 0.5 / 4)
    heads, width = config.n_head, config.n_embd // config.n_head
    past = [torch.randn(1, heads, 3, width) for _ in range(2 * config.n_layer)]
    values = (torch.zeros(1, 2, dtype=torch.long), torch.ones(1, 5, dtype=torch.long), *past)
    inputs = ["input_ids", "attention_mask"] + names(config.n_layer, "past_key_values")
    outputs = ["logits"] + names(config.n_layer, "present")
    if newer:
        free = torch.export.Dim.DYNAMIC
        torch.onnx.export(
            WithPast(model), values, path, input_names=inputs, output_names=outputs, dynamo=True, opset_version=18,
            dynamic_shapes=({1: free}, {1: free}, tuple({2: free} for _ in past)), external_data=False, verbose=False)
        return
    axes = {"input_ids": {1: "sequence"}, "attention_mask": {1: "total"}, "logits": {1: "sequence"}}
    axes |= {name: {2: "past"} for name in inputs[2:]} | {name: {2: "total"} for name in outputs[1:]}
    torch.onnx.export(
        WithPast(model), values, path, input_names=inputs, output_names=outputs, dynamic_axes=axes, dynamo=False,
        opset_version=17)


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def by_hand(path, config, ids):
    """Logits of one token after the other, the present handed back as the past."""
    run, width = session(path), config.n_embd // config.n_head
    past = [np.zeros((1, config.n_head, 0, width), np.float32)] * (2 * config.n_layer)
    logits = []
    for i, token in enumerate(ids):
        feeds = {"input_ids": np.array([[token]], np.int64), "attention_mask": np.ones((1, i + 1), np.int64)}
        results = run.run(None, feeds | dict(zip(names(config.n_layer, "past_key_values"), past)))
        logits.append(results[0])
        past = results[1:]
    return np.stack(logits)


def check(hone, folder):
    config = GPT2Config(
        vocab_size=97, n_positions=64, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0)
    ids = np.random.default_rng(3).integers(0, 97, 20)
    np.save(folder / "ids.npy", ids.reshape(20, 1, 1).astype(np.int64))
    np.save(folder / "mask.npy", np.ones((20, 1, 1), np.int64))
    results = {}
    for attention in ("eager", "sdpa"):
        for newer in (False, True):
            name, path = f"{attention}-{'newer' if newer else 'older'}", folder / f"{attention}{newer}.onnx"
            try:
                export(config, attention, newer, str(path))
            except ImportError as error:
                results[name] = {"left_out": str(error)}
                continue
            expected = by_hand(path, config, ids)
            for level in ("0", "3"):
                out = folder / "out.npz"
                run = subprocess.run(
                    [hone, "run", path, "--carry", "auto", "--capacity", "24", "-O", level, "-i",
                     f"input_ids={folder / 'ids.npy'}", "-i", f"attention_mask={folder / 'mask.npy'}", "-o", out, "-q"],
                    capture_output=True, text=True)
                if run.returncode != 0:
                    results[f"{name}-O{level}"] = {"match": False, "problem": run.stderr}
                    continue
                actual = np.load(out)["logits"]
                deviation = float(np.abs(actual - expected).max() / np.abs(expected).max())
                results[f"{name}-O{level}"] = {"match": deviation < 1e-4, "deviation": deviation}
    return results


class Bound:
    """ONNX Runtime with the present bound as the next run's past, where it lies."""

    def __init__(self, path, config, tokens):
        self.run, self.config, self.tokens = session(path), config, tokens
        self.pasts, self.presents = names(config.n_layer, "past_key_values"), names(config.n_layer, "present")
        width = config.n_embd // config.n_head
        rng = np.random.default_rng(5)
        self.first = [
            ort.OrtValue.ortvalue_from_numpy(rng.standard_normal((1, config.n_head, tokens, width)).astype(np.float32))
            for _ in self.pasts]

    def times(self, count):
        past, times = self.first, []
        for i in range(count):
            binding = self.run.io_binding()
            binding.bind_cpu_input("input_ids", np.array([[i % 50]], np.int64))
            binding.bind_cpu_input("attention_mask", np.ones((1, self.tokens + i + 1), np.int64))
            for name, value in zip(self.pasts, past):
                binding.bind_ortvalue_input(name, value)
            binding.bind_output("logits", "cpu")
            for name in self.presents:
                binding.bind_output(name, "cpu")
            start = time.perf_counter()
            self.run.run_with_iobinding(binding)
            times.append((time.perf_counter() - start) * 1e3)
            past = binding.get_outputs()[1:]
        return times


def measure(hone, folder, tokens):
    config = GPT2Config(bos_token_id=0, eos_token_id=0)
    path = folder / "small.onnx"
    export(config, "sdpa", False, str(path))
    peer = Bound(path, config, tokens)
    # Twice the room: full caches begin anew, so that they hold as many tokens in the middle.
    own = subprocess.Popen(
        [hone, "benchmark", path, "--carry", "auto", "--capacity", str(2 * tokens), "--threads", "1", "--serve", "-q"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def hone_times(count):
        own.stdin.write(f"run {count}\n")
        own.stdin.flush()
        return json.loads(own.stdout.readline())["times_ms"]

    hone_times(5), peer.times(5)
    rows = {"hone": [], "onnxruntime": []}
    for _ in range(8):
        rows["hone"] += hone_times(tokens // 4)
        rows["onnxruntime"] += peer.times(tokens // 8)
    own.stdin.close()
    own.wait()
    return {name: {"p50_ms": float(np.median(t)), "p10_ms": float(np.quantile(t, 0.1))} for name, t in rows.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hone")
    parser.add_argument("--measure", type=int, metavar="TOKENS")
    arguments = parser.parse_args()
    hone = str(Path(arguments.hone).resolve())
    with tempfile.TemporaryDirectory() as folder:
        if arguments.measure:
            results = measure(hone, Path(folder), arguments.measure)
        else:
            results = check(hone, Path(folder))
    print(json.dumps(results, indent=1))
    return 0 if all(row.get("match", True) for row in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
