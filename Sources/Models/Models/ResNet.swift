import HoneIR

/// Residual networks (He et al., “Deep residual learning for image recognition”, arXiv 1512.03385) with torchvision's
/// names. Options: `width` multiplies all filters.
extension BuiltInModel {
  /// One block at each of 16, 32 and 64 filters, for small images; shortcuts that change size are convolutions.
  ///
  /// input `[batch, 3, 32, 32]` → logits `[batch, 10]`.
  static let resNet8 = resNet(
    "resnet8", "Residual network with 8 layers for 32×32 images (He et al. 2015)", classes: 10, side: 32,
    ResidualNetwork(stem: .small, blocks: [1, 1, 1], filters: [16, 32, 64]))

  /// Three blocks at each of 16, 32 and 64 filters, for small images; shortcuts that change size are convolutions.
  ///
  /// input `[batch, 3, 32, 32]` → logits `[batch, 10]`; 0.27 million parameters.
  static let resNet20 = resNet(
    "resnet20", "Residual network with 20 layers for 32×32 images (He et al. 2015)", classes: 10, side: 32,
    ResidualNetwork(stem: .small, blocks: [3, 3, 3], filters: [16, 32, 64]))

  /// input `[batch, 3, 224, 224]` → logits `[batch, 1000]`; 11,689,512 parameters.
  static let resNet18 = resNet(
    "resnet18", "Residual network with 18 layers (He et al. 2015)", classes: 1000, side: 224,
    ResidualNetwork(stem: .large, blocks: [2, 2, 2, 2], filters: [64, 128, 256, 512]))

  /// The form with its strides in the 3×3 convolutions.
  ///
  /// input `[batch, 3, 224, 224]` → logits `[batch, 1000]`; 25,557,032 parameters.
  static let resNet50 = resNet(
    "resnet50", "Residual network with 50 layers (He et al. 2015)", classes: 1000, side: 224,
    ResidualNetwork(stem: .large, blocks: [3, 4, 6, 3], filters: [64, 128, 256, 512], isDeep: true))

  /// ResNet-18 that begins with a 3×3 convolution of stride 1 and no pooling.
  ///
  /// input `[batch, 3, 32, 32]` → logits `[batch, 10]`; 11,173,962 parameters.
  static let resNet18CIFAR = resNet(
    "resnet18-cifar", "ResNet-18 for 32×32 images: 3×3 stem, no pooling", classes: 10, side: 32,
    ResidualNetwork(stem: .small, blocks: [2, 2, 2, 2], filters: [64, 128, 256, 512]))

  private static func resNet(
    _ name: String, _ summary: String, classes: Int, side: Int, _ layers: ResidualNetwork
  ) -> BuiltInModel {
    BuiltInModel(
      name, summary, .classification, .crossEntropy, ModelOptions(classes: classes, input: [3, side, side], width: 1)
    ) { (network, settings) throws(GraphError) in
      try layers.append(to: &network, settings)
    }
  }
}
