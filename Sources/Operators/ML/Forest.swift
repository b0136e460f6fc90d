import HoneIR

/// Decision trees in flat arrays: the nodes of each tree breadth first, so that the two children of a node are neighbours.
final class Forest<T: BinaryFloatingPoint & Sendable & BitwiseCopyable>: Sendable {
  struct Node: Sendable, BitwiseCopyable {
    var threshold: T
    /// −1 at a leaf.
    var feature: Int32
    /// The node for true, before the one for false; at a leaf, the number of the leaf.
    var next: Int32
  }
  let targetCount: Int
  let treeCount: Int
  private let nodes: [Node]
  private let roots: [Int32]
  /// Where the votes of each leaf begin.
  private let voteStarts: [Int32]
  private let targets: [Int32]
  private let weights: [T]
  private let comparisons: [TreeComparison]
  private let missingIsTrue: [Bool]
  private let members: [Int32: [T]]
  /// All nodes compare with ≤ and send missing values to false.
  private let isPlain: Bool

  init(_ trees: TreeNodes, targetCount: Int, features: Int) throws(GraphError) {
    var builder = ForestBuilder(trees, features: features)
    for root in trees.roots { try builder.add(root) }
    self.targetCount = targetCount
    treeCount = trees.roots.count
    roots = builder.roots
    nodes = builder.nodes.map { Node(threshold: T($0.threshold), feature: $0.feature, next: $0.next) }
    comparisons = builder.nodes.map(\.comparison)
    missingIsTrue = builder.nodes.map(\.missingIsTrue)
    members = builder.members.mapValues { $0.map { T($0) } }
    isPlain = builder.nodes.allSatisfy { $0.feature < 0 || ($0.comparison == .lessOrEqual && !$0.missingIsTrue) }
    var (starts, targets, weights): ([Int32], [Int32], [T]) = ([0], [], [])
    for votes in trees.leaves {
      for vote in votes {
        guard vote.target >= 0, vote.target < targetCount else {
          throw GraphError(.attribute, "a leaf votes for target \(vote.target) of \(targetCount)")
        }
        targets.append(Int32(vote.target))
        weights.append(T(vote.weight))
      }
      starts.append(Int32(targets.count))
    }
    (voteStarts, self.targets, self.weights) = (starts, targets, weights)
  }

  /// Calls `vote` with row, target and weight for every vote of every tree, tree by tree.
  @inline(__always)
  func forEachVote(_ rows: UnsafePointer<T>, _ count: Int, _ features: Int, _ vote: (Int, Int, T) -> Void) {
    nodes.withUnsafeBufferPointer { nodes in
      for root in roots {
        for row in 0..<count {
          let leaf = Int(
            isPlain ? findPlain(nodes, root, rows + row * features) : find(nodes, root, rows + row * features))
          for i in Int(voteStarts[leaf])..<Int(voteStarts[leaf + 1]) { vote(row, Int(targets[i]), weights[i]) }
        }
      }
    }
  }

  @inline(__always)
  private func findPlain(_ nodes: UnsafeBufferPointer<Node>, _ root: Int32, _ row: UnsafePointer<T>) -> Int32 {
    var node = nodes[Int(root)]
    while node.feature >= 0 {
      node = nodes[Int(node.next) + (row[Int(node.feature)] <= node.threshold ? 0 : 1)]
    }
    return node.next
  }

  private func find(_ nodes: UnsafeBufferPointer<Node>, _ root: Int32, _ row: UnsafePointer<T>) -> Int32 {
    var i = Int(root)
    while nodes[i].feature >= 0 {
      let x = row[Int(nodes[i].feature)]
      let holds = compare(x, i, nodes[i].threshold) || (x.isNaN && missingIsTrue[i])
      i = Int(nodes[i].next) + (holds ? 0 : 1)
    }
    return nodes[i].next
  }

  private func compare(_ x: T, _ i: Int, _ threshold: T) -> Bool {
    switch comparisons[i] {
    case .lessOrEqual: x <= threshold
    case .less: x < threshold
    case .greaterOrEqual: x >= threshold
    case .greater: x > threshold
    case .equal: x == threshold
    case .notEqual: x != threshold
    case .member: members[Int32(i)]?.contains(x) ?? false
    }
  }
}

/// Lays trees out breadth first.
private struct ForestBuilder {
  struct Entry {
    var comparison = TreeComparison.lessOrEqual
    var threshold = 0.0
    var feature: Int32 = -1
    var next: Int32 = 0
    var missingIsTrue = false
  }
  let trees: TreeNodes
  let features: Int
  var nodes: [Entry] = []
  var roots: [Int32] = []
  var members: [Int32: [Double]] = [:]
  private var visited: [Bool]

  init(_ trees: TreeNodes, features: Int) {
    (self.trees, self.features) = (trees, features)
    visited = Array(repeating: false, count: trees.nodes.count)
  }

  mutating func add(_ root: TreeNodes.Child) throws(GraphError) {
    var queue: [(child: TreeNodes.Child, place: Int)] = [(root, nodes.count)]
    roots.append(Int32(nodes.count))
    nodes.append(Entry())
    var first = 0
    while first < queue.count {
      let (child, place) = queue[first]
      first += 1
      switch child {
      case .leaf(let leaf):
        guard trees.leaves.indices.contains(leaf) else {
          throw GraphError(.attribute, "leaf \(leaf) of \(trees.leaves.count)")
        }
        nodes[place].next = Int32(leaf)
      case .node(let number):
        guard trees.nodes.indices.contains(number) else {
          throw GraphError(.attribute, "node \(number) of \(trees.nodes.count)")
        }
        guard !visited[number] else { throw GraphError(.attribute, "node \(number) of a tree has two parents") }
        visited[number] = true
        try fill(place, from: trees.nodes[number])
        queue.append((trees.nodes[number].whenTrue, nodes.count))
        queue.append((trees.nodes[number].whenFalse, nodes.count + 1))
        nodes += [Entry(), Entry()]
      }
    }
  }

  private mutating func fill(_ place: Int, from node: TreeNodes.Node) throws(GraphError) {
    guard node.feature >= 0, node.feature < features else {
      throw GraphError(.type, "a tree asks for feature \(node.feature) of \(features)")
    }
    nodes[place] = Entry(
      comparison: node.comparison, threshold: node.threshold, feature: Int32(node.feature), next: Int32(nodes.count),
      missingIsTrue: node.missingIsTrue)
    if node.comparison == .member { members[Int32(place)] = node.members }
  }
}
