"""Steps of training by Hone beside PyTorch's, in turn, on random data.

    python3 Benchmarks/training.py --hone .build/release/hone --threads 2 --rounds 3

Each round runs every model once by each engine, in a process of its own; the table has the median of the rounds' medians,
the ratio PyTorch eager / Hone, and the largest peak memory. --compile adds torch.compile. Needs torch, torchvision and
transformers (Benchmarks/requirements.txt).
"""

import argparse
import json
import statistics
import subprocess
import sys

MODELS = {
    "mnist-net": (64, "sgd"),
    "resnet18-cifar": (32, "sgd"),
    "mobilenet-v2-96": (32, "sgd"),
    "minilm": (16, "adamw"),
    "lstm": (64, "sgd"),
}


def torch_model(name, batch):
    import torch
    from torch import nn
    import torch.nn.functional as F

    labels = torch.randint(0, 10, (batch,))
    if name == "mnist-net":

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv1, self.conv2 = nn.Conv2d(1, 10, 5), nn.Conv2d(10, 20, 5)
                self.fc1, self.fc2 = nn.Linear(320, 50), nn.Linear(50, 10)

            def forward(self, x):
                x = F.relu(F.max_pool2d(self.conv1(x), 2))
                x = F.relu(F.max_pool2d(self.conv2(x), 2))
                return self.fc2(F.relu(self.fc1(x.flatten(1))))

        return Net(), torch.randn(batch, 1, 28, 28), labels
    if name == "lstm":

        class Recurrent(nn.Module):
            def __init__(self):
                super().__init__()
                self.lstm, self.fc = nn.LSTM(7, 64, 2, batch_first=True), nn.Linear(64, 10)

            def forward(self, x):
                return self.fc(self.lstm(x)[0][:, -1])

        return Recurrent(), torch.randn(batch, 96, 7), labels
    if name == "minilm":
        from transformers import BertConfig, BertForSequenceClassification

        bert = BertForSequenceClassification(
            BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, num_labels=10)
        )

        class Classifier(nn.Module):
            def __init__(self):
                super().__init__()
                self.bert = bert

            def forward(self, x):
                return self.bert(input_ids=x).logits

        return Classifier(), torch.randint(0, 30522, (batch, 64)), labels
    import torchvision

    if name == "resnet18-cifar":
        model = torchvision.models.resnet18(num_classes=10)
        model.conv1, model.maxpool = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity()
        return model, torch.randn(batch, 3, 32, 32), labels
    return torchvision.models.mobilenet_v2(num_classes=10), torch.randn(batch, 3, 96, 96), labels


def run_torch(name, threads, duration, compiles):
    """One process: prints the median step and the peak memory."""
    import resource
    import time

    import torch

    torch.set_num_threads(threads)
    batch, optimizer = MODELS[name]
    model, x, labels = torch_model(name, batch)
    model.train()
    steps = torch.optim.AdamW(model.parameters(), 1e-5) if optimizer == "adamw" else torch.optim.SGD(model.parameters(), 1e-5)
    forward = torch.compile(model) if compiles else model

    def step():
        steps.zero_grad()
        torch.nn.functional.cross_entropy(forward(x), labels).backward()
        steps.step()

    for _ in range(3):
        step()
    times, end = [], time.perf_counter() + duration
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"step_ms": statistics.median(times), "peak_memory_mb": peak}))


def measure(arguments, engine, name):
    batch, optimizer = MODELS[name]
    if engine == "hone":
        command = [arguments.hone, "benchmark", "--train", name, "--batch", str(batch), "--optimizer", optimizer]
        command += ["--threads", str(arguments.threads), "--duration", str(arguments.duration), "--format", "json"]
    else:
        command = [sys.executable, __file__, "--torch", name, "--threads", str(arguments.threads)]
        command += ["--duration", str(arguments.duration)] + (["--compile"] if engine == "compiled" else [])
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hone", default=".build/release/hone")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--duration", type=float, default=2)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--torch", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.torch:
        return run_torch(arguments.torch, arguments.threads, arguments.duration, arguments.compile)
    engines = ["hone", "eager"] + (["compiled"] if arguments.compile else [])
    runs = {name: {engine: [] for engine in engines} for name in arguments.models}
    for _ in range(arguments.rounds):
        for name in arguments.models:
            for engine in engines:
                runs[name][engine].append(measure(arguments, engine, name))
    print(f"{'step':18}{'Hone ms':>10}{'eager ms':>10}{'ratio':>8}" + f"{'compiled':>10}" * arguments.compile + f"{'MB':>8}{'eager':>8}")
    table = {}
    for name, engine_runs in runs.items():
        times = {e: statistics.median(r["step_ms"] for r in engine_runs[e]) for e in engines}
        peaks = {e: max(r["peak_memory_mb"] for r in engine_runs[e]) for e in engines}
        table[name] = {"step_ms": times, "peak_memory_mb": peaks, "ratio": times["eager"] / times["hone"]}
        compiled = f"{times['compiled']:10.2f}" if arguments.compile else ""
        print(
            f"{name:18}{times['hone']:10.2f}{times['eager']:10.2f}{times['eager'] / times['hone']:8.2f}{compiled}"
            f"{peaks['hone']:8.0f}{peaks['eager']:8.0f}"
        )
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(table, file, indent=1)


if __name__ == "__main__":
    main()
