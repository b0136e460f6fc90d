public import HoneIR
import HoneOperators

/// Connectionist temporal classification (Graves and others, ICML 2006): −log of the probability of all paths that read as
/// the target once repetitions and blanks are gone, divided by the target's length, the mean over samples.
///
/// The output holds scores, batch × time × classes. Targets: the labels (batch × longest, int64), then, if given, their
/// lengths, then those of the inputs (one int64 per sample each).
public struct CTC: Loss {
  public static let name = "ctc"
  public var output = 0
  public var labels = 0
  public var labelLengths: Int?
  public var inputLengths: Int?
  /// The scores are time × batch × classes.
  public var isTimeFirst = false
  public var blank = 0
  /// Targets that no path reads count 0, and do not make the loss infinite.
  public var zeroesInfinity = false
  public init() {}

  public func append(_ terms: LossTerms, to graph: inout Graph) throws(GraphError) -> Value {
    var scores = try terms.output(output)
    guard try graph.sizes(of: scores).count == 3 else {
      throw GraphError(.type, "scores must be batch × time × classes, are \(graph.type(of: scores))")
    }
    if isTimeFirst {
      var transpose = Transpose()
      transpose.perm = [1, 0, 2]
      scores = try graph.apply(transpose, scores)
    }
    let labels = try terms.target(labels)
    let lengths = try labelLengths.map { i throws(GraphError) in try terms.target(i) }
    let inputs = try inputLengths.map { i throws(GraphError) in try terms.target(i) }
    var op = CTCLoss()
    (op.blank, op.zeroes_infinity) = (blank, zeroesInfinity)
    let logarithms = try graph.apply(LogSoftmax(), scores)
    var losses = try graph.apply(op, [logarithms, labels, lengths, inputs], resultCount: 2)[0]
    if let lengths {
      let counts = try graph.apply(Cast(to: .float32), lengths)
      losses = try graph.apply(Div(), losses, graph.apply(Max(), counts, graph.number(1, like: counts)))
    } else {
      losses = try graph.scaled(losses, by: 1 / Double(max(graph.sizes(of: labels).last ?? 1, 1)))
    }
    return try graph.mean(of: losses, terms.sampleWeights)
  }
}
