"""The inputs a model is measured with: the same arrays for every engine."""

import sys
from pathlib import Path

import numpy as np
import onnx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests" / "Referees"))
import test_data  # noqa: E402

SEED = 1


def random_value(declared: onnx.ValueInfoProto, sizes: dict[str, int], random: np.random.Generator) -> np.ndarray:
    """Normal noise for floats; zeros and ones for the rest, which are valid as indices, token numbers and masks."""
    kind = declared.type.tensor_type
    shape = [axis.dim_value or sizes.get(axis.dim_param, 1) for axis in kind.shape.dim]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
    if dtype == object:
        raise ValueError(f"input {declared.name}: no random strings, give a test_data_set_0")
    values = random.standard_normal(shape) if np.issubdtype(dtype, np.floating) else random.integers(0, 2, shape)
    return np.asarray(values, dtype)


def load(model_path: Path, inputs: Path | None, sizes: dict[str, int]) -> dict[str, np.ndarray]:
    """From a test_data_set_* folder or an .npz, else seeded random ones; symbolic sizes not in `sizes` are 1."""
    model = onnx.load(model_path, load_external_data=False)
    if inputs is None:
        random = np.random.default_rng(SEED)
        return {value.name: random_value(value, sizes, random) for value in test_data.free_inputs(model)}
    if inputs.is_dir():
        return test_data.inputs(model, inputs)
    with np.load(inputs) as arrays:
        return dict(arrays)
