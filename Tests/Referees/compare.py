#!/usr/bin/env python3
"""Runs two models in ONNX Runtime on the same inputs and reports how far their outputs lie apart.

    compare.py ORIGINAL REWRITTEN TEST_DATA_DIR…

TEST_DATA_DIR is a test_data_set_* folder or holds some. REWRITTEN must also pass onnx.checker. Prints one JSON object:

    {"match": true, "checker": null, "outputs": {"logits": {"deviation": 1.2e-07, "match": true}}}

`deviation` is the largest |rewritten − original| over the sets, divided by the output's scale, the largest finite |original|.
An output matches if everywhere |rewritten − original| ≤ rtol·|original| + atol·scale; strings, booleans, types and shapes must
be equal. Scales below `--floor` count as that: a sigmoid that is 1e-7 throughout is rounding, not a result. `deviation` is null where the two cannot be subtracted, with a reason in `problem`. Exit 0 if all match, else 1.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

import test_data


class Different(Exception):
    """The two values cannot be subtracted: other type, shape, length, or finite against not finite."""


def leaves(value) -> list[np.ndarray]:
    """The arrays of an output: sequences and maps are flattened, an empty optional is none."""
    if value is None:
        return []
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    if isinstance(value, dict):
        return [np.array(list(value.keys())), np.array(list(value.values()))]
    return [np.asarray(value)]


def difference(expected: np.ndarray, actual: np.ndarray, rtol: float, atol: float, floor: float) -> tuple[float, bool]:
    """The deviation relative to the scale, and whether it is within the tolerances."""
    if (expected.dtype, expected.shape) != (actual.dtype, actual.shape):
        raise Different(f"{expected.dtype}{list(expected.shape)} became {actual.dtype}{list(actual.shape)}")
    if expected.dtype.kind in "OUSb":
        if not np.array_equal(expected, actual):
            raise Different("values differ")
        return 0.0, True
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    expected, actual = expected.astype(wide), actual.astype(wide)
    finite = np.isfinite(expected)
    if not np.array_equal(expected[~finite], actual[~finite], equal_nan=True) or not np.isfinite(actual[finite]).all():
        raise Different("infinities or NaN differ")
    size, distance = np.abs(expected[finite]), np.abs(actual[finite] - expected[finite])
    if size.size == 0:
        return 0.0, True
    scale = size.max()
    if scale == 0 and distance.max() > atol * floor:
        raise Different("the original is zero throughout, the other is not")
    deviation = distance.max() / scale if scale > 0 else 0.0
    return float(deviation), bool((distance <= rtol * size + atol * max(scale, floor)).all())


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def checker_complaint(path: Path) -> str | None:
    try:
        onnx.checker.check_model(str(path))
    except Exception as error:  # the checker throws several unrelated types
        return str(error)
    return None


def compare(original: Path, rewritten: Path, folders: list[Path], rtol: float, atol: float, floor: float) -> dict:
    declared = onnx.load(original, load_external_data=False)
    first, second = session(original), session(rewritten)
    names = [output.name for output in first.get_outputs()]
    missing = set(names) - {output.name for output in second.get_outputs()}
    kept = {value.name for value in second.get_inputs()}
    outputs = {name: {"deviation": 0.0, "match": True} for name in names}
    for name in missing:
        outputs[name] = {"deviation": None, "match": False, "problem": "not an output of the rewritten model"}
    compared = [name for name in names if name not in missing]
    for folder in folders:
        inputs = test_data.inputs(declared, folder)
        expected = first.run(compared, inputs)
        actual = second.run(compared, {name: value for name, value in inputs.items() if name in kept})
        for name, one, other in zip(compared, expected, actual):
            entry = outputs[name]
            try:
                one, other = leaves(one), leaves(other)
                if len(one) != len(other):
                    raise Different(f"{len(one)} values became {len(other)}")
                for a, b in zip(one, other):
                    deviation, match = difference(a, b, rtol, atol, floor)
                    if entry["deviation"] is not None:
                        entry["deviation"] = max(entry["deviation"], deviation)
                    entry["match"] &= match
            except Different as reason:
                entry.update(deviation=None, match=False, problem=f"{folder.name}: {reason}")
    return outputs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("original", type=Path)
    parser.add_argument("rewritten", type=Path)
    parser.add_argument("test_data", type=Path, nargs="+")
    parser.add_argument("--rtol", type=float, default=1e-3)
    parser.add_argument("--atol", type=float, default=1e-4, help="in units of the output's scale")
    parser.add_argument("--floor", type=float, default=0.0, help="smaller scales count as this one")
    options = parser.parse_args()

    folders = [folder for path in options.test_data for folder in test_data.folders(path)]
    report = {"match": False, "checker": checker_complaint(options.rewritten), "outputs": {}}
    try:
        report["outputs"] = compare(options.original, options.rewritten, folders, options.rtol, options.atol, options.floor)
    except Exception as error:  # whatever ONNX Runtime throws when it refuses a model or an input
        report["error"] = str(error)
    matches = [output["match"] for output in report["outputs"].values()]
    report["match"] = report["checker"] is None and "error" not in report and all(matches)
    print(json.dumps(report))
    sys.exit(0 if report["match"] else 1)


if __name__ == "__main__":
    main()
