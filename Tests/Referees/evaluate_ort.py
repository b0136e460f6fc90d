#!/usr/bin/env python3
"""The accuracy of a classifier in ONNX Runtime on the test images of an IDX folder (MNIST and its kin).

    evaluate_ort.py MODEL IDX_DIR [--threads N] [--batch N]

Pixels are prepared as the model's own metadata says (`hone.preprocessing`). Prints {"accuracy": …, "samples": …}.
"""

import argparse
import gzip
import json
from pathlib import Path

import numpy as np
import onnxruntime


def read_idx(path: Path) -> np.ndarray:
    """An IDX file of bytes, compressed or not."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    shape = np.frombuffer(data, ">i4", data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def load(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images [n, height, width] and labels [n]; `part` is `train` or `t10k`."""
    images, labels = (next(folder.glob(f"{part}-{kind}-ubyte*")) for kind in ("images-idx3", "labels-idx1"))
    return read_idx(images), read_idx(labels)


def prepare(images: np.ndarray, metadata: dict) -> np.ndarray:
    """Grey images [n, height, width] as the model wants them, by its declared preprocessing."""
    declared = json.loads(metadata["hone.preprocessing"])
    pixels = images.astype(np.float32)
    for step in declared["steps"]:
        match step:
            case {"scale": factor}:
                pixels = pixels * np.float32(factor)
            case {"normalize": {"mean": [mean], "std": [std]}}:
                pixels = (pixels - np.float32(mean)) / np.float32(std)
            case _:
                raise ValueError(f"preprocessing step {step} is not for grey images")
    return np.expand_dims(pixels, {"NCHW": 1, "NHWC": 3}[declared["layout"]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("data", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=250)
    options = parser.parse_args()

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(options.model, settings, providers=["CPUExecutionProvider"])
    images, labels = load(options.data, "t10k")
    pixels = prepare(images, session.get_modelmeta().custom_metadata_map)
    name = session.get_inputs()[0].name
    starts = range(0, len(pixels), options.batch)
    answers = [session.run(None, {name: pixels[i : i + options.batch]})[0].argmax(axis=1) for i in starts]
    print(json.dumps({"accuracy": float((np.concatenate(answers) == labels).mean()), "samples": len(labels)}))


if __name__ == "__main__":
    main()
