public import HoneIR
import HoneKernels

/// y = x in another element type
public struct Cast: ExecutableOp, EvaluatedOp, ElementwiseOp, SymbolicOp, RequiringOp, UpgradableOp {
  /// How float8e8m0, which has only powers of two, is rounded to.
  public enum Rounding: String, Sendable, Codable { case up, down, nearest }
  public var to = ElementType.float32
  /// Whether numbers beyond the largest of an 8-bit type become that rather than infinity or NaN.
  public var saturate = true
  public var round_mode = Rounding.up
  public init() {}
  public init(to: ElementType) { self.to = to }
  public static var since: Int { 13 }
  public static var required: [String] { ["to"] }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let x = try call.tensor(0)
    guard !x.element.isComplex, !to.isComplex else { throw .unsupported(x.element.isComplex ? x.element : to) }
    return [.tensor(x.with(to))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let from = try call.element(0)
    if from == to { return .view }
    guard from != .string, to != .string else { throw GraphError(.dataDependent, "strings are allocated when running") }
    let reader = ElementReader(from)
    let writer = ElementWriter(to, saturate: saturate, rounding: round_mode)
    let chunks = Chunks(count: try call.result().elementCount!)
    if let source = from.scalarType, let target = to.scalarType { return Self.convert(source, target, chunks) }
    return Kernel(tasks: chunks.taskCount, scratch: 2 * CastBlock.count * 8) { frame, tasks in
      let range = chunks.elements(tasks)
      let middle = frame.scratch + CastBlock.count * 8
      for start in stride(from: range.lowerBound, to: range.upperBound, by: CastBlock.count) {
        let count = min(CastBlock.count, range.upperBound - start)
        reader.read(frame.operandBytes(0), from: start, count: count, into: frame.scratch)
        writer.write(frame.scratch, reader.type, count: count, middle, into: frame.resultBytes(), from: start)
      }
    }
  }

  private static func convert(_ source: ScalarType, _ target: ScalarType, _ chunks: Chunks) -> Kernel {
    let machine = InstructionSet.current
    return Kernel(tasks: chunks.taskCount, overwrites: source.byteWidth == target.byteWidth ? [0: 0] : [:]) {
      frame, tasks in
      let range = chunks.elements(tasks)
      machine.convert(
        frame.operandBytes(0) + range.lowerBound * source.byteWidth, source,
        to: frame.resultBytes() + range.lowerBound * target.byteWidth, target, count: range.count)
    }
  }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard to == .int64 || to == .int32, let elements = symbolicVector(call, 0) else { return nil }
    let isInside = elements.allSatisfy { $0.size.map { Int32(exactly: $0) != nil } ?? true }
    return to == .int64 || isInside ? elements : nil
  }

  /// Opset 1 gave the type by name.
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard case .string(let name)? = node.attributes["to"] else { return }
    guard let code = typeNames.firstIndex(of: name.uppercased()) else {
      throw GraphError(.attribute, "attribute ‘to’ cannot be \(name)")
    }
    node.attributes["to"] = .int(code)
  }

  private static let typeNames = [
    "UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL", "FLOAT16", "DOUBLE",
    "UINT32", "UINT64",
  ]
}

extension Cast: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let element = g.tensorType(of: node.operands[0]!).element
    guard element.isFloatingPoint, to.isFloatingPoint else { return [] }
    return [element == to ? dy : try g.cast(dy, to: element)]
  }
}
