import HoneIR
import HoneOperators

extension BuiltInModel {
  /// U-Net (Ronneberger et al., arXiv 1505.04597) with padded convolutions and batch normalization: four levels down,
  /// from 64 filters to 1024, and four up.
  ///
  /// input `[batch, 3, 128, 128]` → logits `[batch, classes, 128, 128]`; heights and widths are multiples of 16. With two
  /// classes 31,037,698 parameters.
  static let uNet = BuiltInModel(
    "u-net", "Encoder and decoder with skips, a class for each pixel (Ronneberger et al. 2015)", .segmentation,
    .crossEntropy, ModelOptions(classes: 2, input: [3, 128, 128], width: 1)
  ) { (network, settings) throws(GraphError) in
    try settings.requireImage(atLeast: 16, multipleOf: 16)
    let filters = [64, 128, 256, 512, 1024].map { settings.channels($0) }
    var levels = [
      try network.append(doubleConvolution(filters[0]), to: network.input("input", settings.input), named: "inc")
    ]
    for i in 1...4 {
      levels.append(
        try network.append(
          Sequential {
            MaxPooling(2)
            doubleConvolution(filters[i])
          }.named("maxpool_conv"), to: levels[i - 1], named: "down\(i)"))
    }
    var x = levels[4]
    for i in 1...4 {
      let (skip, filters) = (levels[4 - i], filters[4 - i])
      x = try network.scoped("up\(i)") { (network) throws(GraphError) in
        let up = try network.append(
          TransposedConvolution(filters, kernel: 2, stride: 2, weights: .kaimingNormal), to: x, named: "up")
        var concat = Concat()
        concat.axis = 1
        return try network.append(
          doubleConvolution(filters), to: network.apply(concat, skip, up), named: "conv")
      }
    }
    let logits = try network.append(
      Convolution2D(settings.classes, kernel: 1, weights: .kaimingNormal), to: x, named: "outc.conv")
    network.output(logits, "logits")
  }

  private static func doubleConvolution(_ filters: Int) -> NamedLayer {
    Sequential {
      for _ in 0..<2 {
        Convolution2D(filters, kernel: 3, padding: 1, bias: false, weights: .kaimingNormal)
        BatchNorm()
        Nonlinearity.relu
      }
    }.named("double_conv")
  }
}
