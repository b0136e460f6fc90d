import HoneIR

/// MobileNetV2 (Sandler et al., arXiv 1801.04381) with torchvision's names. Options: `width`, the paper's multiplier;
/// filters are multiples of 8.
extension BuiltInModel {
  /// input `[batch, 3, 224, 224]` → logits `[batch, 1000]`; 3,504,872 parameters.
  static let mobileNetV2 = mobileNetV2(
    "mobilenet-v2", "Inverted residuals with depthwise convolutions (Sandler et al. 2018)", classes: 1000, side: 224)

  /// input `[batch, 3, 96, 96]` → logits `[batch, 10]`; 2,236,682 parameters.
  static let mobileNetV296 = mobileNetV2(
    "mobilenet-v2-96", "MobileNetV2 for 96×96 images and 10 classes", classes: 10, side: 96)

  private static func mobileNetV2(_ name: String, _ summary: String, classes: Int, side: Int) -> BuiltInModel {
    BuiltInModel(
      name, summary, .classification, .crossEntropy,
      ModelOptions(classes: classes, input: [3, side, side], width: 1, dropout: 0.2)
    ) { (network, settings) throws(GraphError) in
      try settings.requireImage(atLeast: 32)
      func rounded(_ filters: Int, _ width: Double) -> Int {
        let wanted = Double(filters) * width
        let multiple = max(8, Int(wanted + 4) / 8 * 8)
        return Double(multiple) < 0.9 * wanted ? multiple + 8 : multiple
      }
      // Expansion, filters, blocks, stride of the first.
      let stages = [
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
      ]
      let features = Sequential {
        ConvolutionUnit(filters: rounded(32, settings.width), kernel: 3, stride: 2)
        for (expansion, filters, count, stride) in stages {
          for block in 0..<count {
            InvertedResidual(
              filters: rounded(filters, settings.width), expansion: expansion, stride: block == 0 ? stride : 1)
          }
        }
        ConvolutionUnit(filters: rounded(1280, max(1, settings.width)), kernel: 1, stride: 1)
      }
      try network.classifier(settings.input) {
        features.named("features")
        GlobalAveragePooling()
        Sequential {
          DropoutLayer(settings.dropout)
          Dense(settings.classes, weights: .normal(deviation: 0.01), biases: .zeros)
        }.named("classifier")
      }
    }
  }
}

/// Convolution, batch normalization and a rectifier cut at 6; with as many groups as channels if `filters` is nil.
private struct ConvolutionUnit: Layer {
  var filters: Int?
  var kernel: Int
  var stride: Int

  func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let channels = try network.size(of: x, axis: 1)
    return try Sequential {
      Convolution2D(
        filters ?? channels, kernel: kernel, stride: stride, padding: kernel / 2, groups: filters == nil ? channels : 1,
        bias: false, weights: .kaimingNormalOutgoing)
      BatchNorm()
      Nonlinearity.relu6
    }.append(to: &network, x)
  }
}

/// Channels multiplied by `expansion`, filtered one by one, and brought to `filters`.
private struct InvertedResidual: Layer {
  var filters: Int
  var expansion: Int
  var stride: Int

  func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let channels = try network.size(of: x, axis: 1)
    let body = Sequential {
      if expansion != 1 { ConvolutionUnit(filters: channels * expansion, kernel: 1, stride: 1) }
      ConvolutionUnit(filters: nil, kernel: 3, stride: stride)
      Convolution2D(filters, kernel: 1, bias: false, weights: .kaimingNormalOutgoing)
      BatchNorm()
    }.named("conv")
    guard stride == 1, channels == filters else { return try network.append(body, to: x) }
    return try network.append(Residual(body), to: x)
  }
}
