/// Mirrors top and bottom. In YAML its probability.
public struct VerticalFlip: Sendable, Hashable, Codable {
  /// How often.
  public var probability: Float
  public init(_ probability: Float = 0.5) { self.probability = probability }
}

extension VerticalFlip: SingleNumberAugmentation, ImageAugmentation {
  var number: Float { probability }
  var flaw: String? { probability >= 0 && probability <= 1 ? nil : "takes a probability from 0 to 1" }

  func apply(_ image: inout PixelImage, _ random: inout CounterGenerator) {
    guard random.uniform() < probability else { return }
    let row = image.width * image.channels
    for y in 0..<image.height / 2 {
      let (top, bottom) = (y * row, (image.height - 1 - y) * row)
      for i in 0..<row { image.values.swapAt(top + i, bottom + i) }
    }
  }
}
