public import HoneIR

extension MaxPool: QuantizableOp { public var quantizationRole: QuantizationRole { .carries } }
extension Reshape: QuantizableOp { public var quantizationRole: QuantizationRole { .carries } }
extension Flatten: QuantizableOp { public var quantizationRole: QuantizationRole { .carries } }
extension Squeeze: QuantizableOp { public var quantizationRole: QuantizationRole { .carries } }
extension Unsqueeze: QuantizableOp { public var quantizationRole: QuantizationRole { .carries } }
extension Transpose: QuantizableOp { public var quantizationRole: QuantizationRole { .carries } }
extension Split: QuantizableOp { public var quantizationRole: QuantizationRole { .carries } }
extension Slice: QuantizableOp { public var quantizationRole: QuantizationRole { .carries } }

extension AveragePool: QuantizableOp { public var quantizationRole: QuantizationRole { .computes } }
extension GlobalAveragePool: QuantizableOp { public var quantizationRole: QuantizationRole { .computes } }
extension Add: QuantizableOp {
  public var quantizationRole: QuantizationRole { .computes }
  public var quantizableOperands: Range<Int>? { nil }
}
extension Mul: QuantizableOp {
  public var quantizationRole: QuantizationRole { .computes }
  public var quantizableOperands: Range<Int>? { nil }
}
extension Concat: QuantizableOp {
  public var quantizationRole: QuantizationRole { .computes }
  public var quantizableOperands: Range<Int>? { nil }
}
extension Sigmoid: QuantizableOp { public var quantizationRole: QuantizationRole { .computes } }
extension LeakyRelu: QuantizableOp { public var quantizationRole: QuantizationRole { .computes } }
extension HardSigmoid: QuantizableOp { public var quantizationRole: QuantizationRole { .computes } }
extension HardSwish: QuantizableOp { public var quantizationRole: QuantizationRole { .computes } }

extension Relu: QuantizableOp { public var quantizationRole: QuantizationRole { .activates } }
extension Clip: QuantizableOp { public var quantizationRole: QuantizationRole { .activates } }
