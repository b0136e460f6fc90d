internal import HoneIR

/// Which arrays of a dataset serve which inputs of a model.
struct InputBinding: Sendable {
  /// Names in the dataset, in the order of the model's inputs.
  let sources: [String]
  let names: [String]

  init(from present: [String], to names: [String], hasInputNames: Bool) throws(GraphError) {
    self.names = names
    let numbered = names.indices.map { "input_\($0)" }
    if names.allSatisfy(present.contains) {
      sources = names
    } else if names.count == 1 && present.count == 1 {
      sources = present
    } else if numbered.allSatisfy(present.contains) {
      sources = numbered
    } else if !hasInputNames {
      throw GraphError(
        .input,
        "the data has one input, the model has \(names.count): \(Self.list(names)); use a .npz file with an array for each"
      )
    } else {
      throw GraphError(.input, "the model’s inputs are \(Self.list(names)); the data has \(Self.list(present))")
    }
  }

  func apply(_ inputs: [NamedTensor]) throws(GraphError) -> [NamedTensor] {
    var bound: [NamedTensor] = []
    for (source, name) in zip(sources, names) {
      guard let input = inputs.first(where: { $0.name == source }) else {
        throw GraphError(.input, "a sample has no array ‘\(source)’; it has \(Self.list(inputs.map(\.name)))")
      }
      bound.append(NamedTensor(name, input.tensor))
    }
    return bound
  }

  private static func list(_ names: [String]) -> String { names.map { "‘\($0)’" }.joined(separator: ", ") }
}
