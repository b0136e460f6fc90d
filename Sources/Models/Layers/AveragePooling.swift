public import HoneIR
import HoneOperators

/// The mean of each window of `[batch, channels, height, width]`; windows lie side by side.
public struct AveragePooling: Layer {
  public var kernel: [Int]

  public init(_ kernel: Int) { self.kernel = [kernel, kernel] }
  public init(kernel: [Int]) { self.kernel = kernel }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    var op = AveragePool()
    (op.kernel_shape, op.strides) = (kernel, kernel)
    return try network.apply(op, x)
  }
}
