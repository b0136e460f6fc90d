#!/usr/bin/env python3
"""Writes every node test case of the installed `onnx` package as files.

    node_cases.py OUT_DIR

    OUT_DIR/<case>/model.onnx
    OUT_DIR/<case>/test_data_set_0/input_0.pb … output_0.pb …     input_k is the k-th input of the graph
    OUT_DIR/tolerances.json                                        case → {"rtol": …, "atol": …}, relative to the expected value
    OUT_DIR/complete                                               the version of `onnx`; a second run sees it and does nothing

The tolerances are those the suite applies; it compares bfloat16 outputs with two units in the last place.
"""

import json
import shutil
import sys
import warnings
from pathlib import Path

import onnx
from onnx.backend.test.loader import load_model_tests

import test_data

BFLOAT16_RTOL = 2**-6


def tolerances(case) -> dict:
    kinds = {value.type.tensor_type.elem_type for value in case.model.graph.output}
    rtol = max(case.rtol, BFLOAT16_RTOL) if onnx.TensorProto.BFLOAT16 in kinds else case.rtol
    return {"rtol": rtol, "atol": case.atol}


def write_case(case, folder: Path) -> None:
    graph = case.model.graph
    folder.mkdir()
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    for k, (inputs, outputs) in enumerate(case.data_sets):
        data = folder / f"test_data_set_{k}"
        data.mkdir()
        for role, declared, values in ("input", graph.input, inputs), ("output", graph.output, outputs):
            for i, (info, value) in enumerate(zip(declared, values, strict=True)):
                test_data.write(data / f"{role}_{i}.pb", value, info.type, info.name)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = Path(sys.argv[1])
    stamp = out / "complete"
    if stamp.exists() and stamp.read_text().strip() == onnx.__version__:
        return
    stamp.unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    for stale in out.glob("test_*"):
        shutil.rmtree(stale)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some cases overflow and divide by zero on purpose
        cases = load_model_tests(kind="node")
    for case in cases:
        write_case(case, out / case.name)
    table = {case.name: tolerances(case) for case in cases}
    (out / "tolerances.json").write_text(json.dumps(table, indent=1, sort_keys=True))
    stamp.write_text(onnx.__version__ + "\n")
    print(f"{len(cases)} node test cases of onnx {onnx.__version__} in {out}")


if __name__ == "__main__":
    main()
