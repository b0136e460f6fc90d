/// A change of a graph that keeps its meaning, or changes it exactly as documented.
/// The stored properties are its options; a recipe names them.
public protocol Pass: Sendable, Codable {
  static var name: String { get }
  init()
  func run(on graph: inout Graph) throws(GraphError)
}
extension Pass {
  public static var name: String { "\(Self.self)" }
  public var name: String { Self.name }
}

/// Passes in order, repeated until nothing changes or `rounds` is used up.
public struct Pipeline: Sendable {
  public var passes: [any Pass]
  public var rounds: Int
  public init(_ passes: [any Pass], rounds: Int = 1) { (self.passes, self.rounds) = (passes, rounds) }

  public func run(on graph: inout Graph) throws(GraphError) {
    for _ in 0..<rounds {
      let before = graph.revision
      for pass in passes {
        try locating(pass.name) { () throws(GraphError) in try pass.run(on: &graph) }
        graph.removeDeadNodes()
      }
      if graph.revision == before { return }
    }
  }
}
