import ArgumentParser
import Foundation
import HoneIR
import Logging

/// Makes trained ONNX models smaller and faster, and proves it.
@main
struct Hone: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hone",
    abstract: "Makes trained ONNX models smaller and faster, and proves it.",
    discussion: """
      The main job: hone compress model.onnx --data samples/ -o out/

      Exit codes: 0 done · 1 goal not met (what was found is written all the same) · 2 wrong usage · 3 the model or data cannot be \
      used · 4 results differ · \
      130 interrupted, and what is needed to go on was saved.
      Results go to standard output, logs and progress to standard error. Nothing is ever sent over a network.
      """,
    version: "0.1.0",
    subcommands: [
      InspectCommand.self, RunCommand.self, OptimizeCommand.self, QuantizeCommand.self, CompressCommand.self,
      EvaluateCommand.self,
      BenchmarkCommand.self, TrainCommand.self, FinetuneCommand.self, KernelsCommand.self, ModelsCommand.self,
    ])

  static func main() async {
    LoggingSystem.bootstrap { StandardErrorLog(label: $0) }
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let code as ExitCode {
      exit(withError: code)
    } catch let error as GraphError {
      Console.error(error.description)
      Foundation.exit(HoneExit(error).rawValue)
    } catch {
      // The parser's own errors are wrong usage; help and version are not errors.
      let code = exitCode(for: error)
      guard code.isSuccess else {
        Console.write(fullMessage(for: error) + "\n", to: .standardError)
        Foundation.exit(HoneExit.usage.rawValue)
      }
      exit(withError: error)
    }
  }
}

/// What the exit code says.
enum HoneExit: Int32 {
  case done = 0
  case goalNotMet = 1
  case usage = 2
  case unusable = 3
  case differs = 4
  case interrupted = 130

  init(_ error: GraphError) { self = error.kind == .attribute && error.trail.contains("option") ? .usage : .unusable }
}

extension ExitCode {
  init(_ exit: HoneExit) { self.init(exit.rawValue) }
}
