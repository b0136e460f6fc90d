import HoneIR

/// How the losses of samples become one.
public enum LossReduction: String, Sendable, Hashable, Codable {
  case mean, sum, none
}

/// −weight[class]·log p[class] of each position, reduced; `log p` is samples × classes × positions.
struct ClassLoss: Sendable {
  var samples, classes, positions: Int
  var reduction: LossReduction
  var ignored: Int?
  var hasWeight: Bool
  private let isWide: Bool

  init(_ call: Call, _ reduction: LossReduction, ignoring ignored: Int?) throws(GraphError) {
    let sizes = try call.sizes(0)
    (samples, classes, positions) = (sizes[0], sizes[1], sizes[2...].reduce(1, *))
    (self.reduction, self.ignored, hasWeight) = (reduction, ignored, call.has(2))
    let target = try call.tensor(1)
    guard target.element == .int64 || target.element == .int32 else {
      throw GraphError(.type, "classes must be int32 or int64, are \(target)")
    }
    guard target.sizes == [sizes[0]] + sizes[2...] else {
      throw GraphError(.type, "classes \(target) do not fit \(try call.tensor(0))")
    }
    if hasWeight, try call.sizes(2) != [classes] {
      throw GraphError(.type, "there must be \(classes) weights, there are \(try call.sizes(2))")
    }
    isWide = target.element == .int64
  }

  static func types(_ call: Call, _ reduction: LossReduction) throws(GraphError) -> TensorType {
    try call.expectOperands(2...3)
    let scores = try call.tensor(0)
    if let rank = scores.rank, rank < 2 { throw GraphError(.type, "scores need at least 2 axes: \(scores)") }
    return TensorType(scores.element, reduction == .none ? try call.shape(1) : [])
  }

  /// The class and weight of position `index`, read from the operands behind `first`; the weight is 0 if it is ignored. nil,
  /// and a fault is reported, if there is no such class.
  func target<T: RowElement>(_ index: Int, _: T.Type, _ frame: borrowing Frame, first: Int) -> (Int, T)? {
    let target =
      isWide
      ? Int(frame.operand(first + 1, as: Int64.self)[index]) : Int(frame.operand(first + 1, as: Int32.self)[index])
    if target == ignored { return (0, 0) }
    let place = target < 0 ? target + classes : target
    guard place >= 0, place < classes else {
      frame.fail(.indexOutOfRange)
      return nil
    }
    return (place, hasWeight ? frame.operand(first + 2, as: T.self)[place] : 1)
  }

  /// Reads classes and weights from operands 1 and 2 and writes result 0.
  func run<T: RowElement>(_ logarithms: UnsafePointer<T>, _ frame: borrowing Frame) {
    let y = frame.result(0, as: T.self)
    var (sum, total): (T, T) = (0, 0)
    for i in 0..<samples * positions {
      guard let (index, weight) = target(i, T.self, frame, first: 0) else { return }
      let logarithm = logarithms[(i / positions * classes + index) * positions + i % positions]
      let loss = weight == 0 ? 0 : -logarithm * weight
      if reduction == .none { y[i] = loss }
      sum += loss
      total += weight
    }
    if reduction == .sum { y[0] = sum }
    if reduction == .mean { y[0] = sum / total }
  }
}
