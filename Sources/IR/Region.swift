/// A graph inside an operator. It is closed: outer values that it uses are its last inputs,
/// and the operator's last operands.
public struct Region: Sendable, Hashable, Codable {
  private final class Box: Sendable {
    let graph: Graph
    init(_ graph: Graph) { self.graph = graph }
  }
  private let box: Box
  /// How many of the graph's inputs, the last ones, are outer values.
  public let captureCount: Int

  public init(_ graph: Graph, captureCount: Int = 0) { (box, self.captureCount) = (Box(graph), captureCount) }
  public init() { self.init(Graph()) }

  public var graph: Graph { box.graph }
  /// Equal for copies of the same region.
  public var identity: ObjectIdentifier { ObjectIdentifier(box) }
  /// Inputs that the operator itself defines.
  public var formalInputs: ArraySlice<Value> { graph.inputs.dropLast(captureCount) }
  public var captures: ArraySlice<Value> { graph.inputs.suffix(captureCount) }

  public static func == (a: Region, b: Region) -> Bool {
    a.box === b.box || (a.captureCount == b.captureCount && a.graph.description == b.graph.description)
  }
  public func hash(into hasher: inout Hasher) { hasher.combine(captureCount) }
  public init(from decoder: any Decoder) throws {
    throw GraphError(.attribute, "regions are decoded from attributes only")
  }
  public func encode(to encoder: any Encoder) throws {
    throw GraphError(.attribute, "regions are encoded to attributes only")
  }
}
