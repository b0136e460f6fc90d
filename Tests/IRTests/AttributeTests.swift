import HoneIR
import Testing

@Suite struct AttributeTests {
  private func failure(_ attributes: Attributes) -> GraphError? {
    do { _ = try Everything(attributes: attributes) } catch { return error }
    return nil
  }

  @Test func attributesAreReadAndWritten() throws {
    let attributes: Attributes = [
      "count": .int(3), "flag": .int(1), "scale": .float(2), "label": .string("b"), "axes": .ints([1, -1]),
      "weights": .floats([0.25]), "names": .strings(["x"]), "value": .tensor(.integers([7])), "to": .int(10),
      "mode": .string("exact"), "limit": .int(9),
    ]
    let op = try Everything(attributes: attributes)
    #expect(op.flag && op.mode == .exact && op.to == .float16 && op.limit == 9)
    #expect(op.value?.integers == [7])
    #expect(try Attributes(of: op) == attributes)
    #expect(try Everything(attributes: Attributes(changed: op)) == op)
  }

  @Test func defaultsAreLeftOut() throws {
    let op = try Everything(attributes: ["count": .int(1), "scale": .float(3)])
    #expect(try Attributes(changed: op) == ["scale": .float(3)])
  }

  @Test func anEmptyListHasNoKind() throws {
    let op = try Everything(attributes: ["count": .int(1), "weights": .ints([])])
    #expect(op.weights.isEmpty)
  }

  @Test func mistakesAreNamed() {
    #expect(
      failure(["count": .int(1), "cout": .int(1)])?.message.contains("‘cout’ is not an attribute of Everything") == true
    )
    #expect(failure(["flag": .int(1)])?.message == "attribute ‘count’ of Everything is missing")
    #expect(failure(["count": .string("one")])?.message.contains("‘count’ has the wrong kind") == true)
    #expect(
      failure(["count": .int(1), "mode": .string("slow")])?.message.contains("‘mode’ cannot be \"slow\"") == true)
    #expect(failure(["count": .int(1), "to": .int(999)])?.kind == .attribute)
  }
}
