import HoneIR

/// What an output is compared with.
public enum LossReference: Codable, Sendable, Hashable {
  /// One of the targets.
  case target(Int)
  /// One of the teacher's outputs.
  case teacher(Int)
}

extension LossTerms {
  func reference(_ reference: LossReference) throws(GraphError) -> Value {
    switch reference {
    case .target(let i): try target(i)
    case .teacher(let i): try teacher(i)
    }
  }
}
