import HoneIR

extension Catalog {
  static let quantization: [any Op.Type] = [
    ByteTable.self,
    ConvInteger.self,
    DequantizeLinear.self,
    DynamicQuantizeLinear.self,
    MatMulInteger.self,
    QLinearConv.self,
    QLinearMatMul.self,
    QLinearMatMulSum.self,
    QuantizeGradient.self,
    QuantizeLinear.self,
  ]
}
