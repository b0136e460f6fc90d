"""Reads and writes test_data_set_* folders, the layout of the ONNX backend tests."""

import re
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper


def free_inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The inputs that a caller gives: old models list their initializers among the graph's inputs too."""
    initializers = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in initializers]


def read(path: Path, kind: onnx.TypeProto):
    """One input_k.pb or output_k.pb: an array, a list (sequence), or None (an empty optional)."""
    data = path.read_bytes()
    if kind.HasField("sequence_type"):
        return numpy_helper.to_list(onnx.SequenceProto.FromString(data))
    if kind.HasField("optional_type"):
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(data))
    if kind.HasField("tensor_type"):
        return numpy_helper.to_array(onnx.TensorProto.FromString(data))
    raise ValueError(f"{path}: values of type {kind.WhichOneof('value')} have no file format")


def write(path: Path, value, kind: onnx.TypeProto, name: str) -> None:
    if isinstance(value, onnx.TensorProto):
        proto = value
    elif kind.HasField("sequence_type"):
        proto = numpy_helper.from_list(value, name)
    elif kind.HasField("optional_type"):
        proto = numpy_helper.from_optional(value, name)
    elif kind.HasField("tensor_type"):
        proto = numpy_helper.from_array(np.asarray(value), name)
    else:
        raise ValueError(f"{path}: values of type {kind.WhichOneof('value')} have no file format")
    path.write_bytes(proto.SerializeToString())


def inputs(model: onnx.ModelProto, folder: Path) -> dict:
    """The inputs in a test_data_set_* folder by name. input_k belongs to the k-th free input; a gap is an absent input."""
    values = free_inputs(model)
    found = {}
    for path in folder.glob("input_*.pb"):
        value = values[int(re.fullmatch(r"input_(\d+)", path.stem)[1])]
        found[value.name] = read(path, value.type)
    return found


def folders(path: Path) -> list[Path]:
    """The test_data_set_* folders in `path`, or `path` itself if it is one."""
    return sorted(path.glob("test_data_set_*")) or [path]
