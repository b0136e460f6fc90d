import HoneIR
import Testing

@Suite struct DimensionTests {
  let n = Dimension.symbol("N")
  let m = Dimension.symbol("M")

  @Test func equalExpressionsAreEqual() {
    #expect(n + m == m + n)
    #expect(n * 2 + n == n * 3)
    #expect((n + 1) * (m - 1) == n * m - n + m - 1)
    #expect(n - n == 0)
    #expect((n - n).size == 0)
  }

  @Test func quotientsAreSimplified() {
    #expect(n * 4 / 2 == n * 2)
    #expect(n * m / m == n)
    #expect(n / n == 1)
    #expect((n * 6 + 4) / 2 == n * 3 + 2)
    #expect(Dimension(-7) / 2 == -4)
  }

  @Test func bindingGivesSizes() {
    let length = (n + 2 - 3) / 2 + 1
    #expect(length.size == nil)
    #expect(length.bound(["N": 7]).size == 4)
    #expect(length.bound(["N": 8]).size == 4)
    #expect((n * m).bound(["N": 3]) == m * 3)
    #expect((n * m / 5).symbols == ["N", "M"])
  }

  @Test func namesAreRecognized() {
    #expect(n.symbolName == "N")
    #expect((n + 1).symbolName == nil)
    #expect(Dimension(3).size == 3)
    #expect((n * 2 + 1).description == "2·N+1")
  }
}
