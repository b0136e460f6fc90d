#!/usr/bin/env python3
"""Trains the example's convolutional network on Fashion-MNIST and writes it as ONNX.

    pip install torch numpy onnx
    python train.py --data /usr/share/datasets/fashion-mnist --output model.onnx

About five minutes on two CPU cores. The number of epochs is fixed beforehand: the test set is looked at once, at the end.
"""

import argparse
import gzip
import json
import time
from collections import OrderedDict
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional as F

MEAN, STD = 0.2860, 0.3530
CLASSES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
PREPROCESSING = {"layout": "NCHW", "steps": [{"scale": 1 / 255}, {"normalize": {"mean": [MEAN], "std": [STD]}}]}


def read_idx(path: Path) -> np.ndarray:
    """An IDX file of bytes, compressed or not."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rank = data[3]
    shape = np.frombuffer(data, ">i4", rank, offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load(folder: Path, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalized images [n, 1, 28, 28] and labels [n]."""
    def find(kind: str) -> Path:
        return next(folder.glob(f"{part}-{kind}-ubyte*"))

    images = torch.from_numpy(read_idx(find("images-idx3")).astype(np.float32) / 255)
    labels = torch.from_numpy(read_idx(find("labels-idx1")).astype(np.int64))
    return ((images - MEAN) / STD).unsqueeze(1), labels


def convolution(inputs: int, outputs: int, stride: int = 1, relu: bool = True) -> nn.Sequential:
    layers = {"conv": nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), "norm": nn.BatchNorm2d(outputs)}
    return nn.Sequential(OrderedDict(layers | ({"relu": nn.ReLU()} if relu else {})))


class Residual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = convolution(channels, channels, relu=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x + self.second(self.first(x)))


def network() -> nn.Module:
    layers = {
        "stem": convolution(1, 16),  # 28×28
        "reduce1": convolution(16, 32, stride=2),  # 14×14
        "residual1": Residual(32),
        "reduce2": convolution(32, 64, stride=2),  # 7×7
        "residual2": Residual(64),
        "widen": convolution(64, 128),
        "pool": nn.AdaptiveAvgPool2d(1),
        "flatten": nn.Flatten(),
        "classify": nn.Linear(128, len(CLASSES)),
    }
    return nn.Sequential(OrderedDict(layers))


def augment(images: torch.Tensor) -> torch.Tensor:
    """Each image shifted by up to two pixels and mirrored half of the time."""
    n, size = len(images), images.shape[-1]
    padded = F.pad(images, (2, 2, 2, 2), value=-MEAN / STD)[:, 0]
    offsets = torch.randint(0, 5, (2, n, 1))
    rows, columns = offsets + torch.arange(size)
    columns = torch.where(torch.rand(n, 1) < 0.5, columns, columns.flip(1))
    return padded[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]].unsqueeze(1)


def train(model: nn.Module, images: torch.Tensor, labels: torch.Tensor, epochs: int, batch: int) -> None:
    steps = len(images) // batch
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.2, total_steps=epochs * steps, pct_start=0.25)
    for epoch in range(epochs):
        start, total = time.time(), 0.0
        model.train()
        for chosen in torch.randperm(len(images))[: steps * batch].split(batch):
            loss = F.cross_entropy(model(augment(images[chosen])), labels[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}/{epochs}  loss {total / steps:.4f}  {time.time() - start:.0f} s", flush=True)


@torch.no_grad()
def accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    model.eval()
    answers = torch.cat([model(part).argmax(1) for part in images.split(500)])
    return (answers == labels).float().mean().item()


def export(model: nn.Module, path: Path) -> None:
    """Inference mode, nothing folded: BatchNormalization stays a node, so that Hone has it to fold."""
    torch.onnx.export(
        model.eval(), (torch.zeros(1, 1, 28, 28),), str(path), dynamo=False, opset_version=17,
        training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
        input_names=["image"], output_names=["logits"], dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}})
    exported = onnx.load(path)
    onnx.helper.set_model_props(
        exported, {"hone.preprocessing": json.dumps(PREPROCESSING), "hone.classes": json.dumps(CLASSES)})
    onnx.checker.check_model(exported, full_check=True)
    onnx.save(exported, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("model.onnx"))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    model = network().to(memory_format=torch.channels_last)
    train(model, *load(options.data, "train"), options.epochs, options.batch)
    print(f"test accuracy {accuracy(model, *load(options.data, 't10k')):.4f}")
    export(model.to(memory_format=torch.contiguous_format), options.output)
    print(f"{options.output}: {options.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
