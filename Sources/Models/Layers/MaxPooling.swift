public import HoneIR
import HoneOperators

/// The largest of each square window of `[batch, channels, height, width]`; the stride is the window unless given.
public struct MaxPooling: Layer {
  public var kernel: Int
  public var stride: Int
  public var padding: Int

  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0) {
    (self.kernel, self.stride, self.padding) = (kernel, stride ?? kernel, padding)
  }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    var op = MaxPool()
    (op.kernel_shape, op.strides) = ([kernel, kernel], [stride, stride])
    op.pads = Array(repeating: padding, count: 4)
    return try network.apply(op, x)
  }
}
