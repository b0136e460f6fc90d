internal import HoneCodecs
internal import HoneIR

/// Preprocessing of bytes that treats every value of a channel alike, as a table of its results. Nil where it does not.
struct PixelTable: Sendable {
  private let channels: Int
  /// 256 results for each channel, one channel after the other.
  private let results: [Float]
  private let layout: Preprocessing.Layout

  /// For images as `sample`.
  init?(_ preprocessing: Preprocessing?, _ sample: Tensor) throws(GraphError) {
    guard let preprocessing, preprocessing.dtype == .float32, sample.element == .uint8,
      preprocessing.steps.allSatisfy({ $0.affine != nil }), let image = PixelImage(sample)
    else { return nil }
    let stored = sample.sizes.count == 2 ? 1 : sample.sizes[2]
    guard stored == image.channels, preprocessing.layout != .nhw || stored == 1 else { return nil }
    channels = stored
    layout = preprocessing.layout
    let ramp = (0..<256).flatMap { value in [UInt8](repeating: UInt8(value), count: stored) }
    let planar = Preprocessing(preprocessing.steps, layout: .nchw)
    results = try planar.apply(Tensor(ramp, shape: [1, 256, stored]), .images).floats
  }

  /// The sizes of the result for an image of the given sizes.
  func sizes(for image: [Int]) -> [Int] {
    switch layout {
    case .nchw: [channels, image[0], image[1]]
    case .nhwc: [image[0], image[1], channels]
    case .nhw: [image[0], image[1]]
    case .flat: [image[0] * image[1] * channels]
    }
  }

  /// Adds the preprocessed `bytes` of an image, channels innermost.
  func append(_ bytes: [UInt8], to values: inout [Float]) {
    if channels == 1 {
      for byte in bytes { values.append(results[Int(byte)]) }
    } else if layout == .nchw {
      for channel in 0..<channels {
        for i in stride(from: channel, to: bytes.count, by: channels) {
          values.append(results[channel << 8 + Int(bytes[i])])
        }
      }
    } else {
      for i in stride(from: 0, to: bytes.count, by: channels) {
        for channel in 0..<channels { values.append(results[channel << 8 + Int(bytes[i + channel])]) }
      }
    }
  }
}
