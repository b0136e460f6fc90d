import HoneIR

/// The comparison at a node of a decision tree.
public enum TreeComparison: UInt8, Sendable {
  case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual, member

  init?(name: String) {
    switch name {
    case "BRANCH_LEQ": self = .lessOrEqual
    case "BRANCH_LT": self = .less
    case "BRANCH_GTE": self = .greaterOrEqual
    case "BRANCH_GT": self = .greater
    case "BRANCH_EQ": self = .equal
    case "BRANCH_NEQ": self = .notEqual
    case "BRANCH_MEMBER": self = .member
    default: return nil
    }
  }
}

/// How what the trees say is put together.
public enum TreeAggregate: String, Sendable, Hashable, Codable {
  case sum = "SUM"
  case average = "AVERAGE"
  case least = "MIN"
  case greatest = "MAX"
}

/// Decision trees as a file describes them. Children are numbers of nodes, or of leaves where that is said.
struct TreeNodes: Sendable {
  enum Child: Sendable, Hashable {
    case node(Int)
    case leaf(Int)
  }
  struct Node: Sendable {
    var comparison: TreeComparison
    var feature: Int
    var threshold: Double
    var members: [Double] = []
    var whenTrue: Child
    var whenFalse: Child
    /// A missing value goes where true goes.
    var missingIsTrue: Bool
  }
  struct Vote: Sendable {
    var target: Int
    var weight: Double
  }
  var nodes: [Node] = []
  var roots: [Child] = []
  /// The votes of each leaf.
  var leaves: [[Vote]] = []
}
