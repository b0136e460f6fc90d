internal import HoneCodecs
internal import HoneIR

/// An image while it is being preprocessed: rows from the top, channels innermost.
struct PixelImage: Sendable, Equatable {
  var width: Int
  var height: Int
  var channels: Int
  var values: [Float]
  /// The values are whole and lie in 0…255; results of resizing are rounded, as image libraries do.
  var isBytes: Bool

  init(width: Int, height: Int, channels: Int, values: [Float], isBytes: Bool) {
    precondition(values.count == width * height * channels)
    (self.width, self.height, self.channels, self.values, self.isBytes) = (width, height, channels, values, isBytes)
  }

  /// Samples of these sizes are images: [height, width] or [height, width, channels] with 1, 3 or 4 channels.
  static func accepts(_ sizes: [Int]) -> Bool {
    (sizes.count == 2 || sizes.count == 3 && [1, 3, 4].contains(sizes[2])) && !sizes.contains(0)
  }

  /// A uint8 or float tensor as an image; alpha is dropped. Nil if it is none.
  init?(_ tensor: Tensor) {
    let sizes = tensor.sizes
    guard Self.accepts(sizes), tensor.element == .uint8 || tensor.element.isFloatingPoint else { return nil }
    let stored = sizes.count == 2 ? 1 : sizes[2]
    var values = tensor.element == .uint8 ? tensor.values(as: UInt8.self).map(Float.init) : tensor.floats
    if stored == 4 { values = values.indices.filter { $0 % 4 != 3 }.map { values[$0] } }
    self.init(
      width: sizes[1], height: sizes[0], channels: min(stored, 3), values: values, isBytes: tensor.element == .uint8)
  }

  /// uint8 [height, width, channels] if the values are bytes, else float32.
  var tensor: Tensor {
    let shape = [height, width, channels]
    return isBytes ? Tensor(values.map { UInt8($0) }, shape: shape) : Tensor(values, shape: shape)
  }

  /// One channel: the luma of ITU-R 601. Bytes are computed as Pillow does, in 16 bits of fraction.
  func grayscaled() -> PixelImage {
    guard channels == 3 else { return self }
    var gray: [Float] = []
    gray.reserveCapacity(width * height)
    for i in stride(from: 0, to: values.count, by: 3) {
      let (r, g, b) = (values[i], values[i + 1], values[i + 2])
      if isBytes {
        let sum = Int(r) * 19595 + Int(g) * 38470 + Int(b) * 7471 + 0x8000
        gray.append(Float(sum >> 16))
      } else {
        gray.append(0.299 * r + 0.587 * g + 0.114 * b)
      }
    }
    return PixelImage(width: width, height: height, channels: 1, values: gray, isBytes: isBytes)
  }

  /// Three channels; gray is repeated.
  func colored() -> PixelImage {
    guard channels == 1 else { return self }
    var color: [Float] = []
    color.reserveCapacity(values.count * 3)
    for value in values { for _ in 0..<3 { color.append(value) } }
    return PixelImage(width: width, height: height, channels: 3, values: color, isBytes: isBytes)
  }

  /// The first and the last channel change places.
  func swappedChannels() -> PixelImage {
    var copy = self
    for i in stride(from: 0, to: values.count - channels + 1, by: channels) { copy.values.swapAt(i, i + channels - 1) }
    return copy
  }

  /// The part of the given size around the middle.
  func centerCropped(width newWidth: Int, height newHeight: Int) -> PixelImage {
    precondition(newWidth <= width && newHeight <= height)
    let left = Self.halfToEven(width - newWidth)
    let top = Self.halfToEven(height - newHeight)
    var cropped: [Float] = []
    cropped.reserveCapacity(newWidth * newHeight * channels)
    for y in top..<top + newHeight {
      let start = (y * width + left) * channels
      cropped += values[start..<start + newWidth * channels]
    }
    return PixelImage(width: newWidth, height: newHeight, channels: channels, values: cropped, isBytes: isBytes)
  }

  private static func halfToEven(_ n: Int) -> Int { n % 4 == 3 ? n / 2 + 1 : n / 2 }

  /// Channels outermost.
  func planar() -> [Float] {
    guard channels > 1 else { return values }
    var planes: [Float] = []
    planes.reserveCapacity(values.count)
    for channel in 0..<channels {
      for i in stride(from: channel, to: values.count, by: channels) { planes.append(values[i]) }
    }
    return planes
  }
}
