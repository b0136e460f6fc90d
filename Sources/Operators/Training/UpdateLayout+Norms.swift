import HoneIR
import HoneKernels

/// Updates that need norms of whole weights first.
extension UpdateLayout {
  /// A stage that leaves two sums for each chunk in the workspace.
  func sums(_ body: @escaping @Sendable (Int, WeightSpan, UnsafeMutablePointer<Double>) -> Void) -> Kernel.Stage {
    Kernel.Stage(tasks: chunks.count) { frame, range in
      let sums = frame.workspace.unsafelyUnwrapped.assumingMemoryBound(to: Double.self)
      for task in range where task < chunks.count {
        let span = span(task, frame)
        (sums[2 * task], sums[2 * task + 1]) = (0, 0)
        guard span.scale.isFinite, span.rate.isFinite else { continue }
        body(step(frame), span, sums + 2 * task)
      }
    }
  }

  /// A kernel that gives `rule` the sums of the whole weight that a span is part of.
  func kernel(
    after stage: Kernel.Stage, _ rule: @escaping @Sendable (Int, WeightSpan, (Double, Double)) -> Void
  ) -> Kernel {
    let chunksOf = Dictionary(grouping: chunks.indices) { chunks[$0].weight }
    let firsts = (0..<weightCount).map { chunksOf[$0]?.first ?? 0 }
    let counts = (0..<weightCount).map { chunksOf[$0]?.count ?? 0 }
    return Kernel(tasks: chunks.count, overwrites: overwrites) { frame, range in
      let sums = frame.workspace.unsafelyUnwrapped.assumingMemoryBound(to: Double.self)
      for task in range where task < chunks.count {
        let span = span(task, frame)
        guard span.scale.isFinite, span.rate.isFinite else {
          keep(span)
          continue
        }
        let weight = chunks[task].weight
        var total = (0.0, 0.0)
        for i in firsts[weight]..<firsts[weight] + counts[weight] {
          total.0 += sums[2 * i]
          total.1 += sums[2 * i + 1]
        }
        rule(step(frame), span, total)
      }
    }.after([stage], workspace: max(chunks.count, 1) * 2 * MemoryLayout<Double>.stride)
  }
}
