/// Blackens a square around a random pixel, cut off at the edges (DeVries and Taylor, 2017). In YAML the side.
public struct Cutout: Sendable, Hashable, Codable {
  /// The side in whole pixels.
  public var size: Float
  public init(_ size: Float = 8) { self.size = size }
}

extension Cutout: SingleNumberAugmentation, ImageAugmentation {
  var number: Float { size }
  var flaw: String? { size >= 0 && size <= 4096 && size == size.rounded() ? nil : "takes whole pixels, not negative" }

  func apply(_ image: inout PixelImage, _ random: inout CounterGenerator) {
    let (side, x, y) = (Int(size), random.below(image.width), random.below(image.height))
    let columns = max(x - side / 2, 0)..<min(x - side / 2 + side, image.width)
    let rows = max(y - side / 2, 0)..<min(y - side / 2 + side, image.height)
    guard !columns.isEmpty else { return }
    for row in rows {
      let start = row * image.width
      let places = (start + columns.lowerBound) * image.channels..<(start + columns.upperBound) * image.channels
      for place in places { image.values[place] = 0 }
    }
  }
}
