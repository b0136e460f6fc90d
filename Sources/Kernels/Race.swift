import Synchronization

/// Chooses among ways to do the same by trying them. What was chosen for a key stays chosen, so that all who ask get the same.
public final class Race<Key: Hashable & Sendable, Entrant: Sendable>: Sendable {
  private let winners = Mutex<[Key: Entrant]>([:])
  private let now: @Sendable () -> Duration

  /// Somebody else than the favourite has to be faster by this factor.
  private static var margin: Double { 0.97 }

  public convenience init() {
    let start = ContinuousClock.now
    self.init { ContinuousClock.now - start }
  }

  /// `now` is the time since any fixed moment.
  init(now: @escaping @Sendable () -> Duration) { self.now = now }

  /// The fastest of `entrants` for `key`, of which the first is the favourite.
  ///
  /// All run in turn, once to warm up and then as often as the time until `limit` allows. If it does not allow every one to
  /// be timed, the favourite wins. Nobody runs if the winner is known or there is no other entrant.
  public func winner(
    of entrants: [Entrant], for key: Key, within limit: Duration, _ run: (Int) -> Void
  ) -> Entrant {
    winners.withLock { winners in
      if let known = winners[key] { return known }
      let winner =
        entrants.count > 1 && limit > .zero ? entrants[fastest(entrants.count, within: limit, run)] : entrants[0]
      winners[key] = winner
      return winner
    }
  }

  private func fastest(_ count: Int, within limit: Duration, _ run: (Int) -> Void) -> Int {
    let deadline = now() + limit
    for i in 0..<count where now() < deadline { run(i) }
    var times = [Duration?](repeating: nil, count: count)
    for _ in 0..<Self.mostRounds {
      for i in 0..<count {
        let start = now()
        guard start < deadline else { return Self.best(times) }
        run(i)
        let time = now() - start
        times[i] = min(times[i] ?? time, time)
      }
    }
    return Self.best(times)
  }

  private static var mostRounds: Int { 8 }

  private static func best(_ times: [Duration?]) -> Int {
    let known = times.compactMap(\.self)
    guard known.count == times.count, let least = known.indices.min(by: { known[$0] < known[$1] }) else { return 0 }
    return known[least] < known[0] * margin ? least : 0
  }
}
