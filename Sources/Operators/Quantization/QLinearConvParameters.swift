import HoneIR
import HoneKernels

/// Scales and zero points of a quantized convolution that are constants.
struct QLinearConvParameters: Sendable {
  let x: ByteType
  let epilogue: IntegerEpilogue
  private let scales: [Float]
  private let hasBias: Bool
  private let residual: Int?

  /// Operands as in `QLinearConv`; a residual is followed by its scale and zero point and, if the sum is rounded before
  /// the residual is added, by scale and zero point of that. Nil if some depend on data.
  init?(
    _ call: Call, filters: Int, activation: Activation = .none, residual: Int? = nil
  ) throws(GraphError) {
    guard let xScale = call.known(1), let wScale = call.known(4), let yScale = call.known(6), let yZero = call.known(7),
      xScale.elementCount == 1, yScale.elementCount == 1, yZero.elementCount == 1
    else { return nil }
    guard wScale.elementCount == 1 || wScale.elementCount == filters else {
      throw GraphError(.type, "\(wScale.elementCount) scales do not fit \(filters) filters")
    }
    x = try ByteType(try call.element(0))
    hasBias = call.has(8)
    self.residual = residual
    var addend = IntegerEpilogue.Residual.none
    if let residual {
      guard let scale = call.known(residual + 1), let zero = call.known(residual + 2) else { return nil }
      addend = .quantized(try ByteType(zero.element), scale: scale.floats[0], zero: Int32(zero.integers[0]))
    }
    var inner: ByteGrid?
    if let residual, call.has(residual + 3) {
      guard let zero = call.known(residual + 4),
        let grid = try call.grid(zero.element, scale: residual + 3, zero: residual + 4)
      else { return nil }
      inner = grid
    }
    // Without anything between scaling and quantizing, one factor does both, as other runtimes round.
    let isDirect = activation == .none && residual == nil
    let (input, output) = (xScale.floats[0], yScale.floats[0])
    let step = inner?.scale ?? (isDirect ? output : 1)
    scales = wScale.floats.map { step == 1 ? input * $0 : input * $0 / step }
    epilogue = IntegerEpilogue(
      result: .quantized(
        try ByteType(yZero.element), scale: isDirect ? 1 : 1 / output, zero: Int32(yZero.integers[0])),
      activation: activation, scalePerColumn: scales.count > 1, residual: addend, inner: inner)
  }

  func withOperands(_ frame: borrowing Frame, _ body: (Int32, IntegerEpilogueOperands) -> Void) {
    let zero = frame.byte(2, x, 0)
    let bias = hasBias ? frame.operand(8, as: Int32.self) : nil
    let addend = residual.map { frame.operandBytes($0) }
    scales.withUnsafeBufferPointer {
      body(zero, IntegerEpilogueOperands(scale: $0.baseAddress, integerBias: bias, residual: addend))
    }
  }
}
