import HoneIR
import HoneKernels

/// A convolution over channels-last data whose weights `[kernel…, C/group, M]` may change from run to run, or one of its
/// gradients.
protocol TrainedConvolutionOp: ExecutableOp, WindowOp, DifferentiableOp {
  var auto_pad: AutoPad { get set }
  var dilations: [Int] { get set }
  var group: Int { get set }
  var kernel_shape: [Int] { get set }
  var pads: [Int] { get set }
  var strides: [Int] { get set }
}

extension TrainedConvolutionOp {
  /// Takes the window's attributes from another operator over the same window.
  mutating func takeWindow(of op: some WindowOp, group: Int) {
    (auto_pad, dilations, self.group) = (op.auto_pad, op.dilations, group)
    (kernel_shape, pads, strides) = (op.kernel_shape, op.pads, op.strides)
  }

  /// The convolution of `[N, …, C]` by `[kernel…, C/group, M]`.
  func shape(x: [Int], w: [Int], _ call: Call) throws(GraphError) -> ConvolutionShape {
    let rank = w.count
    guard rank >= 3, x.count == rank else { throw GraphError(.type, "\(x) and \(w) do not fit a convolution") }
    let sizes = try convolutionSizes(
      NHWC.toFirst(x), [w[rank - 1], w[rank - 2]] + w.dropLast(2), group: group, call)
    guard !sizes.isEmpty, sizes.channels > 0 else { throw GraphError(.unsupported, "has no kernel for empty operands") }
    return sizes.channelsLast(batch: sizes.batch)
  }

  func requireFloat(_ call: Call) throws(GraphError) {
    guard try call.element(0) == .float32, try call.element(1) == .float32 else {
      throw .unsupported(try call.element(0))
    }
  }
}

/// The permutations between weights of ONNX order `[M, C/group, kernel…]` and `[kernel…, C/group, M]`.
public enum WeightOrder {
  public static func toTrained(rank: Int) -> [Int] { Array(2..<rank) + [1, 0] }
  public static func toONNX(rank: Int) -> [Int] { [rank - 1, rank - 2] + Array(0..<rank - 2) }
}
