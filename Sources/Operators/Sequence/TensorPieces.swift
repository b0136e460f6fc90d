import HoneIR

extension Tensor {
  /// The elements whose index along `axis` lies in `range`.
  func piece(along axis: Int, _ range: Range<Int>) throws(GraphError) -> Tensor {
    let sizes = self.sizes
    guard range.lowerBound >= 0, range.upperBound <= sizes[axis] else {
      throw GraphError(.input, "\(range.lowerBound)…\(range.upperBound - 1) lies outside axis \(axis) of \(type)")
    }
    if range == 0..<sizes[axis] { return self }
    var pieceSizes = sizes
    pieceSizes[axis] = range.count
    let outer = sizes[..<axis].reduce(1, *)
    let inner = sizes[(axis + 1)...].reduce(1, *)
    let (step, start, length) = (sizes[axis] * inner, range.lowerBound * inner, range.count * inner)
    if element == .string {
      let all = strings
      var taken: [String] = []
      taken.reserveCapacity(outer * length)
      for i in 0..<outer { taken += all[(i * step + start)..<(i * step + start + length)] }
      return Tensor(strings: taken, shape: pieceSizes)
    }
    let width = try wholeByteWidth()
    return Tensor(uninitialized: TensorType(element, pieceSizes)) { target in
      withBytes { source in
        for i in 0..<outer {
          let from = (i * step + start) * width
          copy(source, from: from, count: length * width, to: target, at: i * length * width)
        }
      }
    }
  }

  /// Element `index` along `axis`, without that axis.
  func element(_ index: Int, along axis: Int) throws(GraphError) -> Tensor {
    let part = try piece(along: axis, index..<(index + 1))
    return part.reshaped(part.sizes.enumerated().filter { $0.offset != axis }.map(\.element))
  }

  /// `tensors`, of equal sizes but along `axis`, one after the other.
  static func concatenated(_ tensors: [Tensor], along axis: Int) throws(GraphError) -> Tensor {
    let first = tensors[0]
    if tensors.count == 1 { return first }
    var sizes = first.sizes
    for tensor in tensors.dropFirst() {
      var own = tensor.sizes
      guard tensor.element == first.element, own.count == sizes.count else {
        throw GraphError(.input, "\(first.type) and \(tensor.type) cannot be joined")
      }
      own[axis] = first.sizes[axis]
      guard own == first.sizes else {
        throw GraphError(.input, "\(first.type) and \(tensor.type) cannot be joined along axis \(axis)")
      }
      sizes[axis] += tensor.sizes[axis]
    }
    let outer = sizes[..<axis].reduce(1, *)
    let lengths = tensors.map { $0.sizes[axis...].reduce(1, *) }
    if first.element == .string {
      var joined: [String] = []
      for i in 0..<outer {
        for (tensor, length) in zip(tensors, lengths) { joined += tensor.strings[(i * length)..<((i + 1) * length)] }
      }
      return Tensor(strings: joined, shape: sizes)
    }
    let width = try first.wholeByteWidth()
    let step = lengths.reduce(0, +) * width
    return Tensor(uninitialized: TensorType(first.element, sizes)) { target in
      var offset = 0
      for (tensor, length) in zip(tensors, lengths) {
        tensor.withBytes { source in
          for i in 0..<outer {
            copy(source, from: i * length * width, count: length * width, to: target, at: i * step + offset)
          }
        }
        offset += length * width
      }
    }
  }

  /// `tensors`, of equal sizes, along a new axis.
  static func stacked(_ tensors: [Tensor], along axis: Int) throws(GraphError) -> Tensor {
    try concatenated(
      tensors.map { tensor in
        var sizes = tensor.sizes
        sizes.insert(1, at: axis)
        return tensor.reshaped(sizes)
      }, along: axis)
  }

  private func wholeByteWidth() throws(GraphError) -> Int {
    guard element.bitWidth % 8 == 0 else { throw GraphError(.unsupported, "taking \(element.rawValue) tensors apart") }
    return element.bitWidth / 8
  }
}

private func copy(
  _ source: UnsafeRawBufferPointer, from: Int, count: Int, to target: UnsafeMutableRawBufferPointer, at offset: Int
) {
  guard count > 0 else { return }
  target.baseAddress!.advanced(by: offset).copyMemory(from: source.baseAddress!.advanced(by: from), byteCount: count)
}
