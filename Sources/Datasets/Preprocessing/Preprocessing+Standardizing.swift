public import HoneIR

extension Preprocessing {
  /// `normalize` with the mean and the standard deviation of every column of a table or a series, or of every channel of images (after
  /// `steps`), over all samples of `dataset`: the training samples. What does not vary is divided by 1.
  public init(
    standardizing dataset: Dataset, after steps: [Step] = [], layout: Layout = .nchw
  ) throws(GraphError) {
    guard dataset.content != .tensors else {
      throw GraphError(.input, "the samples are tensors, which take no preprocessing; standardize them in the file")
    }
    let plain = dataset.preprocessed(by: Preprocessing(steps, layout: .nhwc))
    var (count, means, squares) = ([Double](), [Double](), [Double]())
    for index in 0..<dataset.count {
      let tensor = try plain.sample(at: index).inputs[0].tensor
      let values = tensor.floats
      let columns = max(tensor.sizes.last ?? 1, 1)
      if count.isEmpty { (count, means, squares) = Self.zeros(columns) }
      guard count.count == columns else {
        throw GraphError(.input, "sample \(index) has \(columns) columns or channels, the first \(count.count)")
      }
      for (i, value) in values.enumerated() where value.isFinite {
        let column = i % columns
        let distance = Double(value) - means[column]
        count[column] += 1
        means[column] += distance / count[column]
        squares[column] += distance * (Double(value) - means[column])
      }
    }
    let deviations = zip(squares, count).map { square, count -> Float in
      let deviation = Float((square / max(count, 1)).squareRoot())
      return deviation > 0 ? deviation : 1
    }
    self.init(steps + [.normalize(mean: means.map { Float($0) }, std: deviations)], layout: layout)
  }

  private static func zeros(_ count: Int) -> ([Double], [Double], [Double]) {
    let zeros = [Double](repeating: 0, count: count)
    return (zeros, zeros, zeros)
  }
}
