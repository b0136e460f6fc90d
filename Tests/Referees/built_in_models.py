#!/usr/bin/env python3
"""Writes every model of `hone models`, and asks others whether it is what it says.

    built_in_models.py HONE [--full] [--only NAME…]

Each file must pass onnx.checker and give in ONNX Runtime what `hone run` gives. Models that PyTorch, torchvision or
transformers have too must give what those give with the same weights under the same names; `--full` adds the large ones.
Prints one JSON object on stdout, by model: the largest deviations, relative to the largest output. Exit 0 if all are at most
1e-4, else 1. Needs torch, torchvision and transformers besides requirements.txt.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

# Options that keep files small; other models are written as they are.
SMALL = {
    "alexnet": "--input 3,64,64 --width 0.1", "gcn": "--input 50,20", "u-net": "--input 3,32,48 --width 0.25",
    "bert-base": "--hidden 96 --layers 3 --vocabulary 1000 --input 16", "fasttext": "--vocabulary 1000",
    "textcnn": "--vocabulary 1000", "edsr": "--layers 4 --scale 4", "fsrcnn": "--scale 3",
    "resnet18": "--input 3,64,64 --width 0.25", "resnet50": "--input 3,64,64 --width 0.25",
    "mobilenet-v2": "--input 3,64,64 --width 0.5",
} | {f"vgg{depth}{form}": "--input 3,32,32 --width 0.1" for depth in (11, 13, 16, 19) for form in ("", "-bn")}
# With their defaults, as the peers have no others.
LARGE = ["alexnet", "resnet18", "resnet50", "mobilenet-v2", "vgg11-bn", "bert-base"]


def counterpart(name: str):
    """The same model in PyTorch, or None."""
    import torch
    from torch import nn

    def torchvision_model(function: str, **options):
        import torchvision

        return getattr(torchvision.models, function)(**options)

    def bert(**options):
        from transformers import BertConfig, BertForSequenceClassification

        return BertForSequenceClassification(BertConfig(attn_implementation="eager", **options))

    class MNISTNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(1, 10, 5), nn.Conv2d(10, 20, 5)
            self.fc1, self.fc2 = nn.Linear(320, 50), nn.Linear(50, 10)

        def forward(self, x):
            x = torch.relu(torch.max_pool2d(self.conv1(x), 2))
            x = torch.relu(torch.max_pool2d(self.conv2(x), 2))
            return self.fc2(torch.relu(self.fc1(x.flatten(1))))

    class Recurrent(nn.Module):
        def __init__(self, kind: str, outputs: int):
            super().__init__()
            self.kind = kind
            setattr(self, kind, getattr(nn, kind.upper())(7, 64, num_layers=2, batch_first=True))
            self.fc = nn.Linear(64, outputs)

        def forward(self, x):
            return self.fc(getattr(self, self.kind)(x)[0][:, -1])

    def small_resnet18():
        model = torchvision_model("resnet18", num_classes=10)
        model.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        model.maxpool = nn.Identity()
        return model

    makers = {
        "mnist-net": MNISTNet,
        "lstm": lambda: Recurrent("lstm", 10),
        "lstm-forecaster": lambda: Recurrent("lstm", 24),
        "gru-forecaster": lambda: Recurrent("gru", 24),
        "resnet18-cifar": small_resnet18,
        "mobilenet-v2-96": lambda: torchvision_model("mobilenet_v2", num_classes=10),
        "minilm": lambda: bert(
            hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, num_labels=10),
        "alexnet": lambda: torchvision_model("alexnet"),
        "resnet18": lambda: torchvision_model("resnet18"),
        "resnet50": lambda: torchvision_model("resnet50"),
        "mobilenet-v2": lambda: torchvision_model("mobilenet_v2"),
        "vgg11-bn": lambda: torchvision_model("vgg11_bn"),
        "bert-base": lambda: bert(num_labels=2),
    }
    return makers[name]().eval() if name in makers else None


# Where PyTorch's gates lie among those of ONNX.
GATES = {"lstm": [0, 2, 3, 1], "gru": [1, 0, 2]}


def recurrent_kind(name: str, value: np.ndarray) -> str | None:
    kind = name.split(".")[0]
    return kind if kind in GATES and value.ndim > 1 else None


def recurrent_parts(name: str, value: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """A weight of a recurrent operator under PyTorch's names, gates still in the file's order; biases apart."""
    if ".bias_l" not in name:
        return [(name, value[0])]
    stem, layer = name.rsplit(".bias_l", 1)
    return list(zip([f"{stem}.bias_ih_l{layer}", f"{stem}.bias_hh_l{layer}"], np.split(value[0], 2)))


def recurrent_state(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Weights of recurrent operators as PyTorch keeps them: biases apart, gates in its order."""
    state = {}
    for name, value in weights.items():
        kind = recurrent_kind(name, value)
        if kind is None:
            state[name] = value
            continue
        for own, array in recurrent_parts(name, value):
            blocks = np.split(array, len(GATES[kind]))
            state[own] = np.concatenate([blocks[gate] for gate in GATES[kind]])
    return state


