#!/usr/bin/env python3
"""Runs a trained model in ONNX Runtime and compares with the outputs that Hone gave.

    trained_model.py FOLDER TEST_DATA_SET

FOLDER holds model.onnx and output_k.npy for those of its outputs that are compared; TEST_DATA_SET holds the inputs by name
(those that the model has). Prints one JSON object of deviations as compare.py does; exit 0 if all match, else 1.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnx

import compare
import test_data


def inputs(path: Path, folder: Path) -> dict[str, np.ndarray]:
    """By the names of the original model beside the test data, whose inputs the trained one may lack."""
    declared = onnx.load(folder.parent / "model.onnx", load_external_data=False)
    kept = {value.name for value in test_data.free_inputs(onnx.load(path, load_external_data=False))}
    return {name: value for name, value in test_data.inputs(declared, folder).items() if name in kept}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("test_data", type=Path)
    options = parser.parse_args()
    path = options.folder / "model.onnx"
    report = {"checker": compare.checker_complaint(path), "outputs": {}}
    matches = [report["checker"] is None]
    try:
        session = compare.session(path)
        names = [output.name for output in session.get_outputs()]
        actual = session.run(names, inputs(path, options.test_data))
        files = sorted(options.folder.glob("output_*.npy"))
        matches.append(bool(files))
        for file in files:
            i = int(file.stem.removeprefix("output_"))
            deviation, match = compare.difference(np.load(file), actual[i], 1e-3, 1e-4, 0.01)
            report["outputs"][names[i]] = deviation
            matches.append(match)
    except Exception as error:  # whatever ONNX Runtime throws when it refuses a model or an input
        report["error"] = str(error)
        matches.append(False)
    print(json.dumps(report))
    sys.exit(0 if all(matches) else 1)


if __name__ == "__main__":
    main()
