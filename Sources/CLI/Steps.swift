import HoneIR
import HoneOperators
import HoneRuntime

/// The inputs of a model for runs one after the other.
struct Steps {
  private let inputs: [RuntimeValue?]
  /// Inputs that come with an axis of steps before their own.
  private let sliced: Set<Int>
  private let count: Int

  /// Inputs of `graph` with one axis more than it declares are slices for as many steps; `count` says how many where there are
  /// none.
  init(_ inputs: [RuntimeValue?], of graph: Graph, count: Int?) throws(GraphError) {
    self.inputs = inputs
    var (sliced, steps): (Set<Int>, Int?) = ([], count)
    for (i, input) in graph.inputs.enumerated() {
      guard let tensor = inputs[i]?.tensor, let rank = graph.tensorType(of: input).rank, tensor.sizes.count == rank + 1
      else { continue }
      guard steps ?? tensor.sizes[0] == tensor.sizes[0] else {
        throw GraphError(
          .input, "input ‘\(graph.name(of: input))’ is \(tensor.type), which is \(tensor.sizes[0]) steps, not \(steps!)"
        )
      }
      steps = tensor.sizes[0]
      sliced.insert(i)
    }
    (self.sliced, self.count) = (sliced, steps ?? 1)
  }

  /// The outputs of all runs, one behind the other along a first axis of steps.
  func run(_ session: Session) throws(GraphError) -> [RuntimeValue] {
    var results: [[Tensor]] = []
    for step in 0..<count {
      var values = inputs
      for i in sliced {
        values[i] = .tensor(
          try Interpreter.evaluate(Gather(), [inputs[i]!.tensor, .scalar(Int64(step))], resultCount: 1)![0])
      }
      for (i, output) in try session.run(values).enumerated() {
        guard let tensor = output.tensor, tensor.element != .string else {
          throw GraphError(.unsupported, "output \(i) is \(output.type); steps are put together of tensors of numbers")
        }
        if step == 0 { results.append([]) }
        guard tensor.type == results[i].first?.type ?? tensor.type else {
          throw GraphError(
            .unsupported, "output \(i) is \(tensor.type) at step \(step) and \(results[i][0].type) before")
        }
        results[i].append(tensor)
      }
    }
    return try results.map { tensors throws(GraphError) in
      let rows = tensors.map { $0.reshaped([1] + $0.sizes) }
      return .tensor(try Interpreter.evaluate(Concat(), rows, resultCount: 1)![0])
    }
  }
}
