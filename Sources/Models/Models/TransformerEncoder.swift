import HoneIR
import HoneOperators

/// A transformer that reads tokens and classifies them by the first (Devlin et al., arXiv 1810.04805), named as in
/// Hugging Face's `BertForSequenceClassification`.
struct TransformerEncoder: Sendable {
  var heads: Int
  /// Units of the layers between, as a multiple of the width.
  var expansion = 4
  /// Positions that are learned, whether tokens reach them or not.
  var positions = 512
  private static let start = Initialization.truncatedNormal(deviation: 0.02)

  func append(to network: inout Network, _ settings: ModelSettings) throws(GraphError) {
    guard settings.input[0] <= positions else {
      throw GraphError(.attribute, "option ‘input’ is at most \(positions) tokens, is \(settings.input[0])").at(
        "option")
    }
    guard settings.hidden % heads == 0 else {
      throw GraphError(.attribute, "option ‘hidden’ is a multiple of \(heads) heads, is \(settings.hidden)").at(
        "option")
    }
    let ids = network.input("input_ids", settings.input, .int64)
    let pooled = try network.scoped("bert") { (network) throws(GraphError) in
      var x = try network.scoped("embeddings") { (network) throws(GraphError) in
        try embed(ids, settings, &network)
      }
      for i in 0..<settings.layers {
        x = try network.append(
          Block(heads: heads, expansion: expansion, dropout: settings.dropout), to: x, named: "encoder.layer.\(i)")
      }
      var first = Gather()
      first.axis = 1
      let token = try network.apply(first, x, network.constant(.scalar(Int64(0)), "first"), named: "first")
      return try network.append(
        Sequential {
          Self.dense(settings.hidden).named("dense")
          Nonlinearity.tanh
        }, to: token, named: "pooler")
    }
    let logits = try network.append(
      Sequential {
        DropoutLayer(settings.dropout).named("dropout")
        Self.dense(settings.classes).named("classifier")
      }, to: pooled)
    network.output(logits, "logits")
  }

  /// The sum of what stands for tokens, positions and the first of two kinds of text.
  private func embed(_ ids: Value, _ settings: ModelSettings, _ network: inout Network) throws(GraphError) -> Value {
    let width = settings.hidden
    let tokens = settings.input[0]
    let words = try network.append(
      Embedding(settings.vocabulary, width: width, weights: Self.start), to: ids, named: "word_embeddings")
    let places = network.constant(.integers(Array(0..<tokens)), "position_ids")
    let position = try network.append(
      Embedding(positions, width: width, weights: Self.start), to: places, named: "position_embeddings")
    let kinds = network.constant(.integers(Array(repeating: 0, count: tokens)), "token_type_ids")
    let kind = try network.append(
      Embedding(2, width: width, weights: Self.start), to: kinds, named: "token_type_embeddings")
    let sum = try network.apply(Add(), network.apply(Add(), words, kind, named: "kinds"), position, named: "positions")
    return try network.append(
      Sequential {
        LayerNorm(epsilon: 1e-12).named("LayerNorm")
        DropoutLayer(settings.dropout).named("dropout")
      }, to: sum)
  }

  private static func dense(_ units: Int) -> Dense { Dense(units, weights: start, biases: .zeros) }

  /// Attention and two dense layers, each followed by the sum with what it read and a layer normalization.
  private struct Block: Layer {
    var heads: Int
    var expansion: Int
    var dropout: Float

    func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
      let width = try network.size(of: x, axis: 2)
      let attended = try network.append(
        Residual(
          Sequential {
            MultiHeadAttention(heads: heads, dropout: dropout, weights: TransformerEncoder.start, biases: .zeros)
              .named("attention")
            DropoutLayer(dropout).named("attention.output.dropout")
          }), to: x)
      let normalized = try network.append(
        LayerNorm(epsilon: 1e-12), to: attended, named: "attention.output.LayerNorm")
      let expanded = try network.append(
        Residual(
          Sequential {
            TransformerEncoder.dense(expansion * width).named("intermediate.dense")
            Nonlinearity.gelu.named("intermediate.gelu")
            TransformerEncoder.dense(width).named("output.dense")
            DropoutLayer(dropout).named("output.dropout")
          }), to: normalized)
      return try network.append(LayerNorm(epsilon: 1e-12), to: expanded, named: "output.LayerNorm")
    }
  }
}
