import HoneIR
import HoneKernels

/// Updates by a gradient of a few rows.
extension UpdateLayout {
  /// Elements that an update takes at once where they have no gradient.
  static let zeroCount = 4096

  /// A kernel that calls `rule` with spans that cover the weight; rows without a gradient are left as they are or have zeros
  /// for one.
  func kernelOfRows(_ call: Call, leavesOthers: Bool, _ rule: @escaping @Sendable (Int, WeightSpan) -> Void)
    throws(GraphError) -> Kernel
  {
    let places = call.count - 1
    let width = try call.sizes(3).dropFirst().reduce(1, *)
    let scratch = leavesOthers ? 0 : Self.zeroCount * MemoryLayout<Float>.stride
    return Kernel(tasks: chunks.count, scratch: scratch, overwrites: overwrites) { frame, range in
      let zeros = frame.scratch.assumingMemoryBound(to: Float.self)
      if !leavesOthers { zeros.update(repeating: 0, count: Self.zeroCount) }
      for task in range where task < chunks.count {
        let chunk = chunks[task].range
        let places = frame.operand(places, as: Int32.self)
        var start = chunk.lowerBound
        while start < chunk.upperBound {
          let row = start / width
          var end = min((row + 1) * width, chunk.upperBound)
          let place = Int(places[row])
          if place < 0 {
            while end < chunk.upperBound, places[end / width] < 0 { end = min(end + width, chunk.upperBound) }
          }
          var span = span(0, start..<end, frame)
          span.gradient =
            place < 0 ? UnsafePointer(zeros) : frame.operand(4, as: Float.self) + place * width + start - row * width
          if span.scale.isFinite, span.rate.isFinite, place >= 0 || !leavesOthers {
            rule(step(frame), span)
          } else {
            keep(span)
          }
          start = end
        }
      }
    }
  }
}
