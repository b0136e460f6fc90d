public import HoneIR

/// Where a mask `[batch, length]` of 0 and 1 is 1, as rows of a matrix without the padding.
///
/// Results, all int32: the places in the mask, counted row by row, of the rows; their positions in their samples; their
/// samples; `[batch + 1]` offsets, sample i having rows `offset[i]..<offset[i + 1]`; and `[batch, length]` rows of the places,
/// −1 where the mask is 0. There are some rows more than ones, so that plans serve batches of nearly the same size: they
/// stand for place 0 and belong to no sample. Made by lowering and never exported.
public struct ValidRows: EvaluatedOp {
  public static var domain: String { NHWC.domain }
  public init() {}

  /// Rows for `count` ones among `total` places: at most an eighth more than ones, or up to a multiple of 16.
  static func rowCount(_ count: Int, of total: Int) -> Int {
    var step = 16
    while step * 16 <= count { step *= 2 }
    return min(max((count + step - 1) / step, 1) * step, total)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let mask = try call.tensor(0)
    guard mask.rank ?? 2 == 2 else { throw GraphError(.type, "the mask must have 2 axes: \(mask)") }
    let shape = mask.shape ?? [call.unknownSize(), call.unknownSize()]
    let rows = [call.unknownSize()]
    return [rows, rows, rows, [shape[0] + 1], shape].map { .tensor(.int32, $0) }
  }

  public func evaluate(_ operands: [RuntimeValue?], in context: borrowing EvaluationContext) throws(GraphError)
    -> [RuntimeValue]
  {
    let mask = try operands.tensor(0)
    let (batch, length) = (mask.sizes[0], mask.sizes[1])
    var (rows, offsets): ([Int32], [Int32]) = ([], [0])
    var places = [Int32](repeating: -1, count: batch * length)
    for sample in 0..<batch {
      for place in sample * length..<(sample + 1) * length {
        let mark = mask.double(at: place)
        guard mark != 0 else { continue }
        guard mark == 1 else { throw GraphError(.input, "the mask of padding must hold 0 and 1 only, has \(mark)") }
        places[place] = Int32(rows.count)
        rows.append(Int32(place))
      }
      offsets.append(Int32(rows.count))
    }
    let surplus = Self.rowCount(rows.count, of: places.count) - rows.count
    rows += [Int32](repeating: 0, count: surplus)
    let size = Int32(max(length, 1))
    return [
      Tensor(rows, shape: [rows.count]), Tensor(rows.map { $0 % size }, shape: [rows.count]),
      Tensor(rows.map { $0 / size }, shape: [rows.count]), Tensor(offsets, shape: [batch + 1]),
      Tensor(places, shape: [batch, length]),
    ].map { .tensor($0) }
  }
}
