import HoneIR
import HoneKernels

extension ReductionLayout {
  /// Columns that one task reduces together: fewer where there would be too few tasks.
  var columnBlock: Int {
    let share = column * kept.count / 16
    guard share < 256 else { return 256 }
    return share >= 32 ? (share + 63) / 64 * 64 : max(share / 16 * 16, 16)
  }
}

func reductionKernel<T: Accumulable>(_: T.Type, _ reduction: Reduction, _ layout: ReductionLayout, start: T? = nil)
  -> Kernel
{
  if reduction == .logSumExp { return logSumExpKernel(T.self, layout) }
  let kind = reduction.accumulation
  let first = start ?? T.identity(kind)
  if layout.column == 1 { return rowKernel(T.self, reduction, layout, first) }
  let columnBlock = layout.columnBlock
  let blocks = (layout.column + columnBlock - 1) / columnBlock
  var steps = layout.reduced
  let (rows, stride) = steps.sizes.isEmpty ? (1, 0) : steps.removeLast()
  if hasFewTasks(layout, blocks: blocks), steps.sizes.isEmpty, rows * layout.column >= 1 << 15 {
    return tallKernel(T.self, reduction, layout, first, rows: rows, stride: stride)
  }
  let (stepCount, others) = (steps.count, steps)
  return Kernel(tasks: layout.kept.count * blocks) { frame, range in
    let x = frame.operand(0, as: T.self)
    let y = frame.result(0, as: T.self)
    for task in range where layout.resultCount > 0 {
      let (outer, from) = (task / blocks, task % blocks * columnBlock)
      let width = min(columnBlock, layout.column - from)
      let target = y + outer * layout.column + from
      target.update(repeating: first, count: width)
      let source = x + layout.kept.offset(outer) + from
      for step in 0..<stepCount {
        T.reduceColumns(source + others.offset(step), stride: stride, rows: rows, count: width, kind, into: target)
      }
      if !reduction.isPlain { finish(target, width, reduction, layout.reducedCount) }
    }
  }
}

private func hasFewTasks(_ layout: ReductionLayout, blocks: Int) -> Bool { layout.kept.count == 1 && blocks < 8 }

/// Few long columns: rows are divided into parts, whose results are brought together in order.
private func tallKernel<T: Accumulable>(
  _: T.Type, _ reduction: Reduction, _ layout: ReductionLayout, _ first: T, rows: Int, stride: Int
) -> Kernel {
  let kind = reduction.accumulation
  let (parts, columns) = (16, layout.column)
  let identity = T.identity(kind)
  let partial = Kernel.Stage(tasks: parts) { frame, range in
    let x = frame.operand(0, as: T.self)
    let sums = frame.workspace!.assumingMemoryBound(to: T.self)
    for part in range {
      let (begin, end) = (rows * part / parts, rows * (part + 1) / parts)
      let target = sums + part * columns
      target.update(repeating: identity, count: columns)
      T.reduceColumns(x + begin * stride, stride: stride, rows: end - begin, count: columns, kind, into: target)
    }
  }
  let isOfMagnitudes = kind == .sumAbs || kind == .sumSquare
  return Kernel(tasks: 1) { frame, _ in
    let y = frame.result(0, as: T.self)
    y.update(repeating: first, count: columns)
    T.reduceColumns(
      frame.workspace!.assumingMemoryBound(to: T.self), stride: columns, rows: parts, count: columns,
      isOfMagnitudes ? .sum : kind, into: y)
    if !reduction.isPlain { finish(y, columns, reduction, layout.reducedCount) }
  }.after([partial], workspace: parts * columns * MemoryLayout<T>.stride)
}

private func rowKernel<T: Accumulable>(_: T.Type, _ reduction: Reduction, _ layout: ReductionLayout, _ first: T)
  -> Kernel
{
  let kind = reduction.accumulation
  let pieces = layout.reduced.count
  return Kernel(tasks: layout.kept.count) { frame, range in
    let x = frame.operand(0, as: T.self)
    let y = frame.result(0, as: T.self)
    for task in range where layout.resultCount > 0 {
      let source = x + layout.kept.offset(task)
      var value = first
      for piece in 0..<pieces { T.reduce(source + layout.reduced.offset(piece), count: layout.row, kind, into: &value) }
      y[task] = value
    }
    if !reduction.isPlain && layout.resultCount > 0 {
      finish(y + range.lowerBound, range.count, reduction, layout.reducedCount)
    }
  }
}

private func finish<T: Accumulable>(_ y: UnsafeMutablePointer<T>, _ n: Int, _ reduction: Reduction, _ count: Int) {
  switch reduction {
  case .mean: for i in 0..<n { y[i] = T(converting: y[i].double / Double(count)) }
  case .l2: for i in 0..<n { y[i] = T(converting: y[i].double.squareRoot()) }
  case .logSum: for i in 0..<n { y[i] = T(converting: Double.log(y[i].double)) }
  default: break
  }
}

/// log Σ exp x, relative to the maximum so that it neither overflows nor vanishes.
private func logSumExpKernel<T: Accumulable>(_: T.Type, _ layout: ReductionLayout) -> Kernel {
  Kernel(tasks: layout.resultCount) { frame, range in
    let x = frame.operand(0, as: T.self)
    let y = frame.result(0, as: T.self)
    for task in range where layout.resultCount > 0 {
      let source = x + layout.kept.offset(task / layout.column) + task % layout.column
      var most = -Double.infinity
      for piece in 0..<layout.reduced.count {
        let row = source + layout.reduced.offset(piece)
        for i in 0..<layout.row { most = Double.combine(most, row[i].double, .max) }
      }
      var sum = 0.0
      let shift = most.isInfinite ? 0 : most
      for piece in 0..<layout.reduced.count {
        let row = source + layout.reduced.offset(piece)
        for i in 0..<layout.row { sum += Double.exp(row[i].double - shift) }
      }
      y[task] = T(converting: Double.log(sum) + shift)
    }
  }
}
