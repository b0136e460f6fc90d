import HoneIR
import Testing

@Suite struct GraphTests {
  private let type = TensorType(.float32, [2, 3])

  @Test func graphsPrintAsText() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [.symbol("N"), 3]))
    var op = Everything()
    op.axes = [1]
    g.outputs = [try g.apply(op, g.apply(Sum(), x, g.constant(.scalar(Float(2)))))]
    g.rename(g.outputs[0], to: "y")
    #expect(
      g.description == """
        input %x: float32[N×3]
        %2: float32[N×3] = Sum(%x, 2.0)
        %y: float32[N×3] = Everything(%2) {axes: [1]}
        return %y
        """)
  }

  @Test func copiesAreIndependent() throws {
    var g = Graph()
    let x = g.input("x", type)
    g.outputs = [try g.apply(Sum(), x)]
    var copy = g
    copy.outputs = [try copy.apply(Sum(), copy.outputs[0], x)]
    #expect(g.nodeCount == 1 && copy.nodeCount == 2)
    try g.verify()
    try copy.verify()
  }

  @Test func replacingMovesUsersAndKeepsOutputNames() throws {
    var g = Graph()
    let x = g.input("x", type)
    let a = try g.apply(Sum(), x)
    let b = try g.apply(Sum(), a)
    g.outputs = [b]
    g.rename(b, to: "y")
    let other = try g.apply(Sum(), x, x)
    g.replace(a, with: other)
    #expect(g.users(of: a).isEmpty)
    #expect(g.users(of: other).map(\.result) == [b])
    g.replace(b, with: other)
    #expect(g.outputs == [other] && g.name(of: other) == "y")
    g.removeDeadNodes()
    #expect(g.nodeCount == 1)
    #expect(g.userCount(of: x) == 1)
    try g.verify()
  }

  @Test func nothingChangedIsNoRevision() throws {
    var g = Graph()
    let x = g.input("x", type)
    g.outputs = [try g.apply(Sum(), x)]
    let before = g.revision
    g.replace(x, with: x)
    g.setType(.tensor(type), of: x)
    g.removeDeadNodes()
    #expect(g.revision == before)
  }

  @Test func cyclesAreFound() throws {
    var g = Graph()
    let x = g.input("x", type)
    let a = try g.apply(Sum(), x)
    let b = try g.apply(Sum(), a)
    g.outputs = [b]
    g.setOperands(of: g.producer(of: a)!.id, to: [b])
    #expect { try g.verify() } throws: { ($0 as? GraphError)?.message.contains("cycle") == true }
  }

  @Test func wrongTypesAreFound() throws {
    var g = Graph()
    let x = g.input("x", type)
    let y = try g.apply(Sum(), x)
    g.outputs = [y]
    g.setType(.tensor(.float32, [2, 4]), of: y)
    #expect { try g.verify() } throws: {
      ($0 as? GraphError)?.message.contains("float32[2×4], its operator gives float32[2×3]") == true
    }
  }

  @Test func errorsSayWhere() throws {
    var g = Graph()
    #expect { try g.apply(Sum(), [], resultCount: 1, named: "total") } throws: {
      "\($0)" == "takes 1 to 8 operands, has 0\n  at Sum ‘total’"
    }
  }

  @Test func embeddingBindsInputs() throws {
    var inner = Graph()
    let a = inner.input("a", type)
    inner.outputs = [try inner.apply(Sum(), a, inner.constant(.zeros(type)))]
    var g = Graph()
    let x = g.input("x", type)
    g.outputs = try g.embed(inner, [g.apply(Sum(), x)])
    #expect(g.nodeCount == 2)
    try g.verify()
    let rebuilt = try g.rebuilt(inputTypes: [x: .tensor(.float32, [5, 3])])
    #expect(rebuilt.type(of: rebuilt.outputs[0]) == .tensor(.float32, [5, 3]))
  }
}
