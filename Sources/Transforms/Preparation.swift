public import HoneIR
public import HoneRuntime

/// How a graph is made ready to run on this machine.
public struct Preparation: Sendable {
  /// Optimization level, 0 to 3.
  public var level: Int
  public var threads: Int
  public init(level: Int = 3, threads: Int = 1) { (self.level, self.threads) = (level, threads) }

  /// The graph that runs in place of `graph`: rewritten for speed, and not to be saved.
  public func graph(_ graph: Graph) throws(GraphError) -> Graph {
    guard let level = OptimizationLevel(rawValue: level) else {
      throw GraphError(.attribute, "there is no optimization level \(level); there are 0 to 3")
    }
    var lowered = graph
    if level == .all { try Pipeline.lowering[0].run(on: &lowered) }
    for pipeline in Pipeline.standard(level) { try pipeline.run(on: &lowered) }
    if level == .all { for pipeline in Pipeline.lowering.dropFirst() { try pipeline.run(on: &lowered) } }
    return lowered
  }

  /// The program that runs `graph`.
  public func program(_ graph: Graph) throws(GraphError) -> Program {
    Program(try self.graph(graph), threads: threads)
  }
}
