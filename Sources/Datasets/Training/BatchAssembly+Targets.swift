internal import HoneIR

extension BatchAssembly {
  /// The targets of a batch in the wanted form.
  func targets(
    _ labels: [Label?], _ draw: BatchSampler.Draw, _ inputs: [NamedTensor]
  ) throws(GraphError) -> Tensor {
    switch form {
    case .automatic, .inputs: return inputs[0].tensor
    case .values: return try values(labels, draw)
    case .classIndices:
      let indices = try classes(labels, draw)
      return Tensor(indices.map(Int64.init), shape: [indices.count])
    case .oneHot:
      let width = dataset.classes.count
      let indices = try classes(labels, draw)
      var shares = [Float](repeating: 0, count: indices.count * width)
      for (row, index) in indices.enumerated() { shares[row * width + index] = 1 }
      return Tensor(shares, shape: [indices.count, width])
    }
  }

  private func classes(_ labels: [Label?], _ draw: BatchSampler.Draw) throws(GraphError) -> [Int] {
    var indices: [Int] = []
    for (row, label) in labels.enumerated() {
      guard let index = label?.classIndex, index >= 0 else {
        throw GraphError(.input, "sample \(draw.indices[row]) has no class to train on")
      }
      guard dataset.classes.isEmpty || index < dataset.classes.count else {
        throw GraphError(
          .input,
          "sample \(draw.indices[row]) is of class \(index), but only \(dataset.classes.count) classes are named")
      }
      indices.append(index)
    }
    return indices
  }

  private func values(_ labels: [Label?], _ draw: BatchSampler.Draw) throws(GraphError) -> Tensor {
    var all: [Float] = []
    var width: Int?
    for (row, label) in labels.enumerated() {
      guard let values = label?.values else {
        throw GraphError(.input, "sample \(draw.indices[row]) has no values to train on")
      }
      guard width ?? values.count == values.count else {
        throw GraphError(.input, "sample \(draw.indices[row]) has \(values.count) target values, others \(width ?? 0)")
      }
      width = values.count
      all += values
    }
    let sizes = dataset.targetSizes ?? [width ?? 0]
    guard sizes.reduce(1, *) == width else {
      throw GraphError(.input, "targets of \(width ?? 0) values are announced with sizes \(sizes)")
    }
    return Tensor(all, shape: [labels.count] + sizes)
  }
}
