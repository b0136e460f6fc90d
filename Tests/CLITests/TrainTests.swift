import Foundation
import Testing

/// Training as the command does it: it learns, and neither a kill nor Ctrl-C costs anything.
@Suite struct TrainTests {
  private struct Answer: Decodable {
    var ending: String
    var steps: Int
    var chosen_step: Int
    var best: Double?
  }
  private static var hone: URL {
    Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("hone")
  }

  /// A folder with a table of points on both sides of a line.
  private static func folder(rows: Int) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hone-train-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var state: UInt64 = 7
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / Double(1 << 23) - 1
    }
    var text = "x,y,side\n"
    for _ in 0..<rows {
      let (x, y) = (next(), next())
      text += "\(x),\(y),\(2 * x - y > 0.1 ? "right" : "left")\n"
    }
    try Data(text.utf8).write(to: folder.appendingPathComponent("points.csv"))
    return folder
  }

  private static func arguments(_ folder: URL, steps: Int, output: String) -> [String] {
    [
      "train", "mlp", "--input", "2", "--data", folder.appendingPathComponent("points.csv").path, "--label", "side",
      "--steps", "\(steps)", "--batch", "8", "--rate", "0.01", "--evaluate-every", "40", "--format", "json", "--quiet",
      "--optimizer", "sgd:momentum=0.9", "--schedule", "cosine", "--warm-up", "5", "-o",
      folder.appendingPathComponent(output).path,
    ]
  }

  private static func start(_ arguments: [String], _ output: Pipe? = nil, errors: Pipe? = nil) throws -> Process {
    let process = Process()
    (process.executableURL, process.arguments) = (hone, arguments)
    process.standardOutput = output ?? FileHandle.nullDevice
    process.standardError = errors ?? FileHandle.nullDevice
    try process.run()
    return process
  }

  @Test func `a built-in model learns from a table`() throws {
    let folder = try Self.folder(rows: 400)
    defer { try? FileManager.default.removeItem(at: folder) }
    let output = Pipe()
    let process = try Self.start(Self.arguments(folder, steps: 200, output: "model.onnx"), output)
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let answer = try JSONDecoder().decode(Answer.self, from: data)
    #expect(answer.ending == "completed" && answer.steps == 200)
    #expect(answer.best ?? 0 > 0.9)
    let evaluation = try Self.start([
      "evaluate", folder.appendingPathComponent("model.onnx").path, "--data",
      folder.appendingPathComponent("points.csv").path, "--label", "side",
    ])
    evaluation.waitUntilExit()
    #expect(evaluation.terminationStatus == 0)
  }

  @Test func `without samples held back, all are trained on`() throws {
    let folder = try Self.folder(rows: 80)
    defer { try? FileManager.default.removeItem(at: folder) }
    for share in ["0", "0.5"] {
      let output = Pipe()
      let process = try Self.start(
        [
          "train", "mlp", "--input", "2", "--data", folder.appendingPathComponent("points.csv").path, "--label", "side",
          "--validation", share, "--epochs", "1", "--batch", "8", "--format", "json", "-o",
          folder.appendingPathComponent("all.onnx").path,
        ], output)
      let data = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      #expect(try JSONDecoder().decode(Answer.self, from: data).steps == (share == "0" ? 10 : 5))
    }
  }

  @Test func `killed again and again, it ends with the same weights`() throws {
    let folder = try Self.folder(rows: 200)
    defer { try? FileManager.default.removeItem(at: folder) }
    let steps = 160
    let whole = try Self.start(Self.arguments(folder, steps: steps, output: "whole.safetensors"))
    whole.waitUntilExit()
    #expect(whole.terminationStatus == 0)
    let checkpoints = folder.appendingPathComponent("checkpoints")
    let resuming =
      Self.arguments(folder, steps: steps, output: "killed.safetensors") + [
        "--checkpoints", checkpoints.path, "--checkpoint-every", "1", "--resume",
      ]
    var kills = 0
    while true {
      let process = try Self.start(resuming)
      if kills < 6 {
        let before = Self.modified(checkpoints)
        while process.isRunning, Self.modified(checkpoints) == before { usleep(2000) }
        usleep(UInt32.random(in: 0..<60_000))
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      }
      process.waitUntilExit()
      if process.terminationReason == .uncaughtSignal {
        kills += 1
        continue
      }
      #expect(process.terminationStatus == 0)
      break
    }
    #expect(kills > 0)
    let expected = try Data(contentsOf: folder.appendingPathComponent("whole.safetensors"))
    #expect(try Data(contentsOf: folder.appendingPathComponent("killed.safetensors")) == expected)
  }

  @Test func `Ctrl-C saves where it is, and ends with 130`() throws {
    let folder = try Self.folder(rows: 200)
    defer { try? FileManager.default.removeItem(at: folder) }
    let checkpoints = folder.appendingPathComponent("checkpoints")
    let endless =
      Self.arguments(folder, steps: 20_000, output: "model.onnx") + ["--checkpoints", checkpoints.path]
    let process = try Self.start(endless + ["--checkpoint-every", "50"])
    while process.isRunning, Self.modified(checkpoints) == nil { usleep(2000) }
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 130)
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.onnx").path))
    let before = Self.modified(checkpoints)
    let again = try Self.start(endless + ["--checkpoint-every", "50", "--resume"])
    while again.isRunning, Self.modified(checkpoints) == before { usleep(2000) }
    again.interrupt()
    again.waitUntilExit()
    #expect(again.terminationStatus == 130)
  }

  @Test func `a loss that is no number ends it with step, node and the last good checkpoint`() throws {
    let folder = try Self.folder(rows: 100)
    defer { try? FileManager.default.removeItem(at: folder) }
    let checkpoints = folder.appendingPathComponent("checkpoints")
    // The weights grow until their products are infinite.
    let arguments = [
      "train", "mlp", "--input", "2", "--data", folder.appendingPathComponent("points.csv").path, "--label", "side",
      "--steps", "50", "--batch", "8", "--rate", "1e12", "--optimizer", "sgd", "--checkpoints", checkpoints.path,
      "--checkpoint-every", "1", "-o", folder.appendingPathComponent("model.onnx").path,
    ]
    let errors = Pipe()
    let process = try Self.start(arguments, errors: errors)
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 3, "\(text)")
    let pattern = try Regex(
      #"the loss is (?:NaN|infinite) in step (\d+): .* is the first: it gives"#, as: (Substring, Substring).self)
    let step = try #require(text.firstMatch(of: pattern)?.1, "\(text)")
    #expect(Int(step)! > 1)
    let last = checkpoints.appendingPathComponent("last.safetensors").path
    #expect(text.contains("the last good checkpoint is \(last)"), "\(text)")
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.onnx").path))
    // What is kept is of the step before, and is good: training goes on from it and fails in the same step.
    let more = Pipe()
    let again = try Self.start(arguments + ["--resume"], errors: more)
    let repeated = String(decoding: more.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    again.waitUntilExit()
    #expect(again.terminationStatus == 3)
    #expect(repeated.contains("going on after step \(Int(step)! - 1)") && repeated.contains(" in step \(step):"))
  }

  @Test func `a student learns what its teacher says`() throws {
    let folder = try Self.folder(rows: 400)
    defer { try? FileManager.default.removeItem(at: folder) }
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    func answer(_ arguments: [String]) throws -> (status: Int32, output: Data) {
      let output = Pipe()
      let process = try Self.start(arguments, output)
      let data = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return (process.terminationStatus, data)
    }
    #expect(try answer(Self.arguments(folder, steps: 200, output: "teacher.onnx")).status == 0)
    #expect(try answer(Self.arguments(folder, steps: 1, output: "student.onnx")).status == 0)
    // The labels are all wrong; only the teacher knows.
    let points = try String(contentsOfFile: path("points.csv"), encoding: .utf8)
    let wrong = points.replacing("left", with: "other").replacing("right", with: "left")
      .replacing("other", with: "right")
    try Data(wrong.utf8).write(to: folder.appendingPathComponent("wrong.csv"))
    func finetune(_ share: String, _ output: String, teacher: String = "teacher.onnx") -> [String] {
      [
        "finetune", path("student.onnx"), "--data", path("wrong.csv"), "--label", "side", "--steps", "150", "--batch",
        "8", "--rate", "0.01", "--teacher", path(teacher), "--teacher-weight", share, "--temperature", "1",
        "--validation", "0", "--format", "json", "--quiet", "-o", path(output),
      ]
    }
    var scores: [Double] = []
    for share in ["1", "0"] {
      #expect(try answer(finetune(share, "\(share).onnx")).status == 0)
      let evaluation = try answer([
        "evaluate", path("\(share).onnx"), "--data", path("points.csv"), "--label", "side", "--format", "json",
      ])
      #expect(evaluation.status == 0)
      struct Scores: Decodable { var accuracy: Double }
      scores.append(try JSONDecoder().decode(Scores.self, from: evaluation.output).accuracy)
    }
    #expect(scores[0] > 0.85 && scores[1] < 0.15, "\(scores)")
    #expect(try answer(finetune("1", "x.onnx", teacher: "missing.onnx")).status == 3)
    #expect(try answer(finetune("1", "x.onnx", teacher: "points.csv")).status == 3)
    #expect(try answer(finetune("1.5", "x.onnx")).status == 2)
  }

  @Test func `L-BFGS trains on all data at once, and goes on where it was`() throws {
    let folder = try Self.folder(rows: 100)
    defer { try? FileManager.default.removeItem(at: folder) }
    func arguments(_ command: [String], steps: Int, _ output: String, _ more: [String] = []) -> [String] {
      command + [
        "--data", folder.appendingPathComponent("points.csv").path, "--label", "side", "--steps", "\(steps)",
        "--optimizer", "lbfgs:history=5", "--format", "json", "--quiet", "-o",
        folder.appendingPathComponent(output).path,
      ] + more
    }
    let train = ["train", "mlp", "--input", "2"]
    let checkpoints = ["--checkpoints", folder.appendingPathComponent("checkpoints").path]
    let output = Pipe()
    let whole = try Self.start(arguments(train, steps: 8, "whole.safetensors", checkpoints), output)
    let data = output.fileHandleForReading.readDataToEndOfFile()
    whole.waitUntilExit()
    #expect(whole.terminationStatus == 0)
    #expect(try JSONDecoder().decode(Answer.self, from: data).best ?? 0 > 0.85)
    let again = try Self.start(arguments(train, steps: 8, "again.safetensors", checkpoints + ["--resume"]))
    again.waitUntilExit()
    #expect(again.terminationStatus == 0)
    let expected = try Data(contentsOf: folder.appendingPathComponent("whole.safetensors"))
    #expect(try Data(contentsOf: folder.appendingPathComponent("again.safetensors")) == expected)
    let model = try Self.start(arguments(train, steps: 2, "model.onnx"))
    model.waitUntilExit()
    let finetune = ["finetune", folder.appendingPathComponent("model.onnx").path]
    for (more, status) in [
      ([], 0 as Int32), (["--gradient-norm", "1"], 2), (["--rate", "0.1"], 2), (["--schedule", "cosine"], 2),
      (["--averaging", "0.9"], 2),
    ] {
      let process = try Self.start(arguments(finetune, steps: 2, "better.onnx", more))
      process.waitUntilExit()
      #expect(process.terminationStatus == status, "\(more)")
    }
  }

  @Test func `mistakes end with their exit codes`() throws {
    let folder = try Self.folder(rows: 40)
    defer { try? FileManager.default.removeItem(at: folder) }
    let good = Self.arguments(folder, steps: 2, output: "model.onnx")
    let recipe = folder.appendingPathComponent("recipe.yaml")
    try Data("epoch: 3\n".utf8).write(to: recipe)
    let cases: [([String], Int32)] = [
      (["train"], 2), (["train", "mlp"], 2), (good + ["--resume"], 2), (good + ["--epochs", "2"], 2),
      (good + ["--loss", "sqared"], 2), (good + ["--optimizer", "sgd:momentun=1"], 2),
      (good + ["--recipe", recipe.path], 2), (good + ["--freeze", "*"], 3),
      (good + ["--weights", folder.appendingPathComponent("points.csv").path], 3),
      (["finetune", "missing.onnx", "--data", folder.path, "-o", "x.onnx"], 3),
      (["benchmark", "mlp", "--train", "--batch", "0"], 2),
      (["benchmark", "mlp", "--train", "--batch", "2", "--optimizer", "lbfgs"], 2),
      (good + ["--sparse-embeddings", "--optimizer", "lamb"], 2),
    ]
    for (arguments, status) in cases {
      let process = try Self.start(arguments)
      process.waitUntilExit()
      #expect(process.terminationStatus == status, "\(arguments.suffix(3))")
    }
  }

  /// When the last checkpoint was written.
  private static func modified(_ folder: URL) -> Date? {
    let path = folder.appendingPathComponent("last.safetensors").path
    return (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
  }
}
