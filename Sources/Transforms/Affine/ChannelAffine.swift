import HoneIR
import HoneOperators

/// x · scale + shift, one scale and shift for each channel.
struct ChannelAffine {
  var scale: [Float]
  var shift: [Float]

  /// A normalization with constant parameters.
  init?(_ norm: BatchNormalization, _ node: Node, in graph: Graph) {
    guard !norm.training_mode, node.operands.count == 5 else { return nil }
    var parameters: [[Float]] = []
    for i in 1...4 {
      guard let tensor = graph.constant(node.operands[i]), tensor.element == .float32, tensor.sizes.count == 1 else {
        return nil
      }
      parameters.append(tensor.values(as: Float.self))
    }
    guard parameters.allSatisfy({ $0.count == parameters[0].count }) else { return nil }
    (scale, shift) = (parameters[0], parameters[1])
    for c in scale.indices {
      let factor = Double(parameters[0][c]) / (Double(parameters[3][c]) + Double(norm.epsilon)).squareRoot()
      scale[c] = Float(factor)
      shift[c] = Float(Double(parameters[1][c]) - Double(parameters[2][c]) * factor)
    }
    guard (scale + shift).allSatisfy(\.isFinite) else { return nil }
  }

  /// A sum or product with a constant of one number for each of `count` channels along `axis`; gives what it is applied to as well.
  static func elementwise(_ node: Node, axis: Int, count: Int, in graph: Graph) -> (
    source: Value, affine: ChannelAffine
  )? {
    guard let (source, constant, position) = graph.withConstant(node), graph.element(of: source) == .float32,
      let numbers = graph.perChannel(constant, of: source, axis: axis, count: count)
    else { return nil }
    let ones = [Float](repeating: 1, count: count)
    let zeros = [Float](repeating: 0, count: count)
    let affine: ChannelAffine
    switch node.op {
    case is Mul: affine = ChannelAffine(scale: numbers, shift: zeros)
    case is Add: affine = ChannelAffine(scale: ones, shift: numbers)
    case is Div where position == 1 && numbers.allSatisfy({ $0 != 0 }):
      affine = ChannelAffine(scale: numbers.map { 1 / $0 }, shift: zeros)
    case is Sub where position == 1: affine = ChannelAffine(scale: ones, shift: numbers.map { -$0 })
    case is Sub: affine = ChannelAffine(scale: ones.map { -$0 }, shift: numbers)
    default: return nil
    }
    guard (affine.scale + affine.shift).allSatisfy(\.isFinite) else { return nil }
    return (source, affine)
  }

  private init(scale: [Float], shift: [Float]) { (self.scale, self.shift) = (scale, shift) }

  var isShiftOnly: Bool { scale.allSatisfy { $0 == 1 } }
  var isScaleOnly: Bool { shift.allSatisfy { $0 == 0 } }

  /// The affine map of `bias`, zero if absent.
  func applied(to bias: [Float]?) -> [Float] {
    zip(scale, shift).enumerated().map { c, both in (bias?[c] ?? 0) * both.0 + both.1 }
  }
}

extension Graph {
  /// The numbers of a constant that has one for each channel along `axis` of `value`, or one for all.
  func perChannel(_ constant: Value, of value: Value, axis: Int, count: Int) -> [Float]? {
    guard let tensor = self.constant(constant), tensor.element == .float32, let rank = rank(of: value),
      broadcasts(tensor.sizes, into: value)
    else { return nil }
    if tensor.elementCount == 1 { return [Float](repeating: Float(tensor.double(at: 0)), count: count) }
    let offset = rank - tensor.sizes.count
    guard tensor.elementCount == count, axis >= offset, tensor.sizes[axis - offset] == count else { return nil }
    return tensor.values(as: Float.self)
  }

  /// A float32 constant that may be replaced by a changed copy without making the model much bigger.
  func ownWeights(_ value: Value?) -> Tensor? {
    guard let value, let tensor = constant(value), tensor.element == .float32 else { return nil }
    return userCount(of: value) == 1 || tensor.byteCount <= 64 * 1024 ? tensor : nil
  }

  /// The elements of a bias: `.some(nil)` if there is none, nil if it is not known.
  func bias(_ node: Node, at i: Int, count: Int) -> [Float]?? {
    guard i < node.operands.count, let value = node.operands[i] else { return .some(nil) }
    guard let tensor = constant(value), tensor.element == .float32, tensor.elementCount == count else { return nil }
    return tensor.values(as: Float.self)
  }
}

extension Tensor {
  /// Elements multiplied by `factors`, those of consecutive blocks of `inner` elements by the same one, over and over.
  func scaled(by factors: [Float], inner: Int) -> Tensor {
    var values = values(as: Float.self)
    var start = 0
    var channel = 0
    while start < values.count {
      let factor = factors[channel]
      for i in start..<(start + inner) { values[i] *= factor }
      start += inner
      channel = channel + 1 == factors.count ? 0 : channel + 1
    }
    return with(floats: values)
  }
}
