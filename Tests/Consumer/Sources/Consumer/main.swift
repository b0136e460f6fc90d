import Foundation
import Hone

// Loads a model, runs it, and writes it again.
let model = try ONNXModel(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1]))
let program = try Preparation(level: 3).program(model.graph)
let input = Tensor((0..<784).map { Float($0 % 9) / 9 }, shape: [1, 1, 28, 28])
let output = try Session(program).run([input])[0]
let copy = URL(fileURLWithPath: CommandLine.arguments[2])
try model.write(to: copy)
let again = try Session(try ONNXModel(contentsOf: copy).graph).run([input])[0]
let difference = zip(output.floats, again.floats).map { abs($0 - $1) }.max()!
print(output.type, difference < 1e-3 ? "same" : "different")
