/// One operator with its attributes. The stored properties are the attributes, named as in ONNX;
/// equality, hashing, import, export and printing follow from them.
public protocol Op: Sendable, Hashable, Codable {
  /// The operator's ONNX name.
  static var name: String { get }
  /// The ONNX domain; empty for the standard set.
  static var domain: String { get }
  /// The first operator-set version of `domain` in which this form, its attributes and operands, is valid.
  static var since: Int { get }
  /// Every attribute at its default.
  init()
  /// The types of the results, or why the operands do not fit.
  ///
  /// Sizes may be symbols. A size that depends on data is a fresh symbol (`call.unknownSize()`), never a guess.
  func infer(_ call: Call) throws(GraphError) -> [ValueType]
}
extension Op {
  public static var name: String { "\(Self.self)" }
  public static var domain: String { "" }
  public static var since: Int { 1 }
  public var name: String { Self.name }
  public var domain: String { Self.domain }
  /// Domain and name, as error messages and tables show them.
  public var qualifiedName: String { domain.isEmpty ? name : "\(domain):\(name)" }
  public func isEqual(to other: any Op) -> Bool {
    guard let other = other as? Self else { return false }
    return self == other
  }
}

/// An operator this machine can run once all types are concrete and the values that determine result shapes are known.
public protocol ExecutableOp: Op {
  /// Chooses a kernel. Everything that can fail, fails here and not when running.
  func kernel(_ call: Call) throws(GraphError) -> Kernel
}

/// An operator that allocates its results when it runs: strings, sequences, control flow, shapes that depend on data.
public protocol EvaluatedOp: Op {
  func evaluate(_ operands: [RuntimeValue?], in context: borrowing EvaluationContext) throws(GraphError)
    -> [RuntimeValue]
}

/// An operator defined by others. Its expansion runs it, differentiates it, tests it and recognises it in imported graphs.
public protocol CompositeOp: Op {
  /// Builds the results in `graph`. `call` describes the operands (types, known values, number of results).
  func expand(_ operands: [Value?], _ call: Call, in graph: inout Graph) throws(GraphError) -> [Value]
}
extension CompositeOp {
  /// The expansion knows the result types.
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    var scratch = Graph()
    let inputs = scratch.inputs(like: call)
    let results = try expand(inputs, call, in: &scratch)
    return results.map { scratch.type(of: $0) }
  }
}

/// An operator whose gradient is known.
public protocol DifferentiableOp: Op {
  /// Vector-Jacobian product: the cotangent of each operand, given those of the results.
  func pullback(_ node: Node, _ cotangents: [Value?], in graph: inout Graph) throws(GraphError) -> [Value?]
}

/// An operator that makes its first result again with less work than at first.
public protocol RecomputableOp: Op {
  /// Result 0 of `node` with the same bits, from `operands`, which are the node's or made again themselves, and from its
  /// other results; nil if that takes all the work of the node.
  func recompute(_ node: Node, _ operands: [Value?], in graph: inout Graph) throws(GraphError) -> Value?
}

/// An operator of two operands whose order does not matter.
public protocol CommutativeOp: Op {}

/// An operator that acts on each element alone, with ONNX broadcasting if it has several operands.
public protocol ElementwiseOp: Op {}

/// An operator that computes integer vectors used as shapes, also when some sizes are still symbols.
public protocol SymbolicOp: Op {
  /// The elements of result 0, a vector or scalar of integers, or nil if they cannot be told.
  func symbolicResult(_ call: Call) -> [Dimension]?
}

/// An operator whose older or vendor-specific spellings are turned into the form that its properties describe.
public protocol UpgradableOp: Op {
  /// Rewrites a node written for operator-set version `version` of its domain.
  static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError)
}

/// An operator with regions: graphs that run inside it.
public protocol RegionOp: Op {
  var regions: [Region] { get set }
}

/// An operator that stands for one of its regions once it is known which.
public protocol BranchingOp: RegionOp {
  /// The operands that decide.
  var decidingOperands: Set<Int> { get }
  /// The region that runs on the last operands, given that the deciding operands are known.
  func branch(_ call: Call) throws(GraphError) -> Region
}

/// An operator that gives other results every time it runs; never folded, never merged.
public protocol RandomOp: Op {}

/// Where an operator keeps its weights, and which of their axes are channels.
public struct WeightLayout: Sendable {
  /// The operand that holds the weights.
  public var operand: Int
  /// The weights' axis that counts output channels.
  public var outputAxis: Int
  /// The operand that holds one bias per output channel, if there is one or could be.
  public var bias: Int?
  public init(operand: Int = 1, outputAxis: Int, bias: Int?) {
    (self.operand, self.outputAxis, self.bias) = (operand, outputAxis, bias)
  }
}

/// An operator whose result is a sum of products with weights.
public protocol WeightedOp: Op {
  /// The layout for operands of these types, or nil if the operator is not a plain weighted sum with its attributes.
  func weightLayout(_ call: Call) -> WeightLayout?
  /// Multiply–accumulate operations for concrete types.
  func multiplyAccumulates(_ call: Call) -> Int
}

/// How an operator that is not a weighted sum takes part in quantization.
public enum QuantizationRole: Sendable {
  /// Moves values without changing them; the result has operand 0's scale.
  case carries
  /// Computes new values; operands and result each have their own scale.
  case computes
  /// Narrows the result of a weighted sum, which can do it as it stores.
  case activates
}

/// An operator that has a form on 8-bit integers.
public protocol QuantizableOp: Op {
  var quantizationRole: QuantizationRole { get }
  /// Operands that carry values to quantize; others are sizes, axes and the like.
  var quantizableOperands: Range<Int>? { get }
}
extension QuantizableOp {
  /// Operand 0 alone.
  public var quantizableOperands: Range<Int>? { 0..<1 }
}
