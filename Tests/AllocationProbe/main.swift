import CAllocations
import Foundation
import Hone

// Prints how often memory is allocated in ten runs of each model after its first three:
//
//     AllocationProbe THREADS MODEL…
//
// One line for each: the count, or “data” where sizes depend on data and memory cannot be bound, and the model's path.
let arguments = CommandLine.arguments.dropFirst()
let threads = Int(arguments.first ?? "") ?? 1
for path in arguments.dropFirst() {
  let url = URL(fileURLWithPath: path)
  let model = try ONNXModel(contentsOf: url)
  let program = try Preparation(level: 3, threads: threads).program(model.graph)
  let sets = TestDataSet.folders(in: url.deletingLastPathComponent())
  let values = try sets.first.map { try TestDataSet(folder: $0, graph: model.graph).inputs.map { $0?.tensor } }
  let types = try values?.map { $0!.type } ?? program.inputTypes().map { $0.tensor! }
  guard let session = try? BoundSession(program, inputs: types) else {
    print("data \(path)")
    continue
  }
  for case (let i, let tensor?) in (values ?? []).enumerated() { try session.set(i, to: tensor) }
  for _ in 0..<3 { try session.run() }
  let before = allocation_count()
  for _ in 0..<10 { try session.run() }
  let count = allocation_count() - before
  print("\(count) \(path)")
}
