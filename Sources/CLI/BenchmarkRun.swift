import HoneIR
import HoneRuntime

/// A model run over and over on the same inputs: with its memory bound where sizes do not depend on data, else in a session.
struct BenchmarkRun {
  private let run: () throws -> Void

  /// Plans for the types of `values`.
  init(_ program: Program, _ values: [RuntimeValue?]) throws {
    let tensors = values.compactMap { $0?.tensor }
    if tensors.count == values.count, let bound = try? BoundSession(program, inputs: tensors.map(\.type)) {
      for (i, tensor) in tensors.enumerated() { try bound.set(i, to: tensor) }
      run = { try bound.run() }
    } else {
      let session = Session(program)
      run = { _ = try session.run(values) }
    }
  }

  func callAsFunction() throws { try run() }
}
