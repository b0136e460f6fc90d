public import HoneIR

/// Boxes by falling score, without those that overlap a better one of their class too much: [batch, class, box] each.
public struct NonMaxSuppression: EvaluatedOp {
  public var center_point_box = false
  public init() {}
  public static var since: Int { 10 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...5)
    return [.tensor(.int64, [call.unknownSize(), 3])]
  }

  public func evaluate(_ operands: [RuntimeValue?], in context: borrowing EvaluationContext) throws(GraphError)
    -> [RuntimeValue]
  {
    let (boxes, scores) = (try operands.tensor(0), try operands.tensor(1))
    guard boxes.element == .float32, scores.element == .float32, boxes.sizes.count == 3, scores.sizes.count == 3,
      boxes.sizes[2] == 4, boxes.sizes[0] == scores.sizes[0], boxes.sizes[1] == scores.sizes[2]
    else { throw GraphError(.type, "boxes \(boxes.type) and scores \(scores.type) do not fit") }
    func scalar(_ i: Int) -> Tensor? { operands.optionalTensor(i).flatMap { $0.elementCount > 0 ? $0 : nil } }
    let limit = scalar(2)?.integer(at: 0) ?? 0
    let overlap = Float(scalar(3)?.double(at: 0) ?? 0)
    let lowest = scalar(4).map { Float($0.double(at: 0)) }
    let (allBoxes, allScores) = (boxes.floats, scores.floats)
    let (classes, count) = (scores.sizes[1], scores.sizes[2])
    var selected: [Int64] = []
    for batch in 0..<boxes.sizes[0] {
      let candidates = (0..<count).map { i in
        Box(allBoxes[(batch * count + i) * 4..<(batch * count + i) * 4 + 4], isCentered: center_point_box)
      }
      for label in 0..<classes {
        let scores = allScores[(batch * classes + label) * count..<(batch * classes + label + 1) * count]
        let kept = Self.kept(candidates, Array(scores), limit: limit, overlap: overlap, lowest: lowest)
        for box in kept { selected += [Int64(batch), Int64(label), Int64(box)] }
      }
    }
    return [.tensor(Tensor(selected, shape: [selected.count / 3, 3]))]
  }

  private static func kept(_ boxes: [Box], _ scores: [Float], limit: Int, overlap: Float, lowest: Float?) -> [Int] {
    var order = Array(scores.indices)
    if let lowest { order = order.filter { scores[$0] > lowest } }
    order.sort { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
    var kept: [Int] = []
    for i in order {
      if kept.count >= limit { break }
      if kept.allSatisfy({ boxes[$0].overlap(boxes[i]) <= overlap }) { kept.append(i) }
    }
    return kept
  }

  private struct Box {
    var low: (y: Float, x: Float)
    var high: (y: Float, x: Float)

    init(_ numbers: ArraySlice<Float>, isCentered: Bool) {
      let n = Array(numbers)
      if isCentered {
        low = (n[1] - n[3] / 2, n[0] - n[2] / 2)
        high = (n[1] + n[3] / 2, n[0] + n[2] / 2)
      } else {
        low = (min(n[0], n[2]), min(n[1], n[3]))
        high = (max(n[0], n[2]), max(n[1], n[3]))
      }
    }
    var area: Float { (high.y - low.y) * (high.x - low.x) }

    /// Intersection over union.
    func overlap(_ other: Box) -> Float {
      let height = min(high.y, other.high.y) - max(low.y, other.low.y)
      let width = min(high.x, other.high.x) - max(low.x, other.low.x)
      guard height > 0, width > 0, area > 0, other.area > 0 else { return 0 }
      let intersection = height * width
      return intersection / (area + other.area - intersection)
    }
  }
}

/// A choice of boxes has no gradient.
extension NonMaxSuppression: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    []
  }
}
