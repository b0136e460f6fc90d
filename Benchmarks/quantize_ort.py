#!/usr/bin/env python3
"""Quantizes a model with ONNX Runtime's own quantizer: quantize_ort.py MODEL DATA.npz OUT [METHOD]

METHOD is MinMax (default), Entropy, Percentile or Distribution. Q/DQ, int8 weights per channel, one sample per run. DATA holds
one array named like the model's input; samples are read one at a time, so that memory is the quantizer's own.
"""

import sys
import zipfile
from collections.abc import Iterator

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static


def samples(path: str) -> Iterator[dict[str, np.ndarray]]:
    with zipfile.ZipFile(path) as archive:
        (member,) = archive.namelist()
        with archive.open(member) as file:
            np.lib.format.read_magic(file)
            (count, *shape), _, dtype = np.lib.format.read_array_header_1_0(file)
            for _ in range(count):
                data = file.read(int(np.prod(shape)) * dtype.itemsize)
                yield {member.removesuffix(".npy"): np.frombuffer(data, dtype).reshape(1, *shape)}


class Reader(CalibrationDataReader):
    def __init__(self, path: str):
        self.samples = samples(path)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.samples, None)


def main() -> None:
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    model, data, out, *method = sys.argv[1:]
    quantize_static(
        model, out, Reader(data), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod[method[0] if method else "MinMax"])


if __name__ == "__main__":
    main()
