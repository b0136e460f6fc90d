#!/usr/bin/env python3
"""Exports well-known architectures with seeded random weights, as users of PyTorch would.

    models.py OUT_DIR [NAME…]

Each becomes OUT_DIR/<name>/model.onnx: opset 17, dynamic batch, batch-norm statistics made plausible by a few batches of noise.
Nothing is downloaded, and what the networks answer means nothing: use them for speed, memory and rewriting, not for accuracy.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

SEED = 1
TOKENS = 128


def export(model: nn.Module, example: dict[str, torch.Tensor], output: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        model, tuple(example.values()), str(folder / "model.onnx"), dynamo=False, opset_version=17,
        input_names=list(example), output_names=[output],
        dynamic_axes={name: {0: "batch"} for name in [*example, output]})


def image_network(name: str) -> tuple[nn.Module, dict[str, torch.Tensor], str]:
    import torchvision

    model = getattr(torchvision.models, name)(weights=None)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # a plain average over the batches
    with torch.no_grad():
        for _ in range(4):
            model.train()(torch.randn(4, 3, 224, 224))
    return model, {"image": torch.randn(1, 3, 224, 224)}, "logits"


def bert_base(name: str) -> tuple[nn.Module, dict[str, torch.Tensor], str]:
    from transformers import BertConfig, BertModel

    class LastHiddenState(nn.Module):
        def __init__(self):
            super().__init__()
            self.bert = BertModel(BertConfig(), add_pooling_layer=False).eval()

        def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            return self.bert(input_ids=tokens, attention_mask=mask).last_hidden_state

    example = {"input_ids": torch.randint(0, 30000, (1, TOKENS)), "attention_mask": torch.ones(1, TOKENS, dtype=torch.long)}
    return LastHiddenState(), example, "last_hidden_state"


# Each gives the network, an example of its inputs, and the name of its output.
MODELS: dict[str, Callable[[str], tuple[nn.Module, dict[str, torch.Tensor], str]]] = {
    "resnet50": image_network,
    "mobilenet_v2": image_network,
    "efficientnet_b0": image_network,
    "shufflenet_v2_x1_0": image_network,
    "bert_base": bert_base,
}


def build(name: str) -> tuple[nn.Module, dict[str, torch.Tensor], str]:
    """The network `name` in evaluation mode, always with the same weights."""
    torch.manual_seed(SEED)
    model, example, output = MODELS[name](name)
    return model.eval(), example, output


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", default=list(MODELS), metavar="NAME", help=", ".join(MODELS))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    for name in options.names:
        export(*build(name), options.out / name)
        size = sum(file.stat().st_size for file in (options.out / name).iterdir())
        print(f"{name}: {size / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main()
