public import HoneIR

/// How much is rewritten.
public enum OptimizationLevel: Int, Sendable, Codable, CaseIterable {
  /// Nothing.
  case none
  /// Standard operators only.
  case basic
  /// ONNX Runtime's own operators too.
  case extended
  /// What only Hone runs too.
  case all
}

extension Pipeline {
  /// What is known before any input is there.
  public static var cleaning: Pipeline {
    Pipeline([Freeze(), FoldConstants(), Simplify(), RemoveDuplicates(limit: sharedLimit)], rounds: 24)
  }
  /// Fewer, larger standard operators.
  public static var composing: Pipeline {
    Pipeline(
      [
        FoldBatchNormalization(), RecognizeComposites(), FoldConstants(), Simplify(),
        RemoveDuplicates(limit: sharedLimit),
      ], rounds: 12)
  }
  /// Operators of ONNX Runtime's own domain.
  public static var fusing: Pipeline {
    Pipeline([FuseAttention(), FuseTransformers(), FuseProducts(), FuseActivations(), RemoveDuplicates()], rounds: 6)
  }

  /// What the others left twice.
  public static var merging: Pipeline { Pipeline([RemoveDuplicates(), FoldConstants(), Simplify()], rounds: 4) }

  private static let sharedLimit = 64 * 1024

  /// The pipelines of a level, in order.
  public static func standard(_ level: OptimizationLevel) -> [Pipeline] {
    switch level {
    case .none: []
    case .basic: [.cleaning, .composing, .merging]
    case .extended, .all: [.cleaning, .composing, .fusing, .merging]
    }
  }

  /// What makes a graph faster on this machine and is never saved.
  public static var lowering: [Pipeline] {
    [
      Pipeline([LowerQuantization(), RemoveDuplicates()], rounds: 2), Pipeline([LowerLayout(), Simplify()], rounds: 6),
      Pipeline([RemoveDuplicates(), FuseGuardedAttention(), FoldConstants(), Simplify(), FuseLayers()]),
      Pipeline([FuseQuantizedSums()]),
    ]
  }

  /// What comes after all other lowering, since nothing else knows its operators.
  static var joining: Pipeline { Pipeline([JoinProducts()]) }
}
