import HoneIR
import HoneOperators
import Testing

@testable import HoneRuntime

@Suite struct ExecutionOrderTests {
  private static let depth = 16
  private static let size = 64 * 64 * 4

  /// A chain hᵢ₊₁ = tanh(hᵢ · sᵢ), cotangents gᵢ back along it, and sᵢ + Σ gᵢ₊₁hᵢ, a scalar, as next states.
  private func chain() throws -> Graph {
    var g = Graph()
    var values = [g.input("x", TensorType(.float32, [64, 64]))]
    var states: [Value] = []
    for i in 0..<Self.depth {
      states.append(g.state("s\(i)", initial: .scalar(Float(1)), trainable: true))
      values.append(try g.apply(Tanh(), g.apply(Mul(), values[i], states[i])))
    }
    g.outputs = [try g.apply(sum(), values[Self.depth])]
    var cotangent = values[Self.depth]
    var sums: [Value] = []
    for i in (0..<Self.depth).reversed() {
      sums.append(try g.apply(sum(), g.apply(Mul(), cotangent, values[i])))
      cotangent = try g.apply(Sub(), cotangent, values[i])
    }
    // The first state's update needs the last cotangent, the last one's the first.
    for i in 0..<Self.depth {
      g.update(states[i], to: try g.apply(Add(), states[i], sums[Self.depth - 1 - i]))
    }
    return g
  }

  private func sum() -> ReduceSum {
    var op = ReduceSum()
    op.keepdims = false
    return op
  }

  @Test func `what frees memory runs as soon as it can`() throws {
    let g = try chain()
    let program = Program(g)
    let plan = try program.plan(for: program.inputTypes())
    // The values of the chain, and a few that come and go; with the cotangents kept it would be twice as many.
    #expect(plan.memoryByteCount < (Self.depth + 4) * Self.size, "\(plan.memoryByteCount / Self.size) values")
    #expect(plan.memoryByteCount >= Self.depth * Self.size)
  }

  @Test func `each node runs once, operands before users, and updates after all other readers of the state`() throws {
    let g = try chain()
    let order = ExecutionOrder(g).nodes
    #expect(Set(order.map(\.id)) == Set(g.sorted().map(\.id)))
    #expect(order.count == g.sorted().count)
    let position = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1.id, $0) })
    for node in order {
      for case let operand? in node.operands {
        if let producer = g.producer(of: operand) { #expect(position[producer.id]! < position[node.id]!) }
      }
    }
    for (state, next) in g.updates {
      let update = try #require(g.producer(of: next))
      for reader in g.users(of: state) where reader.id != update.id {
        #expect(position[reader.id]! < position[update.id]!)
      }
    }
  }

  @Test func `a node made late runs just before its user`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [4]))
    let state = g.state("s", initial: .zeros(TensorType(.float32, [4])))
    let first = try g.apply(Exp(), x), second = try g.apply(Tanh(), first)
    let third = try g.apply(Mul(), second, first)
    g.update(state, to: try g.apply(Add(), state, third))
    let again = try g.apply(Exp(), x)
    let user = try #require(g.producer(of: third))
    g.setOperands(of: user.id, to: [second, again])
    g.outputs = [x]
    let order = ExecutionOrder(g).nodes
    #expect(order.map(\.op.name) == ["Exp", "Tanh", "Exp", "Mul", "Add"])
  }

  @Test func `without state the order is the graph's`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [4]))
    let late = try g.apply(Exp(), x), early = try g.apply(Tanh(), x)
    g.outputs = [early, late]
    #expect(ExecutionOrder(g).nodes.map(\.id) == g.sorted().map(\.id))
  }
}
