/// Why a graph could not be built, checked, changed or run, and where.
public struct GraphError: Error, Sendable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// Too few or too many operands or results.
    case arity
    /// Types or shapes that do not fit.
    case type
    /// An attribute or option that is unknown, missing or out of range.
    case attribute
    /// Correct, but not supported.
    case unsupported
    /// A broken graph: a cycle, a missing value, a duplicate name.
    case invariant
    /// Input data that does not fit the model.
    case input
    /// A file that cannot be read or written.
    case file
    /// A size or value is only known once data is there.
    case dataDependent
  }
  public var kind: Kind
  public var message: String
  /// The node being worked on, then the passes and regions around it, innermost first.
  public var trail: [String] = []

  public init(_ kind: Kind, _ message: String) { (self.kind, self.message) = (kind, message) }
  public func at(_ place: String) -> GraphError {
    var copy = self
    copy.trail.append(place)
    return copy
  }
  public var description: String { ([message] + trail.map { "  at \($0)" }).joined(separator: "\n") }
}

/// Adds `place` to the trail of any error thrown by `body`.
public func locating<R>(_ place: @autoclosure () -> String, _ body: () throws(GraphError) -> R) throws(GraphError) -> R
{
  do { return try body() } catch { throw error.at(place()) }
}
