public import HoneIR

/// A part of a pass that can be left out: rules that are tried on every node, or a step that looks at the whole graph.
public enum Rewrite: Sendable {
  case rules([Rule])
  /// Returns how many places it changed.
  case step(String, @Sendable (inout Graph) throws(GraphError) -> Int)

  /// What reports call its parts.
  public var names: [String] {
    switch self {
    case .rules(let rules): rules.map(\.name)
    case .step(let name, _): [name]
    }
  }
}

/// A pass made of named rewrites, which runs in regions as it runs in the graph around them.
public protocol RewritePass: Pass {
  var rewrites: [Rewrite] { get }
}

extension RewritePass {
  public func run(on graph: inout Graph) throws(GraphError) { _ = try rewrite(&graph) }

  /// The names of all rewrites, without duplicates.
  public var rewriteNames: [String] {
    var seen = Set<String>()
    return rewrites.flatMap(\.names).filter { seen.insert($0).inserted }
  }

  /// Runs the pass and returns how often each rewrite fired; those for which `isWanted` is false are left out.
  public func rewrite(_ graph: inout Graph, where isWanted: (String) -> Bool = { _ in true }) throws(GraphError)
    -> [String: Int]
  {
    var fired: [String: Int] = [:]
    for rewrite in rewrites {
      switch rewrite {
      case .rules(let rules):
        let wanted = rules.filter { isWanted($0.name) }
        guard !wanted.isEmpty else { continue }
        for name in try graph.rewrite(wanted) { fired[name, default: 0] += 1 }
      case .step(let name, let body):
        guard isWanted(name) else { continue }
        let count = try body(&graph)
        graph.removeDeadNodes()
        if count > 0 { fired[name, default: 0] += count }
      }
    }
    try graph.rewriteRegions { (region: inout Graph) throws(GraphError) in
      let inner = try rewrite(&region, where: isWanted)
      fired.merge(inner, uniquingKeysWith: +)
      return !inner.isEmpty
    }
    return fired
  }
}

extension Graph {
  /// Lets `body` change the graphs of all regions; it tells whether it did.
  mutating func rewriteRegions(_ body: (inout Graph) throws(GraphError) -> Bool) throws(GraphError) {
    for node in sorted() {
      guard let op = node.op as? any RegionOp else { continue }
      var regions = op.regions
      var changed = false
      for i in regions.indices {
        var graph = regions[i].graph
        guard try body(&graph) else { continue }
        regions[i] = Region(graph, captureCount: regions[i].captureCount)
        changed = true
      }
      if changed { setOp(of: node.id, to: op.replacing(regions)) }
    }
  }

  /// Nodes of the graph and of all regions in it.
  public var totalNodeCount: Int {
    sorted().reduce(0) { sum, node in
      let regions = (node.op as? any RegionOp)?.regions ?? []
      return sum + 1 + regions.reduce(0) { $0 + $1.graph.totalNodeCount }
    }
  }
}

extension RegionOp {
  func replacing(_ regions: [Region]) -> any Op {
    var copy = self
    copy.regions = regions
    return copy
  }
}
