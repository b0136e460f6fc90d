public import HoneIR
import HoneKernels

/// The cotangent of the columns of `Col2Im`: blocks of the image's cotangent. Operands 1 and 2 are the sizes of the image
/// and of a block.
public struct Col2ImGradient: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var dilations: [Int]?
  public var pads: [Int]?
  public var strides: [Int]?
  public init() {}

  private func layout(_ call: Call) throws(GraphError) -> ColumnLayout {
    try ColumnLayout(
      image: call.requireIntegers(1, "the image shape"), block: call.requireIntegers(2, "the block shape"),
      dilations: dilations, pads: pads, strides: strides)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    let (sizes, layout) = (try call.sizes(0), try layout(call))
    return [
      .tensor(try call.element(0), [sizes[0], sizes[1] * layout.elementCount, layout.blockCount])
    ]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (sizes, layout) = (try call.sizes(0), try layout(call))
    let (planes, length, width) = (sizes[0] * sizes[1], sizes[2...].reduce(1, *), try call.element(0).byteWidth)
    return Kernel(tasks: planes) { frame, range in
      for plane in range where plane < planes {
        let source = frame.operandBytes(0) + plane * length * width
        let target = frame.resultBytes() + plane * layout.elementCount * layout.blockCount * width
        target.initializeMemory(as: UInt8.self, repeating: 0, count: layout.elementCount * layout.blockCount * width)
        for k in 0..<layout.elementCount {
          for b in 0..<layout.blockCount {
            guard let position = layout.position(ofElement: k, inBlock: b) else { continue }
            moveElement(target + (k * layout.blockCount + b) * width, source + position * width, width)
          }
        }
      }
    }
  }
}
