import Foundation
public import HoneDatasets
public import HoneIR
import HoneRuntime
import HoneTransforms

/// How far a quantized graph is from the original, on data, without labels.
public struct QuantizationCheck: Sendable, Codable {
  public struct Layer: Sendable, Codable {
    public var name: String
    public var `operator`: String
    /// Signal to quantization noise of the layer's result, in decibels.
    public var sqnr: Double
  }
  public var layers: [Layer] = []
  /// Cosine of the angle between the outputs of both.
  public var cosine = 1.0
  /// Share of samples for which the largest output is the same one; nil where outputs are no scores.
  public var top1Agreement: Double?
  public var sampleCount = 0

  enum CodingKeys: String, CodingKey {
    case layers, cosine
    case top1Agreement = "top1_agreement"
    case sampleCount = "samples"
  }

  /// The model no longer does what it did. Outputs that point the same way may still exchange close first choices.
  public var hasCollapsed: Bool { !cosine.isFinite || cosine < 0.9 || (cosine < 0.99 && (top1Agreement ?? 1) < 0.8) }

  /// Runs both graphs, which share their values, on the batches, and compares the results of `nodes`.
  ///
  /// The original runs on all batches first and is let go, so that only one of the two is held ready to run. Of large
  /// results a spread of elements is kept; noise and signal are taken from those.
  init(original: Graph, quantized: Graph, layers nodes: [Node], on batches: [Batch], threads: Int) throws(GraphError) {
    let watched = nodes.map(\.result)
    let expected = try Self.samples(original, watched, on: batches, threads)
    var candidate = quantized
    try FoldQuantizedWeights().run(on: &candidate)
    let found = try Self.samples(candidate, watched, on: batches, threads)
    var noise = [Double](repeating: 0, count: watched.count), signal = noise
    var agreement = Agreement()
    for (i, batch) in batches.enumerated() {
      guard let a = expected[i], let b = found[i] else { continue }
      for layer in watched.indices {
        let (s, n) = Self.power(a.layers[layer], b.layers[layer])
        signal[layer] += s
        noise[layer] += n
      }
      for case (let x?, let y?) in zip(a.outputs, b.outputs) { agreement.add(x, y) }
      sampleCount += batch.count
    }
    layers = nodes.indices.map { i in
      let name = nodes[i].name.isEmpty ? original.name(of: nodes[i].result) : nodes[i].name
      return Layer(
        name: name, operator: nodes[i].op.name, sqnr: noise[i] > 0 ? 10 * log10(max(signal[i], 1e-30) / noise[i]) : 200)
    }
    (cosine, top1Agreement) = (agreement.cosine, agreement.top1)
  }

  /// What is kept of one run.
  private struct Sample {
    var outputs: [Tensor?]
    var layers: [[Float]]
  }

  /// Elements kept of each watched result.
  private static let elementLimit = 16_384

  /// One sample for each batch, or nil where the graph cannot take the batch.
  private static func samples(_ graph: Graph, _ watched: [Value], on batches: [Batch], _ threads: Int)
    throws(GraphError) -> [Sample?]
  {
    var observed = graph
    observed.outputs += watched
    let session = Session(Program(observed, threads: threads))
    return try batches.map { batch throws(GraphError) in
      guard let results = try BatchSize.run(session, batch) else { return nil }
      let count = graph.outputs.count
      return Sample(outputs: results.prefix(count).map(\.tensor), layers: results.dropFirst(count).map(spread))
    }
  }

  /// Elements at even distances; an odd distance visits all positions of layouts whose sizes are even.
  private static func spread(_ value: RuntimeValue) -> [Float] {
    guard let tensor = value.tensor else { return [] }
    let step = tensor.elementCount <= elementLimit ? 1 : (tensor.elementCount / elementLimit) | 1
    return stride(from: 0, to: tensor.elementCount, by: step).map { Float(tensor.double(at: $0)) }
  }

  private static func power(_ a: [Float], _ b: [Float]) -> (signal: Double, noise: Double) {
    guard a.count == b.count else { return (0, 1) }
    var (signal, noise) = (0.0, 0.0)
    for i in a.indices {
      let difference = Double(a[i]) - Double(b[i])
      signal += Double(a[i]) * Double(a[i])
      noise += difference * difference
    }
    return (signal, noise)
  }

  /// Angle and first choices of two streams of outputs.
  private struct Agreement {
    private var (dot, first, second) = (0.0, 0.0, 0.0)
    private var (same, rows) = (0, 0)

    mutating func add(_ x: Tensor, _ y: Tensor) {
      guard x.element.isFloatingPoint, x.elementCount == y.elementCount else { return }
      let (a, b) = (x.floats, y.floats)
      for i in a.indices {
        dot += Double(a[i]) * Double(b[i])
        first += Double(a[i]) * Double(a[i])
        second += Double(b[i]) * Double(b[i])
      }
      guard x.sizes.count == 2, x.sizes[1] > 1 else { return }
      let width = x.sizes[1]
      for row in 0..<x.sizes[0] {
        let range = row * width..<(row + 1) * width
        rows += 1
        if range.max(by: { a[$0] < a[$1] }) == range.max(by: { b[$0] < b[$1] }) { same += 1 }
      }
    }
    var cosine: Double { first == 0 && second == 0 ? 1 : dot / max((first * second).squareRoot(), 1e-300) }
    var top1: Double? { rows == 0 ? nil : Double(same) / Double(rows) }
  }
}

extension QuantizationCheck {
  /// Compares the outputs of two graphs with the same inputs and outputs on a dataset, one batch at a time.
  public init(original: Graph, candidate: Graph, on dataset: Dataset, threads: Int = 1) throws(GraphError) {
    var folded = candidate
    try FoldQuantizedWeights().run(on: &folded)
    let (first, second) = (Session(Program(original, threads: threads)), Session(Program(folded, threads: threads)))
    var batches = dataset.batches(of: BatchSize(original).smallest)
    var agreement = Agreement()
    while let batch = try batches.next() {
      guard let a = try BatchSize.run(first, batch), let b = try BatchSize.run(second, batch) else { continue }
      for (x, y) in zip(a, b) { if let x = x.tensor, let y = y.tensor { agreement.add(x, y) } }
      sampleCount += batch.count
    }
    (cosine, top1Agreement) = (agreement.cosine, agreement.top1)
  }

  /// One number for how alike the outputs are: the share of equal first choices, or the cosine.
  public var agreement: Double { top1Agreement ?? cosine }
}