def weights_of(model: onnx.ModelProto) -> tuple[dict[str, np.ndarray], set[str]]:
    """The file's constants, and the names of those that MatMul reads, which PyTorch has transposed."""
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    return weights, {node.input[1] for node in model.graph.node if node.op_type == "MatMul"}


def torch_state(peer, weights: dict[str, np.ndarray], multiplied: set[str]) -> dict:
    """The file's weights as the state of `peer`; each must be there, in its shape, and no other."""
    import torch

    given = recurrent_state({key: value.T if key in multiplied else value for key, value in weights.items()})
    state = {}
    for key, value in peer.state_dict().items():
        if key.endswith("num_batches_tracked"):
            continue
        if given[key].shape != tuple(value.shape):
            raise ValueError(f"{key} is {given[key].shape}, PyTorch's is {tuple(value.shape)}")
        state[key] = torch.from_numpy(np.array(given[key], order="C"))
    weighted = {key for key, value in given.items() if value.ndim > 0 and value.dtype == np.float32}
    if extra := weighted - set(state):
        raise ValueError(f"PyTorch has no {sorted(extra)[:3]}")
    return state


def onnx_weights(state: dict[str, np.ndarray], weights: dict[str, np.ndarray], multiplied: set[str]) -> dict:
    """The reverse of `torch_state`: what `state` holds, under the names and in the shapes of `weights`."""
    result = {}
    for name, value in weights.items():
        kind = recurrent_kind(name, value)
        if kind is None:
            if name in state:
                result[name] = state[name].T if name in multiplied else state[name]
            continue
        order, parts = np.argsort(GATES[kind]), []
        for own, _ in recurrent_parts(name, value):
            blocks = np.split(state[own], len(order))
            parts += [blocks[gate] for gate in order]
        result[name] = np.concatenate(parts)[None]
    return result


def torch_deviation(name: str, model: onnx.ModelProto, inputs: dict, expected: np.ndarray) -> float | None:
    """How far PyTorch's output with the file's weights lies from `expected`; None if there is no counterpart."""
    import torch

    peer = counterpart(name)
    if peer is None:
        return None
    peer.load_state_dict(torch_state(peer, *weights_of(model)), strict=False)
    with torch.no_grad():
        result = peer(*[torch.from_numpy(value) for value in inputs.values()])
    return deviation(expected, getattr(result, "logits", result).numpy())


def deviation(expected: np.ndarray, actual: np.ndarray) -> float:
    if expected.shape != actual.shape:
        raise ValueError(f"{expected.shape} became {actual.shape}")
    return float(np.abs(expected - actual).max() / np.abs(expected).max())


def check(hone: str, name: str, options: list[str], folder: Path) -> dict:
    path = folder / "model.onnx"
    subprocess.run([hone, "models", name, "--output", str(path), "--quiet", *options], check=True, capture_output=True)
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(path)
    random = np.random.default_rng(1)
    inputs = {}
    for value in model.graph.input:
        sizes = [size.dim_value or 2 for size in value.type.tensor_type.shape.dim]
        is_float = value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
        inputs[value.name] = (
            random.standard_normal(sizes, dtype=np.float32) if is_float else random.integers(0, 1000, sizes))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    expected = session.run(None, inputs)[0]
    if not np.isfinite(expected).all() or expected.std() == 0:
        raise ValueError("the output is constant or not finite")
    arguments = [hone, "run", str(path), "--output", str(folder / "out.npz"), "--quiet"]
    for key, value in inputs.items():
        np.save(folder / f"{key}.npy", value)
        arguments += ["--input", f"{key}={folder / key}.npy"]
    subprocess.run(arguments, check=True, capture_output=True)
    actual = np.load(folder / "out.npz")[model.graph.output[0].name]
    result = {"shape": list(expected.shape), "onnxruntime": deviation(expected, actual)}
    if not options and (distance := torch_deviation(name, model, inputs, expected)) is not None:
        result["torch"] = distance
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hone", help="the command")
    parser.add_argument("--full", action="store_true", help="also the large models as they are")
    parser.add_argument("--only", nargs="+", metavar="NAME")
    arguments = parser.parse_args()

    listed = subprocess.run([arguments.hone, "models", "--format", "json"], check=True, capture_output=True)
    names = [entry["name"] for entry in json.loads(listed.stdout)]
    runs = [(name, SMALL.get(name, "").split(), name) for name in names]
    if arguments.full:
        runs += [(name, [], f"{name} as it is") for name in LARGE]
    results = {}
    for name, options, title in runs:
        if arguments.only and name not in arguments.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                results[title] = check(arguments.hone, name, options, Path(folder))
            except subprocess.CalledProcessError as error:
                results[title] = {"problem": error.stderr.decode()}
            except Exception as error:  # the checker and the runtimes throw unrelated types
                results[title] = {"problem": str(error)}
        print(title, results[title], file=sys.stderr)
    print(json.dumps(results, indent=2))
    good = all(
        "problem" not in result and max(result["onnxruntime"], result.get("torch", 0)) <= 1e-4
        for result in results.values())
    sys.exit(0 if results and good else 1)


if __name__ == "__main__":
    main()
