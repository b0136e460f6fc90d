/// Mirrors left and right. In YAML its probability.
public struct HorizontalFlip: Sendable, Hashable, Codable {
  /// How often.
  public var probability: Float
  public init(_ probability: Float = 0.5) { self.probability = probability }
}

extension HorizontalFlip: SingleNumberAugmentation, ImageAugmentation {
  var number: Float { probability }
  var flaw: String? { probability >= 0 && probability <= 1 ? nil : "takes a probability from 0 to 1" }

  func apply(_ image: inout PixelImage, _ random: inout CounterGenerator) {
    guard random.uniform() < probability else { return }
    let (width, channels) = (image.width, image.channels)
    for row in stride(from: 0, to: image.values.count, by: width * channels) {
      for x in 0..<width / 2 {
        let (left, right) = (row + x * channels, row + (width - 1 - x) * channels)
        for channel in 0..<channels { image.values.swapAt(left + channel, right + channel) }
      }
    }
  }
}
