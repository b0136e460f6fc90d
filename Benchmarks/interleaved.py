#!/usr/bin/env python3
"""Compares Hone with its peers: every engine keeps the model loaded, and they take turns (A B A B) on the same cores.

    interleaved.py --hone .build/release/hone --models DIR [NAME…]

DIR/<name>/model.onnx, with inputs from DIR/<name>/test_data_set_0 if there is one, else seeded random ones that all engines share.
Prints a table: p50 of each engine, and how many times slower than Hone each peer is (above 1, Hone is faster), with the lowest and
highest ratio of any round as a measure of noise. Engines that refuse a model are left out of that model's row and the means.
`--peers` names them: onnxruntime, openvino, torch, torch-compile (the last two for the networks of models.py only).
Without --hone the first peer is the one compared with. `--precision bf16` has Hone run with `--precision bf16` and pins OpenVINO to
that too; `--dim batch=8` binds a symbolic size for all. `--json FILE` keeps everything measured.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import benchmark_inputs

HERE = Path(__file__).resolve().parent
MOST_RUNS = 2000
# What Hone and the peers call a precision.
PRECISIONS = {"fp32": ("fp32", "f32"), "bf16": ("bf16", "bf16")}


class Worker:
    """One engine with one model loaded, waiting for its turns."""

    def __init__(self, command: list[str], cpus: str):
        self.process = subprocess.Popen(
            ["taskset", "--cpu-list", cpus, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, count: int) -> dict:
        """The worker's answer, or {"error": …} if it has ended."""
        try:
            self.process.stdin.write(f"run {count}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        return json.loads(line) if line.strip() else {"error": f"ended with exit status {self.process.wait()}"}

    def close(self) -> None:
        self.process.communicate()


def commands(model: Path, inputs: Path, options: argparse.Namespace) -> dict[str, list[str]]:
    common = [str(model), "--inputs", str(inputs), "--threads", str(options.threads)]
    own, others = PRECISIONS[options.precision]
    hone = {"hone": [str(options.hone), "benchmark", *common, "--precision", own, "--serve"]} if options.hone else {}
    peers = {peer: [options.python, str(HERE / "peers.py"), peer, *common, "--precision", others] for peer in options.peers}
    return hone | peers


def measure(model: Path, inputs: Path, options: argparse.Namespace) -> dict[str, dict]:
    """Engine → {"rounds": [[ms, …], …], "load_ms": …, …} or {"error": …}."""
    workers, results = {}, {}
    for engine, command in commands(model, inputs, options).items():
        worker = Worker(command, options.cpus)
        answer = worker.run(3)  # loads and warms up, alone
        if "error" in answer:
            worker.close()
            results[engine] = {"error": answer["error"]}
            continue
        slice_ms = options.seconds * 1000 / options.rounds
        count = math.ceil(slice_ms / max(min(answer["times_ms"]), 1e-3))
        workers[engine] = worker, min(max(count, 3), MOST_RUNS)
        facts = {key: value for key, value in answer.items() if key != "times_ms"}
        results[engine] = facts | {"rounds": []}
    for _ in range(options.rounds):
        for engine, (worker, count) in workers.items():
            answer = worker.run(count)
            if "error" in answer:
                results[engine]["error"] = answer["error"]
            else:
                results[engine]["rounds"].append(answer["times_ms"])
    for worker, _ in workers.values():
        worker.close()
    return results


def summarize(results: dict[str, dict], baseline: str) -> None:
    """Adds p50_ms to each engine and, where the baseline ran too, the ratio and its extremes over the rounds."""
    measured = {engine: result for engine, result in results.items() if "error" not in result}
    for result in measured.values():
        result["p50_ms"] = statistics.median(time for times in result["rounds"] for time in times)
    if baseline not in measured:
        return
    base = measured[baseline]
    for engine, result in measured.items():
        if engine != baseline:
            pairs = zip(result["rounds"], base["rounds"])
            ratios = [statistics.median(peer) / statistics.median(own) for peer, own in pairs]
            result["ratio"] = result["p50_ms"] / base["p50_ms"]
            result["ratio_range"] = [min(ratios), max(ratios)]


def cells(result: dict) -> list[str]:
    if "error" in result:
        return ["refused", ""]
    if "ratio" not in result:
        return [f"{result['p50_ms']:.3f}", ""]
    low, high = result["ratio_range"]
    return [f"{result['p50_ms']:.3f}", f"{result['ratio']:.2f}  ({low:.2f}–{high:.2f})"]


def print_row(name: str, columns: list[str]) -> None:
    print(f"{name:<30}" + "".join(f"{column:>20}" for column in columns), flush=True)


def header(engines: list[str]) -> list[str]:
    return [f"{engines[0]} ms"] + [column for engine in engines[1:] for column in (f"{engine} ms", "ratio")]


def geometric_means(report: dict[str, dict]) -> dict[str, dict]:
    ratios: dict[str, list[float]] = {}
    for results in report.values():
        for engine, result in results.items():
            if "ratio" in result:
                ratios.setdefault(engine, []).append(result["ratio"])
    return {engine: {"ratio": statistics.geometric_mean(all), "models": len(all)} for engine, all in ratios.items()}


def inputs_for(model: Path, scratch: Path, sizes: dict[str, int]) -> Path:
    """The model's first test set, or an .npz of random inputs; symbolic sizes not in `sizes` are 1."""
    folder = model.parent / "test_data_set_0"
    if folder.exists() and not sizes:
        return folder
    path = scratch / f"{model.parent.name}.npz"
    np.savez(path, **benchmark_inputs.load(model, None, sizes))
    return path


def chosen_models(options: argparse.Namespace) -> list[Path]:
    models = sorted(options.models.glob("*/model.onnx"))
    return [model for model in models if not options.names or model.parent.name in options.names]


def parse(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hone", type=Path, help="the executable")
    parser.add_argument("--models", type=Path, required=True, help="a folder of model folders")
    parser.add_argument("names", nargs="*", help="only these models")
    parser.add_argument("--peers", nargs="*", default=["onnxruntime", "openvino"])
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cpus", help="as for taskset; default: as many of the allowed ones as there are threads")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32")
    parser.add_argument("--dim", action="append", default=[], metavar="NAME=N", help="binds a symbolic size; may be repeated")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2, help="of measuring per engine and model")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    options.sizes = {name: int(size) for name, _, size in (binding.rpartition("=") for binding in options.dim)}
    if not options.cpus:
        options.cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))[: options.threads]))
    return options


def main() -> None:
    options = parse(__doc__)
    engines = (["hone"] if options.hone else []) + options.peers
    report: dict[str, dict] = {}
    print_row("model", header(engines))
    with tempfile.TemporaryDirectory() as scratch:
        for model in chosen_models(options):
            name = model.parent.name
            results = measure(model, inputs_for(model, Path(scratch), options.sizes), options)
            summarize(results, engines[0])
            report[name] = results
            columns = [cells(results[engine]) for engine in engines]
            print_row(name, columns[0][:1] + [cell for pair in columns[1:] for cell in pair])
    means = geometric_means(report)
    for engine, mean in means.items():
        print(f"{engine} / {engines[0]}: geometric mean {mean['ratio']:.3f} over {mean['models']} models")
    if options.json:
        document = {"baseline": engines[0], "threads": options.threads, "precision": options.precision,
                    "dims": options.sizes, "cpus": options.cpus, "models": report}
        options.json.write_text(json.dumps(document | {"geometric_means": means}, indent=1))


if __name__ == "__main__":
    main()
