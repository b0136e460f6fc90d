public import HoneIR

/// Finds a minimum of a smooth function of few variables from all data at once: limited-memory BFGS with a line search that
/// meets the strong Wolfe conditions (Nocedal and Wright, Numerical Optimization, 2006, algorithms 7.4, 3.5 and 3.6).
public struct LBFGS: Codable, Hashable, Sendable {
  /// Steps that the curvature is estimated from.
  public var history = 10
  public var iterationLimit = 100
  /// Done when no element of the gradient is larger.
  public var gradientTolerance = 1e-7
  /// Done when a step changes the value by less than this share of it.
  public var valueTolerance = 1e-12
  public init() {}

  /// The value and gradient at a point.
  public struct Point: Sendable {
    public var position: [Double]
    public var value: Double
    public var gradient: [Double]
  }
  public typealias Function = ([Double]) throws(GraphError) -> (value: Double, gradient: [Double])

  /// How far a search has come: all that its next iteration depends on.
  struct Search: Sendable {
    var point: Point
    var pairs: [Pair] = []
    /// There is nothing more to find.
    var isOver = false

    /// A search that begins at a point where the function is finite.
    init(at point: Point) { self.point = point }
  }

  /// The lowest point found from `start`, and how many iterations it took.
  ///
  /// Throws `.input` if the function is not finite at `start`.
  public func minimize(from start: [Double], _ function: @escaping Function) throws(GraphError) -> (
    point: Point, iterations: Int
  ) {
    let first = try evaluate(start, function)
    guard first.value.isFinite, first.gradient.allSatisfy(\.isFinite) else {
      throw GraphError(.input, "the function is not finite where the search for its minimum begins")
    }
    var search = Search(at: first)
    var iterations = 0
    while iterations < iterationLimit, !search.isOver {
      if try advance(&search, function) { iterations += 1 }
    }
    return (search.point, iterations)
  }

  /// One iteration; whether it moved the point.
  @discardableResult
  func advance(_ search: inout Search, _ function: @escaping Function) throws(GraphError) -> Bool {
    let point = search.point
    guard point.gradient.contains(where: { abs($0) > gradientTolerance }) else {
      search.isOver = true
      return false
    }
    var direction = descent(point.gradient, search.pairs)
    if dot(direction, point.gradient) >= 0 {
      search.pairs = []
      direction = point.gradient.map { -$0 }
    }
    let size = direction.reduce(0) { $0 + abs($1) }
    let first = search.pairs.isEmpty ? min(1, 1 / size) : 1
    guard let next = try LineSearch(point, direction, function).search(from: first) else {
      search.isOver = true
      return false
    }
    let pair = Pair(step: subtract(next.position, point.position), change: subtract(next.gradient, point.gradient))
    if pair.curvature > 1e-10 * dot(pair.change, pair.change) {
      search.pairs.append(pair)
      if search.pairs.count > max(history, 1) { search.pairs.removeFirst() }
    }
    search.point = next
    search.isOver = point.value - next.value <= valueTolerance * max(1, abs(next.value))
    return true
  }

  private func evaluate(_ position: [Double], _ function: Function) throws(GraphError) -> Point {
    let (value, gradient) = try function(position)
    guard gradient.count == position.count else {
      throw GraphError(.type, "a gradient of \(gradient.count) elements at a point of \(position.count)")
    }
    return Point(position: position, value: value, gradient: gradient)
  }

  /// A step and the change of the gradient along it.
  struct Pair: Sendable {
    let step, change: [Double]
    let curvature: Double
    init(step: [Double], change: [Double]) {
      (self.step, self.change, curvature) = (step, change, dot(step, change))
    }
  }

  /// −H·gradient, where H is the inverse Hessian that the pairs tell of.
  private func descent(_ gradient: [Double], _ pairs: [Pair]) -> [Double] {
    var q = gradient
    var shares: [Double] = []
    for pair in pairs.reversed() {
      let share = dot(pair.step, q) / pair.curvature
      for i in q.indices { q[i] -= share * pair.change[i] }
      shares.append(share)
    }
    if let last = pairs.last {
      let scale = last.curvature / dot(last.change, last.change)
      for i in q.indices { q[i] *= scale }
    }
    for (pair, share) in zip(pairs, shares.reversed()) {
      let correction = share - dot(pair.change, q) / pair.curvature
      for i in q.indices { q[i] += correction * pair.step[i] }
    }
    return q.map { -$0 }
  }
}

/// A step length along a direction after which the value is lower by enough and the slope flat enough.
private struct LineSearch {
  private let start: LBFGS.Point
  private let direction: [Double]
  private let function: LBFGS.Function
  private let slope: Double
  private let descent = 1e-4
  private let flatness = 0.9

  init(_ start: LBFGS.Point, _ direction: [Double], _ function: @escaping LBFGS.Function) {
    (self.start, self.direction, self.function) = (start, direction, function)
    slope = dot(start.gradient, direction)
  }

  private struct Trial {
    var length: Double
    var point: LBFGS.Point
    var slope: Double
  }

  private func trial(_ length: Double) throws(GraphError) -> Trial {
    var position = start.position
    for i in position.indices { position[i] += length * direction[i] }
    let (value, gradient) = try function(position)
    let point = LBFGS.Point(position: position, value: value, gradient: gradient)
    return Trial(length: length, point: point, slope: dot(gradient, direction))
  }

  private func descends(_ trial: Trial) -> Bool {
    trial.point.value <= start.value + descent * trial.length * slope
  }

  /// Goes farther until the step sought is between two lengths; nil if there is none.
  func search(from first: Double) throws(GraphError) -> LBFGS.Point? {
    var last = Trial(length: 0, point: start, slope: slope)
    var length = first
    for round in 0..<25 {
      let next = try trial(length)
      if !next.point.value.isFinite || !descends(next) || (round > 0 && next.point.value >= last.point.value) {
        return try narrow(last, next)
      }
      if abs(next.slope) <= -flatness * slope { return next.point }
      if next.slope >= 0 { return try narrow(next, last) }
      (last, length) = (next, 2 * length)
    }
    return last.point
  }

  /// Halves, or follows a parabola, between the best length so far and another.
  private func narrow(_ low: Trial, _ high: Trial) throws(GraphError) -> LBFGS.Point? {
    var (low, high) = (low, high)
    for _ in 0..<40 {
      let width = high.length - low.length
      guard abs(width) > 1e-14 * max(1, abs(low.length)) else { break }
      let next = try trial(low.length + share(low, high, width) * width)
      if !next.point.value.isFinite || !descends(next) || next.point.value >= low.point.value {
        high = next
        continue
      }
      if abs(next.slope) <= -flatness * slope { return next.point }
      if next.slope * width >= 0 { high = low }
      low = next
    }
    return low.length > 0 ? low.point : nil
  }

  /// Where the parabola through both values, with the slope of the lower one, is least.
  private func share(_ low: Trial, _ high: Trial, _ width: Double) -> Double {
    let rise = high.point.value - low.point.value - low.slope * width
    let share = -low.slope * width / (2 * rise)
    return share.isFinite && share > 0.1 && share < 0.9 ? share : 0.5
  }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
private func subtract(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }
