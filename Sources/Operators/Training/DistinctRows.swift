public import HoneIR

/// The rows of a table that indices name, each once.
///
/// Results, int32: for each index, in a vector, the position of the first one that names the same row; for each of `rows`
/// rows that position, or −1 if no index names it.
public struct DistinctRows: ExecutableOp {
  public var rows = 0
  public init() {}
  public init(rows: Int) { self.rows = rows }
  public static var domain: String { NHWC.domain }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    guard let count = try call.tensor(0).elementCount else {
      throw GraphError(.dataDependent, "the sizes of the indices are not known: \(try call.tensor(0))")
    }
    return [.tensor(.int32, [count]), .tensor(.int32, [rows])]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (count, rows) = (try call.sizes(0).product, rows)
    let reader = try IndexReader(call.element(0))
    return Kernel { frame in
      let firsts = frame.result(0, as: Int32.self)
      let places = frame.result(1, as: Int32.self)
      places.update(repeating: -1, count: rows)
      for i in 0..<count {
        guard let row = reader.read(frame.operandBytes(0), i, size: rows) else {
          firsts[i] = Int32(i)
          frame.fail(.indexOutOfRange)
          continue
        }
        if places[row] < 0 { places[row] = Int32(i) }
        firsts[i] = places[row]
      }
    }
  }
}
