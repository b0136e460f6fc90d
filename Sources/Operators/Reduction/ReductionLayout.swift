import HoneIR

/// Axes of an array that are looped over.
struct StridedAxes: Sendable {
  var sizes: [Int] = []
  /// In elements.
  var strides: [Int] = []

  var count: Int { sizes.reduce(1, *) }
  /// Where element `index`, counted in row-major order, lies.
  func offset(_ index: Int) -> Int {
    if sizes.count == 1 { return index * strides[0] }
    var (rest, offset) = (index, 0)
    var axis = sizes.count - 1
    while axis >= 0 {
      offset += rest % sizes[axis] * strides[axis]
      rest /= sizes[axis]
      axis -= 1
    }
    return offset
  }
  mutating func removeLast() -> (size: Int, stride: Int) { (sizes.removeLast(), strides.removeLast()) }
}

/// A dense array seen as kept and reduced axes; neighbouring axes of one kind are merged, those of size 1 dropped.
struct ReductionLayout: Sendable {
  var kept = StridedAxes()
  var reduced = StridedAxes()
  /// Neighbouring elements that are reduced together, or 1.
  var row = 1
  /// Neighbouring elements that are kept apart, or 1.
  var column = 1

  /// Elements that make one result.
  var reducedCount: Int { reduced.count * row }
  var resultCount: Int { kept.count * column }

  init(_ sizes: [Int], reducing axes: Set<Int>) {
    let own = HoneOperators.strides(of: sizes)
    var lastIsReduced: Bool?
    for axis in sizes.indices where sizes[axis] != 1 {
      let isReduced = axes.contains(axis)
      if isReduced == lastIsReduced {
        if isReduced { Self.merge(&reduced, sizes[axis], own[axis]) } else { Self.merge(&kept, sizes[axis], own[axis]) }
      } else {
        if isReduced {
          Self.append(&reduced, sizes[axis], own[axis])
        } else {
          Self.append(&kept, sizes[axis], own[axis])
        }
      }
      lastIsReduced = isReduced
    }
    if lastIsReduced == true { row = reduced.removeLast().size }
    if lastIsReduced == false { column = kept.removeLast().size }
  }

  private static func append(_ axes: inout StridedAxes, _ size: Int, _ stride: Int) {
    axes.sizes.append(size)
    axes.strides.append(stride)
  }
  private static func merge(_ axes: inout StridedAxes, _ size: Int, _ stride: Int) {
    axes.sizes[axes.sizes.count - 1] *= size
    axes.strides[axes.strides.count - 1] = stride
  }
}

/// A dense array seen as outer × axis × inner.
struct AxisLayout: Sendable {
  var outer, count, inner: Int
  init(_ sizes: [Int], axis: Int) {
    outer = sizes[..<axis].reduce(1, *)
    count = sizes[axis]
    inner = sizes[(axis + 1)...].reduce(1, *)
  }
}
