import HoneIR
import Testing

struct RaceBudgetTests {
  @Test func `time that is spent is gone`() {
    let budget = RaceBudget(.milliseconds(5))
    #expect(budget.remaining == .milliseconds(5))
    let result = budget.spend {
      let end = ContinuousClock.now + .milliseconds(2)
      while ContinuousClock.now < end {}
      return 7
    }
    #expect(result == 7 && budget.remaining <= .milliseconds(3))
    budget.spend {
      let end = ContinuousClock.now + .milliseconds(6)
      while ContinuousClock.now < end {}
    }
    #expect(budget.remaining == .zero)
  }
}
