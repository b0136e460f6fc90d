public import HoneIR

/// Rows back in their places, and zeros in the others.
///
/// Operands: rows `[rows, …]`, and the places `[batch, length]` that `ValidRows` gives. The result is `[batch, length, …]`.
/// Made by lowering and never exported.
public struct RestorePadding: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let rows = try call.tensor(0)
    guard try call.element(1) == .int32, let places = try call.shape(1), places.count == 2 else {
      throw GraphError(.type, "the places must be an int32 matrix: \(try call.tensor(1))")
    }
    guard let shape = rows.shape, !shape.isEmpty else { return [.tensor(rows.with(shape: nil))] }
    return [.tensor(rows.with(shape: places + shape.dropFirst()))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (sizes, places) = (try call.sizes(0), try call.sizes(1))
    let element = try call.element(0)
    guard element != .string, element.bitWidth % 8 == 0 else { throw .unsupported(element) }
    let row = sizes.dropFirst().reduce(element.byteWidth, *)
    let (rowCount, count) = (sizes[0], places[0] * places[1])
    let part = min(max((1 << 16) / max(row, 1), 1), max(count, 1))
    return Kernel(tasks: (count + part - 1) / part) { frame, range in
      let places = frame.operand(1, as: Int32.self)
      for place in range.lowerBound * part..<min(range.upperBound * part, count) {
        let target = frame.resultBytes() + place * row
        let source = Int(places[place])
        if source >= rowCount { return frame.fail(.indexOutOfRange) }
        if source < 0 {
          target.initializeMemory(as: UInt8.self, repeating: 0, count: row)
        } else {
          target.copyMemory(from: frame.operandBytes(0) + source * row, byteCount: row)
        }
      }
    }
  }
}
