#!/usr/bin/env python3
"""Writes what PyTorch makes of built-in models in ten steps of training, for ExactnessTests to hold Hone against.

    training_cases.py HONE OUT_DIR

HONE is the command, which writes the models; needs torch, torchvision and transformers besides requirements.txt. Each case is
a folder: `model.onnx`; `batches.npz` with `input0`, `target0` and so on of all steps; and for each optimizer an `.npz`
with `losses` and, under their names in the file, the weights and running statistics after the last step. `cases.json`
lists them with their tolerances and learning rates. Everything is computed in single precision; how far that is from
double precision is printed. A second run with the same version does nothing.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

import built_in_models

STEPS = 10
OPTIMIZERS = {
    "sgd": lambda weights, rate: torch.optim.SGD(weights, rate, momentum=0.9),
    "adamw": lambda weights, rate: torch.optim.AdamW(weights, rate),
    "rmsprop": lambda weights, rate: torch.optim.RMSprop(weights, rate),
}
RATES = {"sgd": 0.01, "adamw": 1e-3, "rmsprop": 1e-4}


class LeNet300100(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(784, 300), nn.Linear(300, 100), nn.Linear(100, 10)

    def forward(self, x):
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x.flatten(1))))))


class SmallResNet(nn.Module):
    def __init__(self, blocks):
        from torchvision.models.resnet import BasicBlock

        def stage(inputs, filters, stride):
            shortcut = nn.Sequential(nn.Conv2d(inputs, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))
            first = BasicBlock(inputs, filters, stride, shortcut if stride > 1 else None)
            return nn.Sequential(first, *[BasicBlock(filters, filters) for _ in range(blocks - 1)])

        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = stage(16, 16, 1), stage(16, 32, 2), stage(32, 64, 2)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))


class DepthwiseBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.depthwise = nn.Conv2d(64, 64, 3, padding=1, groups=64, bias=False)
        self.pointwise = nn.Conv2d(64, 64, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(64), nn.BatchNorm2d(64)

    def forward(self, x):
        return torch.relu(self.bn2(self.pointwise(torch.relu(self.bn1(self.depthwise(x))))))


class DSCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, 64, (10, 4), 2, bias=False), nn.BatchNorm2d(64)
        self.block1, self.block2, self.block3, self.block4 = [DepthwiseBlock() for _ in range(4)]
        self.fc = nn.Linear(64, 12)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(nn.functional.pad(x, (1, 1, 4, 5)))))
        return self.fc(self.block4(self.block3(self.block2(self.block1(x)))).mean((2, 3)))


def mobilenet():
    import torchvision

    return torchvision.models.mobilenet_v2(num_classes=10, dropout=0)


def small_bert():
    from transformers import BertConfig, BertForSequenceClassification

    sizes = dict(vocab_size=200, hidden_size=48, num_hidden_layers=2, num_attention_heads=12, intermediate_size=192)
    return BertForSequenceClassification(
        BertConfig(
            attn_implementation="eager", num_labels=10, pad_token_id=None, hidden_dropout_prob=0, attention_probs_dropout_prob=0, **sizes))


class Case:
    """A model, the samples of a batch, and of the way that the weights go the share that may be missed."""

    def __init__(self, name, module, batch, options="", target=None, steps=STEPS, share=1e-3, **rates):
        self.name, self.module, self.batch, self.options = name, module, batch, options.split()
        self.target, self.steps, self.share, self.rates = target, steps, share, RATES | rates

    def batches(self, model, random):
        value = model.graph.input[0]
        sizes = [self.steps, self.batch] + [size.dim_value for size in value.type.tensor_type.shape.dim[1:]]
        if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
            inputs = random.standard_normal(sizes, dtype=np.float32)
        else:
            inputs = random.integers(0, 200, sizes)
        if self.target:
            return inputs, random.standard_normal([self.steps, self.batch] + self.target, dtype=np.float32)
        return inputs, random.integers(0, 10, [self.steps, self.batch])

    def train(self, weights, multiplied, inputs, targets, optimizer, element):
        """Losses and the final state of PyTorch's module."""
        module = self.module()
        state = built_in_models.torch_state(module, weights, multiplied)
        module.load_state_dict(state, strict=False)
        module = module.to(element).train()
        steps = OPTIMIZERS[optimizer](module.parameters(), self.rates[optimizer])
        losses = []
        for x, y in zip(torch.from_numpy(inputs), torch.from_numpy(targets)):
            result = module(x.to(element) if x.is_floating_point() else x)
            result = getattr(result, "logits", result)
            if y.is_floating_point():
                loss = nn.functional.mse_loss(result, y.to(element))
            else:
                loss = nn.functional.cross_entropy(result, y)
            steps.zero_grad()
            loss.backward()
            steps.step()
            losses.append(loss.item())
        return np.array(losses), {key: value.numpy() for key, value in module.state_dict().items()}

    def write(self, hone, folder):
        folder.mkdir(parents=True)
        path = folder / "model.onnx"
        command = [hone, "models", self.name, "--output", str(path), "--quiet", *self.options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        model = onnx.load(path)
        inputs, targets = self.batches(model, np.random.default_rng(5))
        batches = {f"input{i}": value for i, value in enumerate(inputs)}
        np.savez(folder / "batches.npz", **batches, **{f"target{i}": value for i, value in enumerate(targets)})
        weights, multiplied = built_in_models.weights_of(model)
        noise = {}
        for optimizer in OPTIMIZERS:
            found = {}
            for element in (torch.float64, torch.float32):
                losses, state = self.train(weights, multiplied, inputs, targets, optimizer, element)
                found[element] = losses, built_in_models.onnx_weights(state, weights, multiplied)
            noise[optimizer] = self.difference(weights, *found.values())
            losses, trained = found[torch.float32]
            np.savez(folder / f"{optimizer}.npz", losses=losses.astype(np.float32), **trained)
        return noise

    def difference(self, weights, exact, found):
        loss = np.abs(found[0] / exact[0] - 1).max()
        largest = max(np.abs(found[1][key] - value).max() for key, value in exact[1].items())
        trained = [key for key in exact[1] if ".running_" not in key]
        missed = sum(((found[1][key] - exact[1][key]) ** 2).sum() for key in trained)
        gone = sum(((exact[1][key] - weights[key]) ** 2).sum() for key in trained)
        return f"losses {loss:.1e}, weights {largest:.1e}, of their way {(missed / gone) ** 0.5:.1e}"


# With batch normalization, rounding decides on which side of zero a unit of a deeper network is, and with it the sign of small
# gradients. Of MobileNetV2 one step can be compared: by its second, single precision has left double by more than a share.
CASES = [
    Case("mnist-net", lambda: built_in_models.counterpart("mnist-net"), 8),
    Case("lenet-300-100", LeNet300100, 8),
    Case("resnet8", lambda: SmallResNet(1), 8, share=0.1, adamw=3e-4),
    Case("ds-cnn", DSCNN, 8, "--dropout 0", share=0.1, adamw=1e-4, rmsprop=1e-5),
    Case("mobilenet-v2-96", mobilenet, 4, "--dropout 0", steps=1, share=0.1, sgd=1e-3, adamw=1e-4, rmsprop=1e-5),
    Case("lstm", lambda: built_in_models.counterpart("lstm"), 4, "--dropout 0"),
    Case("gru-forecaster", lambda: built_in_models.counterpart("gru-forecaster"), 4, "--dropout 0", target=[24]),
    Case("minilm", small_bert, 4, "--hidden 48 --layers 2 --vocabulary 200 --input 16 --dropout 0", adamw=5e-5, rmsprop=5e-5),
]


def signature() -> str:
    """What the cases depend on: PyTorch's version and these scripts."""
    scripts = [Path(__file__), Path(built_in_models.__file__)]
    return torch.__version__ + hashlib.sha256(b"".join(script.read_bytes() for script in scripts)).hexdigest()


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    hone, out = sys.argv[1], Path(sys.argv[2])
    torch.set_num_threads(1)
    if (out / "complete").exists() and (out / "complete").read_text() == signature():
        return
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for case in CASES:
        for optimizer, noise in case.write(hone, out / case.name).items():
            print(f"{case.name} {optimizer}: single from double precision, {noise}")
    table = {case.name: {"share": case.share, "rates": case.rates} for case in CASES}
    (out / "cases.json").write_text(json.dumps(table, indent=1))
    (out / "complete").write_text(signature())
    print(f"{len(CASES)} models trained by torch {torch.__version__} in {out}")


if __name__ == "__main__":
    main()
