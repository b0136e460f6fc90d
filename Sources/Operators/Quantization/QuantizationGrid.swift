import HoneIR

/// How scales and zero points belong to elements: for the whole tensor, per index of an axis, or per block of an axis.
///
/// Rows are runs of neighbouring elements that share one scale, or whose scales are neighbours too.
struct QuantizationGrid: Sendable {
  struct Row {
    var start: Int
    var count: Int
    /// The scale of the first element.
    var parameter: Int
    /// From one element's scale to the next one's: 0 or 1.
    var step: Int
  }
  private enum Granularity: Sendable {
    case tensor
    case axis
    case block(size: Int, count: Int)
  }

  let elementCount: Int
  let parameterCount: Int
  private let granularity: Granularity
  private let outer: Int
  private let size: Int
  private let inner: Int

  private static let tensorRow = 4096

  init(_ sizes: [Int], scale: [Int], axis: Int, block: Int, _ call: Call) throws(GraphError) {
    elementCount = sizes.reduce(1, *)
    parameterCount = scale.reduce(1, *)
    if parameterCount == 1 && (block == 0 || scale.isEmpty) {
      (granularity, outer, size, inner) = (.tensor, 1, 1, elementCount)
      return
    }
    let axis = try call.axis(axis, rank: sizes.count)
    outer = sizes[..<axis].reduce(1, *)
    size = sizes[axis]
    inner = sizes[(axis + 1)...].reduce(1, *)
    if scale.count == 1 && block == 0 {
      guard scale[0] == size else { throw GraphError(.type, "\(scale[0]) scales do not fit axis \(axis) of \(sizes)") }
      granularity = .axis
      return
    }
    guard block > 0 else { throw GraphError(.attribute, "scales of shape \(scale) need a block_size") }
    var wanted = sizes
    wanted[axis] = (size + block - 1) / block
    guard scale == wanted else {
      throw GraphError(.type, "scales of shape \(scale) do not fit blocks of \(block): \(wanted)")
    }
    granularity = .block(size: block, count: wanted[axis])
  }

  var rowCount: Int {
    switch granularity {
    case .tensor: (elementCount + Self.tensorRow - 1) / Self.tensorRow
    case .axis: inner == 1 ? outer : outer * size
    case .block(_, let count): inner == 1 ? outer * count : outer * size
    }
  }

  var longestRow: Int {
    switch granularity {
    case .tensor: min(elementCount, Self.tensorRow)
    case .axis: inner == 1 ? size : inner
    case .block(let block, _): inner == 1 ? min(block, size) : inner
    }
  }

  func row(_ index: Int) -> Row {
    switch granularity {
    case .tensor:
      let start = index * Self.tensorRow
      return Row(start: start, count: min(Self.tensorRow, elementCount - start), parameter: 0, step: 0)
    case .axis:
      return inner == 1
        ? Row(start: index * size, count: size, parameter: 0, step: 1)
        : Row(start: index * inner, count: inner, parameter: index % size, step: 0)
    case .block(let block, let count):
      if inner == 1 {
        let (before, within) = index.quotientAndRemainder(dividingBy: count)
        return Row(
          start: before * size + within * block, count: min(block, size - within * block), parameter: index, step: 0)
      }
      let (before, within) = index.quotientAndRemainder(dividingBy: size)
      return Row(start: index * inner, count: inner, parameter: (before * count + within / block) * inner, step: 1)
    }
  }
}
