import HoneIR
import HoneRuntime
import HoneTransforms

/// A model run over and over on the same inputs: with its memory bound where sizes do not depend on data, else in a session.
struct BenchmarkRun {
  private let run: () throws -> Void
  private let store = StateStore()
  /// Positions that caches of keys and values have room for.
  private let capacity: Int?

  /// Plans for the types of `values`.
  init(_ program: Program, _ values: [RuntimeValue?], capacity: Int? = nil) throws {
    self.capacity = capacity
    let store = store
    let tensors = values.compactMap { $0?.tensor }
    if tensors.count == values.count, let bound = try? BoundSession(program, inputs: tensors.map(\.type), state: store)
    {
      for (i, tensor) in tensors.enumerated() { try bound.set(i, to: tensor) }
      run = { try bound.run() }
    } else {
      let session = Session(program, state: store)
      run = { _ = try session.run(values) }
    }
  }

  func callAsFunction() throws { try run() }

  /// Makes room for another run of `positions`: full caches begin anew.
  func prepare(positions: Int) {
    guard let capacity, let length = store[CacheKeysAndValues.length]?.integer(at: 0), length + positions > capacity
    else {
      return
    }
    store.set(CacheKeysAndValues.length, to: .scalar(Int64(0)))
  }

  /// How many positions caches hold.
  var length: Int? { store[CacheKeysAndValues.length]?.integer(at: 0) }
}
