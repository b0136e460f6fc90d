public import HoneIR

/// Columns of blocks added up into images: [n, c·Πblock, l] → [n, c, image…].
public struct Col2Im: ExecutableOp {
  public var dilations: [Int]?
  public var pads: [Int]?
  public var strides: [Int]?
  public init() {}
  public static var since: Int { 18 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    let data = try call.tensor(0)
    var given = call.symbolic(1)
    if given == nil { given = try call.unknownShape(asLongAs: 1) }
    guard let image = given else { return [.tensor(data.with(shape: nil))] }
    guard let shape = data.shape else {
      return [.tensor(data.with(shape: [call.unknownSize(), call.unknownSize()] + image))]
    }
    guard shape.count == 3 else { throw GraphError(.type, "takes [n, c·block, l], has \(data)") }
    let channels = call.symbolic(2).map { shape[1] / $0.product } ?? call.unknownSize()
    return [.tensor(data.with(shape: try [shape[0], channels] + checked(image)))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (x, element) = (try call.sizes(0), try call.element(0))
    try ScatterReduction.add.expectSupport(for: element)
    let image = try call.requireIntegers(1, "the image shape")
    let block = try call.requireIntegers(2, "the block shape")
    let layout = try ColumnLayout(
      image: image, block: block, dilations: dilations, pads: pads, strides: strides)
    guard layout.elementCount > 0, x[1] % layout.elementCount == 0, x[2] == layout.blockCount else {
      throw GraphError(.type, "\(try call.tensor(0)) is not made of \(layout.blockCount) blocks \(block)")
    }
    let (planes, width, planeLength) = (x[0] * x[1] / layout.elementCount, element.byteWidth, image.product)
    return Kernel(tasks: planes) { frame, range in
      for plane in range where plane < planes {
        let source = frame.operandBytes(0) + plane * layout.elementCount * layout.blockCount * width
        let target = frame.resultBytes() + plane * planeLength * width
        target.initializeMemory(as: UInt8.self, repeating: 0, count: planeLength * width)
        for k in 0..<layout.elementCount {
          for b in 0..<layout.blockCount {
            guard let position = layout.position(ofElement: k, inBlock: b) else { continue }
            ScatterReduction.add.join(
              target + position * width, source + (k * layout.blockCount + b) * width, 1, element)
          }
        }
      }
    }
  }
}

/// Where the elements of blocks lie in an image.
struct ColumnLayout: Sendable {
  private let image: [Int]
  private let block: [Int]
  private let dilations: [Int]
  private let begins: [Int]
  private let steps: [Int]
  private let blocks: [Int]
  let elementCount: Int
  let blockCount: Int

  init(image: [Int], block: [Int], dilations: [Int]?, pads: [Int]?, strides: [Int]?) throws(GraphError) {
    let rank = image.count
    let ones = Array(repeating: 1, count: rank)
    let pads = pads ?? Array(repeating: 0, count: 2 * rank)
    (self.image, self.block, self.dilations, steps) = (image, block, dilations ?? ones, strides ?? ones)
    guard block.count == rank, self.dilations.count == rank, pads.count == 2 * rank, steps.count == rank,
      (steps + block + self.dilations).allSatisfy({ (1..<1 << 30).contains($0) }),
      (pads + image).allSatisfy({ (0..<1 << 30).contains($0) })
    else { throw GraphError(.type, "blocks \(block) do not fit the image \(image)") }
    begins = Array(pads[..<rank])
    var blocks: [Int] = []
    for i in 0..<rank {
      let span = image[i] + pads[i] + pads[rank + i] - self.dilations[i] * (block[i] - 1) - 1
      blocks.append(span < 0 ? 0 : span / steps[i] + 1)
    }
    self.blocks = blocks
    (elementCount, blockCount) = (block.product, blocks.product)
  }

  /// The position in the image of an element of a block; nil if it lies in the padding.
  func position(ofElement element: Int, inBlock number: Int) -> Int? {
    var (k, b, position, stride) = (element, number, 0, 1)
    for i in image.indices.reversed() {
      let at = b % blocks[i] * steps[i] - begins[i] + k % block[i] * dilations[i]
      guard at >= 0, at < image[i] else { return nil }
      position += at * stride
      stride *= image[i]
      (k, b) = (k / block[i], b / blocks[i])
    }
    return position
  }
}

extension Col2Im: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    var gradient = Col2ImGradient()
    (gradient.dilations, gradient.pads, gradient.strides) = (dilations, pads, strides)
    return [try g.apply(gradient, dy, node.operands[1], node.operands[2])]
  }
}
