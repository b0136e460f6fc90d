public import HoneIR

extension Preprocessing {
  /// What suits a model that declares no preprocessing, with sentences for the log that say what was assumed.
  ///
  /// Images are resized and converted to the channels that `input` has, scaled by 1/255 if they are bytes and the model takes
  /// floats, and laid out as `input`: [N, C, H, W], [N, H, W, C], [N, H, W] or [N, values]. Rows take the type of `input`. Tensors
  /// that are ready give nil.
  public static func standard(
    for content: Dataset.Content, sample: TensorType, input: TensorType?
  ) -> (preprocessing: Preprocessing, notes: [String])? {
    switch content {
    case .tensors: return nil
    case .rows, .series:
      guard let input, input.element != .float32, input.element != .string else { return nil }
      return (
        Preprocessing(dtype: input.element),
        ["the model declares no preprocessing: columns become \(input.element.rawValue)"]
      )
    case .images: return image(sample, input)
    }
  }

  private static func image(_ sample: TensorType, _ input: TensorType?) -> (
    preprocessing: Preprocessing, notes: [String]
  ) {
    let sizes = sample.sizes ?? []
    var channels = sizes.count == 3 ? sizes[2] : 1
    var result = Preprocessing()
    if let input, let wanted = Frame(input, channels: channels, values: sizes.reduce(1, *)) {
      result.layout = wanted.layout
      if let count = wanted.channels, count != channels {
        result.steps.append(count == 1 ? .grayscale : .rgb)
        channels = count
      }
      if let width = wanted.width, let height = wanted.height, sizes.count >= 2, [height, width] != Array(sizes[..<2]) {
        result.steps.append(.resize(width: width, height: height))
      }
    }
    if let element = input?.element, element != .string { result.dtype = element }
    if sample.element == .uint8 && result.dtype.isFloatingPoint { result.steps.append(.scale(1 / 255)) }
    return (result, ["the model declares no preprocessing: \(result.sentence)"])
  }

  private var sentence: String {
    let parts = steps.map { step in
      switch step {
      case .scale: "scaled by 1/255"
      case .resize(let width, let height, _): "resized to \(width)×\(height)"
      case .grayscale: "turned gray"
      case .rgb: "given three channels"
      default: "\(step)"
      }
    }
    return "images are \((parts + ["laid out \(layout.rawValue)"]).joined(separator: ", "))"
  }

  /// The image that a model's input asks for.
  private struct Frame {
    var layout: Layout
    var channels: Int?
    var width: Int?
    var height: Int?

    init?(_ input: TensorType, channels: Int, values: Int) {
      guard let shape = input.shape else { return nil }
      let sizes = shape.map(\.size)
      switch sizes.count {
      case 4:
        let isLast = [1, 3].contains(sizes[3]) && ![1, 3].contains(sizes[1])
        layout = isLast ? .nhwc : .nchw
        (self.channels, height, width) = isLast ? (sizes[3], sizes[1], sizes[2]) : (sizes[1], sizes[2], sizes[3])
        if let count = self.channels, count != 1, count != 3 { self.channels = nil }
      case 3: (layout, self.channels, height, width) = (.nhw, 1, sizes[1], sizes[2])
      case 2 where sizes[1] == nil || sizes[1] == values: layout = .flat
      default: return nil
      }
    }
  }
}

extension Dataset {
  /// The dataset as a model takes it: preprocessed as the model's metadata say, or as suits its first input, with a note.
  public func prepared(metadata: [String: String], input: TensorType?) throws(GraphError) -> Dataset {
    if let json = metadata[Preprocessing.metadataKey] {
      var prepared = preprocessed(by: try Preprocessing(json: json))
      if content == .tensors {
        prepared.notes.append("the samples are tensors: the model’s preprocessing is not applied")
      }
      return prepared
    }
    guard count > 0, let sample = try preprocessed(by: nil).sample(at: 0).inputs.first,
      let standard = Preprocessing.standard(for: content, sample: sample.tensor.type, input: input)
    else { return self }
    var prepared = preprocessed(by: standard.preprocessing)
    prepared.notes += standard.notes
    return prepared
  }
}
