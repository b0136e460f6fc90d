/// Attention to caches: of the keys of each batch entry the first ones alone are valid.
private func forEachEntry(
  of tasks: Range<Int>, tasksPerEntry: Int, _ body: (_ entry: Int, _ tasks: Range<Int>) -> Void
) {
  var first = tasks.lowerBound
  while first < tasks.upperBound {
    let entry = first / tasksPerEntry
    let end = min(tasks.upperBound, (entry + 1) * tasksPerEntry)
    body(entry, first..<end)
    first = end
  }
}

extension ScaledDotProductAttention {
  /// Runs `tasks`; batch entry i sees its first `counts[i]` keys, query j of it with `isCausal` those up to
  /// j + counts[i] − queries. What is behind them is not read. Without `counts` all keys are valid.
  public func run(
    tasks: Range<Int>, counts: UnsafePointer<Int64>?, q: UnsafePointer<Float>, k: UnsafePointer<Float>,
    v: UnsafePointer<Float>, mask: UnsafePointer<Float>? = nil, y: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer
  ) {
    guard let counts else { return run(tasks: tasks, q: q, k: k, v: v, mask: mask, y: y, scratch: scratch) }
    forEachEntry(of: tasks, tasksPerEntry: heads * blocks) { entry, tasks in
      let plan = limited(toKeys: Int(counts[entry]))
      plan.run(tasks: tasks, q: q, k: k, v: v, mask: mask, y: y, scratch: scratch)
    }
  }
}

extension BFloat16Attention {
  /// Runs `tasks`; batch entry i sees its first `counts[i]` keys, query j of it with `isCausal` those up to
  /// j + counts[i] − queries. What is behind them is not read. Without `counts` all keys are valid.
  public func run(
    tasks: Range<Int>, counts: UnsafePointer<Int64>?, q: UnsafePointer<UInt16>, k: UnsafePointer<UInt16>,
    v: UnsafePointer<UInt16>, mask: UnsafePointer<Float>? = nil, y: UnsafeMutablePointer<UInt16>,
    scratch: UnsafeMutableRawPointer
  ) {
    guard let counts else { return run(tasks: tasks, q: q, k: k, v: v, mask: mask, y: y, scratch: scratch) }
    forEachEntry(of: tasks, tasksPerEntry: heads * blocks) { entry, tasks in
      let plan = limited(toKeys: Int(counts[entry]))
      plan.run(tasks: tasks, q: q, k: k, v: v, mask: mask, y: y, scratch: scratch)
    }
  }
}
