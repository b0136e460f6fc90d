import HoneIR
import HoneOperators

extension BuiltInModel {
  /// Graph convolutional network (Kipf and Welling, arXiv 1609.02907): twice the features of all neighbours, mixed and
  /// summed up with the weights of the edges.
  ///
  /// features `[batch, 2708, 1433]` and adjacency `[batch, 2708, 2708]`, which is D^−½·(A + I)·D^−½ for edges A and degrees
  /// D of A + I → logits `[batch, 7, 2708]`, classes before nodes. The defaults are the sizes of the data set Cora.
  static let gcn = BuiltInModel(
    "gcn", "Graph convolutions that classify nodes (Kipf and Welling 2016)", .nodeClassification, .crossEntropy,
    ModelOptions(classes: 7, input: [2708, 1433], hidden: 16, layers: 2, dropout: 0.5)
  ) { (network, settings) throws(GraphError) in
    let nodes = settings.input[0]
    var x = network.input("features", settings.input)
    let adjacency = network.input("adjacency", [nodes, nodes])
    for i in 1...settings.layers {
      let isLast = i == settings.layers
      x = try network.scoped("gc\(i)") { (network) throws(GraphError) in
        let units = isLast ? settings.classes : settings.hidden
        let mixed = try network.append(
          Sequential {
            DropoutLayer(settings.dropout).named("dropout")
            Dense(units, bias: false, weights: .xavierUniform).named("mix")
          }, to: x)
        let bias = network.parameter("bias", [units], .zeros, fans: Fans(incoming: 1, outgoing: units))
        let sum = try network.apply(Add(), network.apply(MatMul(), adjacency, mixed, named: "gather"), bias)
        return isLast ? sum : try network.append(Nonlinearity.relu, to: sum)
      }
    }
    network.output(try network.append(SwappedAxes(), to: x), "logits")
  }
}
