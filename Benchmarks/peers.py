#!/usr/bin/env python3
"""Measures one model in one of the peers, on command, so that a harness can interleave engines (A B A B).

    peers.py ENGINE MODEL [--inputs DIR-or-NPZ] [--dim NAME=8] [--threads N] [--precision f32|bf16|default]

ENGINE is `onnxruntime`, `openvino`, `torch` or `torch-compile`. PyTorch reads no ONNX: it runs the network that `models.py` exports under
the name of the model's folder, and refuses others; its bf16 is autocast. OpenVINO computes in bf16 where the processor can unless it is held to f32, so f32 is the
default here. ONNX Runtime has no other precision than the model's. Reads lines `run N` on stdin and answers each with one JSON line:

    {"times_ms": [… N of them …], "load_ms": …, "first_run_ms": …, "engine": "onnxruntime 1.31.1"}

Loading and the first run happen before the first answer and are the same in all. Ends at the end of stdin. A model that the
engine refuses gives {"error": "…"} and exit 3.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import benchmark_inputs


def onnxruntime_runner(options: argparse.Namespace) -> tuple[str, Callable[[dict], Callable[[], object]]]:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.log_severity_level = 3
    # Threads that spin between runs would slow the engine whose turn it is.
    settings.add_session_config_entry("session.force_spinning_stop", "1")

    def load(inputs: dict) -> Callable[[], object]:
        session = onnxruntime.InferenceSession(str(options.model), settings, providers=["CPUExecutionProvider"])
        tensors = [output.type.startswith("tensor") for output in session.get_outputs()]
        if not all(tensors) or not all(hasattr(value, "dtype") for value in inputs.values()):
            return lambda: session.run(None, inputs)  # sequences and maps cannot be bound
        binding = session.io_binding()
        for name, value in inputs.items():
            binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(value))
        for output in session.get_outputs():
            binding.bind_output(output.name)
        return lambda: session.run_with_iobinding(binding)

    return f"onnxruntime {onnxruntime.__version__}", load


def openvino_runner(options: argparse.Namespace) -> tuple[str, Callable[[dict], Callable[[], object]]]:
    import openvino

    settings = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": options.threads,
                "ENABLE_CPU_PINNING": False}
    if options.precision != "default":
        settings["INFERENCE_PRECISION_HINT"] = options.precision

    def load(inputs: dict) -> Callable[[], object]:
        core = openvino.Core()
        request = core.compile_model(core.read_model(options.model), "CPU", settings).create_infer_request()
        for name, value in inputs.items():
            request.set_tensor(name, openvino.Tensor(value))
        return request.infer

    return f"openvino {openvino.__version__.split('-')[0]} {options.precision}", load


def torch_runner(options: argparse.Namespace) -> tuple[str, Callable[[dict], Callable[[], object]]]:
    import torch

    import models

    compiles = options.engine == "torch-compile"
    torch.set_num_threads(options.threads)

    def load(inputs: dict) -> Callable[[], object]:
        name = options.model.parent.name
        if name not in models.MODELS:
            raise ValueError(f"PyTorch runs only the networks of models.py, not {name}")
        network, _, _ = models.build(name)
        run = torch.compile(network) if compiles else network
        values = [torch.from_numpy(value) for value in inputs.values()]

        def once() -> object:
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
                return run(*values)

        return once

    return f"torch {torch.__version__} {'compiled' if compiles else 'eager'} {options.precision}", load


ENGINES = {"onnxruntime": onnxruntime_runner, "openvino": openvino_runner, "torch": torch_runner, "torch-compile": torch_runner}


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Milliseconds, and what the work returned."""
    start = time.perf_counter_ns()
    result = work()
    return (time.perf_counter_ns() - start) / 1e6, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("model", type=Path)
    parser.add_argument("--inputs", type=Path)
    parser.add_argument("--dim", action="append", default=[], metavar="NAME=N")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=["f32", "bf16", "default"], default="f32")
    options = parser.parse_args()

    sizes = {name: int(size) for name, _, size in (binding.rpartition("=") for binding in options.dim)}
    try:
        inputs = benchmark_inputs.load(options.model, options.inputs, sizes)
        engine, load = ENGINES[options.engine](options)
        load_ms, run = timed(lambda: load(inputs))
        first_run_ms, _ = timed(run)
    except Exception as error:  # whatever the engine throws when it refuses a model
        print(json.dumps({"error": str(error).strip()}), flush=True)
        sys.exit(3)
    facts = {"load_ms": load_ms, "first_run_ms": first_run_ms, "engine": engine}
    for line in sys.stdin:
        command, count = line.split()
        if command != "run":
            sys.exit(f"unknown command: {command}")
        print(json.dumps({"times_ms": [timed(run)[0] for _ in range(int(count))]} | facts), flush=True)


if __name__ == "__main__":
    main()
