internal import HoneCodecs
public import HoneIR

extension Preprocessing {
  /// One sample, without a batch axis, as the model takes it.
  public func apply(_ tensor: Tensor, _ content: Dataset.Content) throws(GraphError) -> Tensor {
    switch content {
    case .tensors: return tensor
    case .rows, .series: return try applyToRow(tensor)
    case .images:
      guard var image = PixelImage(tensor) else {
        throw GraphError(
          .input, "\(tensor.type) is no image; uint8 or float [height, width] or [height, width, channels] is expected")
      }
      for step in steps {
        try locating("preprocessing step \(step)") { () throws(GraphError) in image = try step.apply(image) }
      }
      return try Self.cast(image.arranged(layout), to: dtype)
    }
  }

  private func applyToRow(_ tensor: Tensor) throws(GraphError) -> Tensor {
    var values = tensor.floats
    let columns = max(tensor.sizes.last ?? 1, 1)
    for step in steps {
      guard let affine = step.affine else {
        throw GraphError(.input, "preprocessing step \(step) does not apply to rows of tables")
      }
      values = try affine.apply(values, channels: columns)
    }
    return Self.cast(Tensor(values, shape: tensor.sizes), to: dtype)
  }

  private static func cast(_ tensor: Tensor, to element: ElementType) -> Tensor {
    let (values, shape) = (tensor.floats, tensor.sizes)
    func whole(_ x: Float) -> Float { x.isNaN ? 0 : x.rounded(.toNearestOrEven) }
    switch element {
    case .float16: return Tensor(values.map { Float16($0) }, shape: shape)
    case .float64: return Tensor(values.map { Double($0) }, shape: shape)
    case .bfloat16: return Tensor(values.map { BFloat16($0) }, shape: shape)
    case .uint8: return Tensor(values.map { UInt8(min(max(whole($0), 0), 255)) }, shape: shape)
    case .int8: return Tensor(values.map { Int8(min(max(whole($0), -128), 127)) }, shape: shape)
    case .int32: return Tensor(values.map { Int32(min(max(whole($0), -2e9), 2e9)) }, shape: shape)
    case .int64: return Tensor(values.map { Int64(min(max(whole($0), -9e18), 9e18)) }, shape: shape)
    default: return tensor
    }
  }
}

extension PixelImage {
  fileprivate func arranged(_ layout: Preprocessing.Layout) throws(GraphError) -> Tensor {
    switch layout {
    case .nchw: return Tensor(planar(), shape: [channels, height, width])
    case .nhwc: return Tensor(values, shape: [height, width, channels])
    case .flat: return Tensor(values, shape: [values.count])
    case .nhw:
      guard channels == 1 else {
        throw GraphError(.input, "layout NHW takes one channel, the image has \(channels); add {\"grayscale\": true}")
      }
      return Tensor(values, shape: [height, width])
    }
  }
}

extension Preprocessing.Step {
  /// (x · scale − mean) / std, per channel.
  struct Affine {
    var scale: Float = 1
    var mean: [Float] = [0]
    var std: [Float] = [1]

    func apply(_ values: [Float], channels: Int) throws(GraphError) -> [Float] {
      for moments in [mean, std] where moments.count != 1 && moments.count != channels {
        throw GraphError(.input, "there are \(moments.count) numbers for \(channels) channels or columns")
      }
      var result = values
      for i in values.indices {
        let channel = i % channels
        let centered = values[i] * scale - mean[mean.count == 1 ? 0 : channel]
        result[i] = centered / std[std.count == 1 ? 0 : channel]
      }
      return result
    }
  }

  var affine: Affine? {
    switch self {
    case .scale(let factor): Affine(scale: factor)
    case .mean(let values): Affine(mean: values)
    case .std(let values): Affine(std: values)
    case .normalize(let mean, let std): Affine(mean: mean, std: std)
    default: nil
    }
  }

  func apply(_ image: PixelImage) throws(GraphError) -> PixelImage {
    switch self {
    case .scale, .mean, .std, .normalize:
      var copy = image
      copy.values = try affine!.apply(image.values, channels: image.channels)
      copy.isBytes = false
      return copy
    case .resize(let width, let height, let antialias):
      return Resize(width: width, height: height, antialias: antialias).apply(image)
    case .shortestEdge(let size, let antialias):
      let short = min(image.width, image.height)
      let (width, height) = (image.width * size / short, image.height * size / short)
      guard max(width, height) <= Self.edgeLimit else {
        throw GraphError(.input, "an image of \(image.width)×\(image.height) pixels would become \(width)×\(height)")
      }
      return Resize(width: width, height: height, antialias: antialias).apply(image)
    case .centerCrop(let width, let height):
      guard width <= image.width, height <= image.height else {
        throw GraphError(.input, "an image of \(image.width)×\(image.height) pixels is too small; resize it first")
      }
      return image.centerCropped(width: width, height: height)
    case .channelOrder(let order):
      guard image.channels == 3 || order == .rgb else {
        throw GraphError(.input, "a gray image has no channel order; add {\"rgb\": true}")
      }
      return order == .bgr ? image.swappedChannels() : image
    case .grayscale: return image.grayscaled()
    case .rgb: return image.colored()
    }
  }
}
