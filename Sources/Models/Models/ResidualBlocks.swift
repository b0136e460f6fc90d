import HoneIR

/// Convolution without bias, as batch normalization follows, started as residual networks are.
private func convolution(_ filters: Int, _ kernel: Int, stride: Int = 1) -> Convolution2D {
  Convolution2D(
    filters, kernel: kernel, stride: stride, padding: kernel / 2, bias: false, weights: .kaimingNormalOutgoing)
}

/// The block of two 3×3 convolutions of residual networks (He et al., arXiv 1512.03385).
struct BasicBlock: Layer {
  var filters: Int
  var stride: Int

  func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let inputs = try network.size(of: x, axis: 1)
    return try Residual(
      Sequential {
        convolution(filters, 3, stride: stride).named("conv1")
        BatchNorm().named("bn1")
        Nonlinearity.relu
        convolution(filters, 3).named("conv2")
        BatchNorm().named("bn2")
      }, shortcut: projection(from: inputs, to: filters, stride: stride), activation: .relu
    ).append(to: &network, x)
  }
}

/// The block of 1×1, 3×3 and 1×1 convolutions of deep residual networks, its stride in the middle.
struct BottleneckBlock: Layer {
  var filters: Int
  var stride: Int

  func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let inputs = try network.size(of: x, axis: 1)
    return try Residual(
      Sequential {
        convolution(filters, 1).named("conv1")
        BatchNorm().named("bn1")
        Nonlinearity.relu
        convolution(filters, 3, stride: stride).named("conv2")
        BatchNorm().named("bn2")
        Nonlinearity.relu
        convolution(4 * filters, 1).named("conv3")
        BatchNorm().named("bn3")
      }, shortcut: projection(from: inputs, to: 4 * filters, stride: stride), activation: .relu
    ).append(to: &network, x)
  }
}

/// What brings the input of a block to the size of its output, if they differ.
private func projection(from inputs: Int, to filters: Int, stride: Int) -> NamedLayer? {
  guard inputs != filters || stride != 1 else { return nil }
  return Sequential {
    convolution(filters, 1, stride: stride)
    BatchNorm()
  }.named("downsample")
}

/// How a residual network begins.
enum ResidualStem: Sendable {
  /// 7×7 with stride 2, then the largest of 3×3 with stride 2.
  case large
  /// 3×3, as for small images.
  case small
}

/// A residual network: a stem, stages of blocks that halve height and width from the second on, and a classifier.
struct ResidualNetwork: Sendable {
  var stem: ResidualStem
  /// Blocks of each stage.
  var blocks: [Int]
  /// Filters of each stage.
  var filters: [Int]
  var isDeep = false

  func append(to network: inout Network, _ settings: ModelSettings) throws(GraphError) {
    try settings.requireImage(atLeast: stem == .large ? 32 : 8)
    try network.classifier(settings.input) {
      convolution(settings.channels(filters[0]), stem == .large ? 7 : 3, stride: stem == .large ? 2 : 1).named("conv1")
      BatchNorm().named("bn1")
      Nonlinearity.relu
      if stem == .large { MaxPooling(3, stride: 2, padding: 1) }
      for (stage, count) in blocks.enumerated() {
        Sequential(
          (0..<count).map { block in
            let (filters, stride) = (settings.channels(filters[stage]), stage > 0 && block == 0 ? 2 : 1)
            return isDeep
              ? BottleneckBlock(filters: filters, stride: stride) : BasicBlock(filters: filters, stride: stride)
          }
        ).named("layer\(stage + 1)")
      }
      GlobalAveragePooling()
      Dense(settings.classes).named("fc")
    }
  }
}
