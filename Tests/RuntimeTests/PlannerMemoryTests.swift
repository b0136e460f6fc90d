import HoneIR
import HoneOperators
import HoneRuntime
import Testing

struct PlannerMemoryTests {
  @Test func `a residual that is the input, too, is not written over`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [1, 9, 9, 160]))
    let hidden = try g.apply(Relu(), x)
    // Each output is the sum of two inputs, most of them in other panels, and of the residual.
    let weights = (0..<160 * 160).map { i -> Float in
      let (output, input) = i.quotientAndRemainder(dividingBy: 160)
      return input == 159 - output || input == (output + 80) % 160 ? 1 : 0
    }
    g.outputs = [
      try g.apply(NHWCConv(), hidden, g.constant(Tensor(weights, shape: [160, 160, 1, 1])), nil, hidden)
    ]
    let values = (0..<81 * 160).map { Float($0 % 1009) }
    let expected = (0..<81 * 160).map { i -> Float in
      let (position, channel) = i.quotientAndRemainder(dividingBy: 160)
      return values[i] + values[position * 160 + 159 - channel] + values[position * 160 + (channel + 80) % 160]
    }
    for threads in [1, 2] {
      let found = try Session(Program(g, threads: threads)).run([Tensor(values, shape: [1, 9, 9, 160])])[0]
      #expect(found.floats == expected)
    }
  }
}
