import HoneIR

/// Algebraic identities, chains of movements and shapes, and what constants make simpler.
public struct Simplify: RewritePass {
  public init() {}
  public var rewrites: [Rewrite] {
    [
      .rules(
        Self.arithmetic + Self.selections + Self.reshapes + Self.movements + Self.shuffles + Self.padding
          + Self.products + Self.recurrences), Self.splits,
    ]
  }
}
