import CAllocations
import Foundation
import Hone

// Prints how often memory is allocated in ten runs of each model after its first three:
//
//     AllocationProbe THREADS MODEL…
//
// One line for each: the count, or “data” where sizes depend on data and memory cannot be bound, and the model's path. Before
// a path, “carry=” turns outputs that are named like inputs into states.
let arguments = CommandLine.arguments.dropFirst()
let threads = Int(arguments.first ?? "") ?? 1
for argument in arguments.dropFirst() {
  let isCarried = argument.hasPrefix("carry=")
  let path = isCarried ? String(argument.dropFirst(6)) : argument
  let url = URL(fileURLWithPath: path)
  var model = try ONNXModel(contentsOf: url)
  let names = model.graph.inputs.map { model.graph.name(of: $0) }
  let sets = TestDataSet.folders(in: url.deletingLastPathComponent())
  var values = try sets.first.map { try TestDataSet(folder: $0, graph: model.graph).inputs.map { $0?.tensor } }
  if isCarried {
    try CarryOutputs().run(on: &model.graph)
    let left = Set(model.graph.inputs.map { model.graph.name(of: $0) })
    values = values.map { zip(names, $0).filter { left.contains($0.0) }.map(\.1) }
  }
  let program = try Preparation(level: 3, threads: threads).program(model.graph)
  let types = try values?.map { $0!.type } ?? program.inputTypes().map { $0.tensor! }
  guard let session = try? BoundSession(program, inputs: types) else {
    print("data \(argument)")
    continue
  }
  for case (let i, let tensor?) in (values ?? []).enumerated() { try session.set(i, to: tensor) }
  for _ in 0..<3 { try session.run() }
  let before = allocation_count()
  for _ in 0..<10 { try session.run() }
  let count = allocation_count() - before
  print("\(count) \(argument)")
}
