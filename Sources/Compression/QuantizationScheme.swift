public import HoneIR

/// Scale and zero point: real = (integer − zero) · scale.
public struct QuantizationParameters: Sendable, Hashable, Codable {
  public var scale: Float
  public var zero: Int
  public var element: ElementType

  /// Parameters that cover `range`, widened to hold 0, which is always exact.
  public init(range: ClosedRange<Double>, element: ElementType, symmetric: Bool) {
    let (low, high) = (min(range.lowerBound, 0), max(range.upperBound, 0))
    let integers = element.integerRange!
    let levels = Double(integers.upperBound - integers.lowerBound)
    self.element = element
    if symmetric && element.isSignedInteger {
      let magnitude = max(-low, high)
      scale = Self.positive(magnitude / Double(integers.upperBound))
      zero = 0
    } else if symmetric {
      let magnitude = max(-low, high)
      scale = Self.positive(2 * magnitude / levels)
      zero = (integers.upperBound + 1 + integers.lowerBound) / 2
    } else {
      scale = Self.positive((high - low) / levels)
      zero = integers.lowerBound + Int((-low / Double(scale)).rounded(.toNearestOrEven))
      zero = min(max(zero, integers.lowerBound), integers.upperBound)
    }
  }

  private static func positive(_ scale: Double) -> Float {
    let narrow = Float(scale)
    return narrow.isNormal ? narrow : 1
  }

  /// The zero point as a scalar tensor.
  public var zeroPoint: Tensor {
    switch element {
    case .uint8: .scalar(UInt8(clamping: zero))
    case .int16: .scalar(Int16(clamping: zero))
    case .uint16: .scalar(UInt16(clamping: zero))
    default: .scalar(Int8(clamping: zero))
    }
  }
}

/// Weights as signed 8-bit integers with a scale for the tensor or for each output channel.
public struct QuantizedWeights: Sendable {
  public var integers: Tensor
  /// One scale, or one per channel.
  public var scales: [Float]

  /// Rounds float32 `weights` to −limit…limit, symmetrically.
  public init(_ weights: Tensor, axis: Int?, limit: Int = 127) {
    let sizes = weights.sizes
    let values = weights.floats
    let channels = axis.map { sizes[$0] } ?? 1
    let inner = axis.map { sizes[($0 + 1)...].reduce(1, *) } ?? values.count
    var magnitudes = [Float](repeating: 0, count: channels)
    for (i, value) in values.enumerated() {
      let channel = i / max(inner, 1) % channels
      if value.isFinite { magnitudes[channel] = max(magnitudes[channel], abs(value)) }
    }
    let scales = magnitudes.map { $0 / Float(limit) }.map { $0.isNormal ? $0 : 1 }
    self.scales = scales
    var integers = [Int8](repeating: 0, count: values.count)
    for (i, value) in values.enumerated() {
      let steps = (value / scales[i / max(inner, 1) % channels]).rounded(.toNearestOrEven)
      integers[i] = steps.isNaN ? 0 : Int8(max(Float(-limit), min(Float(limit), steps)))
    }
    self.integers = Tensor(integers, shape: sizes)
  }
}
