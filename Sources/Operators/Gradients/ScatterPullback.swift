import HoneIR

/// The cotangents of an operator that scatters updates over data.
///
/// Of several updates of one element without a reduction the last one counts in the result, and each receives the
/// element's cotangent. Elements that are equally large share theirs.
struct ScatterPullback {
  typealias Scatter = (Value, Value, ScatterReduction, inout Graph) throws(GraphError) -> Value
  typealias Gather = (Value, inout Graph) throws(GraphError) -> Value
  var reduction: ScatterReduction
  /// Data in which updates are scattered.
  var scatter: Scatter
  /// The elements of the data that the updates go to.
  var gather: Gather

  func cotangents(of x: Value, _ updates: Value, y: Value, _ dy: Value, in g: inout Graph) throws(GraphError)
    -> (data: Value, updates: Value)
  {
    switch reduction {
    case .none:
      let zeros = try g.zeros(g.sizes(of: updates), g.tensorType(of: updates).element)
      return (try scatter(dy, zeros, .none, &g), try gather(dy, &g))
    case .add: return (dy, try gather(dy, &g))
    case .mul: return (try scatter(dy, updates, .mul, &g), try factors(x, updates, dy, in: &g))
    case .max, .min: return try shares(x, updates, y, dy, in: &g)
    }
  }

  /// dy times the product of all other factors: the whole product without zeros divided by the own factor, unless
  /// another factor is zero.
  private func factors(_ x: Value, _ updates: Value, _ dy: Value, in g: inout Graph) throws(GraphError) -> Value {
    let (zero, one) = (try g.number(0, like: x), try g.number(1, like: x))
    let (isZero, isUpdateZero) = (try g.apply(Equal(), x, zero), try g.apply(Equal(), updates, zero))
    let (safe, safeUpdates) = (try g.apply(Where(), isZero, one, x), try g.apply(Where(), isUpdateZero, one, updates))
    let (ones, updateOnes) = (try number(isZero, like: x, in: &g), try number(isUpdateZero, like: x, in: &g))
    let product = try gather(g.apply(Mul(), dy, scatter(safe, safeUpdates, .mul, &g)), &g)
    let zeroCount = try gather(scatter(ones, updateOnes, .add, &g), &g)
    let others = try g.apply(Equal(), g.apply(Sub(), zeroCount, updateOnes), zero)
    return try g.apply(Where(), others, g.apply(Div(), product, safeUpdates), zero)
  }

  private func shares(_ x: Value, _ updates: Value, _ y: Value, _ dy: Value, in g: inout Graph) throws(GraphError)
    -> (data: Value, updates: Value)
  {
    let isData = try number(g.apply(Equal(), x, y), like: x, in: &g)
    let isUpdate = try number(g.apply(Equal(), updates, gather(y, &g)), like: x, in: &g)
    let share = try g.apply(Div(), dy, scatter(isData, isUpdate, .add, &g))
    return (try g.apply(Mul(), isData, share), try g.apply(Mul(), isUpdate, gather(share, &g)))
  }

  private func number(_ condition: Value, like x: Value, in g: inout Graph) throws(GraphError) -> Value {
    var cast = Cast()
    cast.to = g.tensorType(of: x).element
    return try g.apply(cast, condition)
  }
}
