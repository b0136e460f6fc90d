/// Pads an image with black on all sides and cuts out a random window. In YAML `{padding: 4}`, or with a size of its own
/// `{padding: 0, width: 224, height: 224}`.
public struct RandomCrop: Sendable, Hashable, Codable {
  /// Pixels added on each side.
  public var padding: Int
  /// The size of the window; as the image was if nil.
  public var width: Int?
  public var height: Int?
  public init(padding: Int = 4, width: Int? = nil, height: Int? = nil) {
    (self.padding, self.width, self.height) = (padding, width, height)
  }

  public init(from decoder: any Decoder) throws {
    try decoder.expectKeys(["padding", "width", "height"])
    let container = try decoder.container(keyedBy: CodingKeys.self)
    padding = try container.decodeIfPresent(Int.self, forKey: .padding) ?? 0
    width = try container.decodeIfPresent(Int.self, forKey: .width)
    height = try container.decodeIfPresent(Int.self, forKey: .height)
  }
}

extension RandomCrop: ImageAugmentation {
  var flaw: String? {
    let limit = Preprocessing.Step.edgeLimit
    return (0...limit).contains(padding) && [width, height].allSatisfy { $0.map { (1...limit).contains($0) } ?? true }
      ? nil : "takes a padding of 0 to \(limit) pixels and sizes from 1 to \(limit)"
  }

  /// An image that is smaller than the window even with its padding is padded as far as it takes.
  func apply(_ image: inout PixelImage, _ random: inout CounterGenerator) {
    let (newWidth, newHeight) = (width ?? image.width, height ?? image.height)
    let left = start(image.width, newWidth, &random)
    let top = start(image.height, newHeight, &random)
    guard left != 0 || top != 0 || newWidth != image.width || newHeight != image.height else { return }
    image = image.window(left: left, top: top, width: newWidth, height: newHeight)
  }

  private func start(_ size: Int, _ window: Int, _ random: inout CounterGenerator) -> Int {
    let room = size + 2 * padding - window
    return room < 0 ? (size - window) / 2 : random.below(room + 1) - padding
  }
}

extension PixelImage {
  /// The part of the given size from column `left` and row `top` on; black where it reaches over the edges.
  func window(left: Int, top: Int, width newWidth: Int, height newHeight: Int) -> PixelImage {
    var result = [Float](repeating: 0, count: newWidth * newHeight * channels)
    let columns = max(0, -left)..<max(max(0, -left), min(newWidth, width - left))
    for y in max(0, -top)..<max(max(0, -top), min(newHeight, height - top)) {
      let source = ((y + top) * width + left) * channels
      let target = y * newWidth * channels
      for i in columns.lowerBound * channels..<columns.upperBound * channels {
        result[target + i] = values[source + i]
      }
    }
    return PixelImage(width: newWidth, height: newHeight, channels: channels, values: result, isBytes: isBytes)
  }
}
