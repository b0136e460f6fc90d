"""Cases for operator_cases.py: operators in the form of old opsets, which Hone reads as today's."""

import numpy as np

rng = np.random.default_rng(13)


def x(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def i64(*values):
    return np.array(values, np.int64)


def cases(make):
    """`make(name, op, operands, outputs, version=…, **attributes)` makes a case."""

    def old(op, version, operands, outputs=1, suffix="", **more):
        return make(f"opset{version}_{op}{suffix}".lower(), op, operands, outputs, domain="", version=version, **more)

    four = x(2, 3, 4, 5)
    for op in ("Softmax", "LogSoftmax", "Hardmax"):
        for axis in (1, 2):
            yield old(op, 11, [four], suffix=f"_{axis}", axis=axis)
        yield old(op, 7, [four], suffix="_default")
    for op in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceL2", "ReduceLogSumExp", "ReduceProd"):
        yield old(op, 7, [four], axes=[1, 3], keepdims=0)
        yield old(op, 11, [four], axes=[-2])
        yield old(op, 7, [four], suffix="_all", keepdims=0)
    for op in ("Add", "Mul", "Sub", "Div", "Pow"):
        yield old(op, 7, [np.abs(four), x(4, 1)])
    yield old("Slice", 7, [four], starts=[0, 1], ends=[2, 9], axes=[1, 3])
    yield old("Slice", 9, [four], suffix="_negative", starts=[-2], ends=[-1], axes=[2])
    yield old("Slice", 10, [four, i64(3), i64(-9), i64(2), i64(-1)], suffix="_backwards")
    yield old("Pad", 7, [x(2, 3)], pads=[0, 1, 2, 0], value=1.5)
    yield old("Pad", 10, [x(4, 5)], suffix="_reflect", mode="reflect", pads=[1, 2, 1, 0])
    yield old("Pad", 7, [x(4, 5)], suffix="_edge", mode="edge", pads=[1, 2, 1, 0])
    yield old("Pad", 7, [x(4, 5)], suffix="_crop", pads=[-1, 0, 0, -2])
    yield old("Clip", 7, [four], min=-0.5, max=0.7)
    yield old("Clip", 10, [four], suffix="_one_side", max=0.2)
    yield old("Squeeze", 7, [x(1, 3, 1, 2)], axes=[0, 2])
    yield old("Squeeze", 11, [x(1, 3, 1, 2)], suffix="_negative", axes=[-2])
    yield old("Unsqueeze", 7, [x(3, 2)], axes=[0, 3])
    yield old("Unsqueeze", 11, [x(3, 2)], suffix="_negative", axes=[-1])
    yield old("Split", 7, [x(6, 4)], 3)
    yield old("Split", 11, [x(6, 4)], 2, suffix="_sizes", split=[1, 3], axis=1)
    yield old("Split", 13, [x(6, 4), i64(1, 5)], 2)
    yield old("TopK", 7, [x(3, 6)], 2, k=2)
    yield old("TopK", 10, [x(3, 6), i64(3)], 2, constants=(1,), axis=0)
    yield old("Upsample", 7, [x(1, 2, 3, 4)], scales=[1.0, 1.0, 2.0, 3.0], mode="nearest")
    yield old("Upsample", 7, [x(1, 2, 3, 4)], suffix="_linear", scales=[1.0, 1.0, 2.0, 2.0], mode="linear")
    yield old("Upsample", 9, [x(1, 2, 3, 4), np.array([1, 1, 2, 2], np.float32)], constants=(1,), mode="nearest")
    yield old("Resize", 10, [x(1, 2, 3, 4), np.array([1, 1, 2, 3], np.float32)], constants=(1,), mode="nearest")
    yield old("Resize", 10, [x(1, 2, 6, 4), np.array([1, 1, 0.5, 2], np.float32)], suffix="_linear", constants=(1,), mode="linear")
    sizes = [x(1, 2, 3, 4), np.zeros(0, np.float32), np.array([1, 1, 2, 2], np.float32)]
    for mode in ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel", "tf_half_pixel_for_nn"):
        kind = "nearest" if mode.startswith("tf") else "linear"
        yield old("Resize", 11, sizes, suffix=f"_{mode}", constants=(1, 2), mode=kind, coordinate_transformation_mode=mode)
    yield old("BatchNormalization", 7, [four, x(3), x(3), x(3), np.abs(x(3)) + np.float32(0.1)])
    yield old("BatchNormalization", 9, [four, x(3), x(3), x(3), np.abs(x(3)) + np.float32(0.1)], epsilon=1e-3)
    yield old("Dropout", 7, [four], ratio=0.4)
    yield old("Dropout", 10, [four], ratio=0.4)
    yield old("Gemm", 7, [x(2, 3), x(4, 3), x(4)], transB=1, alpha=0.5, beta=2.0)
    yield old("Gemm", 9, [x(3, 2), x(3, 4), x(2, 1)], transA=1)
    yield old("Reshape", 7, [four, i64(0, -1, 5)], constants=(1,))
    yield old("Scatter", 9, [x(3, 4), np.array([[0, 2], [1, 0]], np.int64), x(2, 2)], axis=0)
    yield old("ScatterElements", 11, [x(3, 4), np.array([[0, 2], [1, 0]], np.int64), x(2, 2)], axis=1)
    yield old("Gather", 7, [x(5, 3), i64(4, 0)])
    yield old("Cast", 7, [four * 10], to=7)
    yield old("Cast", 9, [np.array([0, 1, 3], np.int64)], suffix="_bool", to=9)
    yield old("Flatten", 7, [four], axis=2)
    yield old("Concat", 7, [x(2, 3), x(2, 4)], axis=1)
    yield old("MaxPool", 8, [x(1, 2, 7, 8)], kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
    yield old("AveragePool", 7, [x(1, 2, 7, 8)], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    yield old("PRelu", 7, [four, x(3, 1, 1)])
    yield old("ThresholdedRelu", 10, [four], alpha=0.3)
    yield old("ArgMax", 7, [four], axis=2, keepdims=0)
    yield old("OneHot", 9, [i64(2, 0), np.array(4, np.int64), np.array([0, 1], np.float32)], constants=(1,))
    yield old("Where", 9, [four > 0, four, x(5)])
    yield old("Expand", 8, [x(3, 1), i64(2, 3, 4)], constants=(1,))
    yield old("Tile", 7, [x(2, 3), i64(2, 2)], constants=(1,))
    yield old("QuantizeLinear", 10, [four, np.float32(0.05), np.uint8(100)])
    yield old("DequantizeLinear", 10, [rng.integers(0, 255, (3, 4)).astype(np.uint8), np.float32(0.05), np.uint8(100)])
    yield old("InstanceNormalization", 7, [four, x(3), x(3)])
    yield old("Sum", 8, [four, x(5), x(4, 1)])
    yield old("Max", 8, [four, x(5)])
    yield old("Mean", 8, [four, x(4, 1)])
    yield old("Equal", 7, [i64(1, 2), i64(1, 3)])
    yield old("Greater", 7, [four, x(5)])
    for op in ("Relu", "Elu", "Selu", "HardSigmoid", "Softplus", "Softsign", "LeakyRelu", "Erf"):
        yield old(op, 9, [four])
