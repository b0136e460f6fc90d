import HoneIR

extension BuiltInModel {
  /// EDSR (Lim et al., arXiv 1707.02921), its baseline: 16 residual blocks of 64 filters without normalization, enlarged
  /// by channels that become pixels, twice by 2 for 4.
  ///
  /// input `[batch, 3, 32, 32]` → image `scale` times as high and wide; 1,369,859 parameters at 2. Options: `scale` 2, 3
  /// or 4; `layers` blocks of `hidden` filters.
  static let edsr = BuiltInModel(
    "edsr", "Residual blocks without normalization (Lim et al. 2017)", .superResolution, .meanAbsoluteError,
    ModelOptions(input: [3, 32, 32], hidden: 64, layers: 16, scale: 2)
  ) { (network, settings) throws(GraphError) in
    try settings.requireScale()
    func convolution(_ filters: Int) -> Convolution2D { Convolution2D(filters, kernel: 3, padding: 1) }
    let features = settings.hidden
    let steps = settings.scale == 4 ? [2, 2] : [settings.scale]
    let body = Sequential {
      for _ in 0..<settings.layers {
        Residual(
          Sequential {
            convolution(features)
            Nonlinearity.relu
            convolution(features)
          }.named("body"))
      }
      convolution(features)
    }
    try network.superResolution(settings) {
      Sequential { convolution(features) }.named("head")
      Residual(body.named("body")).unscoped
      Sequential {
        Sequential {
          for step in steps {
            convolution(features * step * step)
            PixelShuffle(step)
          }
        }
        convolution(settings.input[0])
      }.named("tail")
    }
  }
}
