import Foundation
import HoneDatasets
import HoneIR
import HoneTraining

/// Training as it goes, on standard error: one line that is rewritten on a terminal, plain lines elsewhere.
final class TrainingDisplay: TrainingObserver {
  private let isQuiet: Bool
  private let isTerminal = Console.isTerminal
  private var start = ContinuousClock.now
  private var first = 0
  private var total = 0
  private var samplesPerStep = 0
  private var lastShown = ContinuousClock.now - .seconds(1)
  private var validation = ""
  private var isLineOpen = false

  init(quiet: Bool) { isQuiet = quiet }

  func observe(_ event: TrainingEvent) throws(GraphError) {
    guard !isQuiet else { return }
    switch event {
    case .started(let step, let total, let samples):
      (first, self.total, samplesPerStep, start) = (step, total, samples, .now)
      if step > 0 { say("going on after step \(Format.count(step)) of \(Format.count(total))") }
    case .step(let step, let loss, let rate):
      guard isTerminal, ContinuousClock.now - lastShown > .milliseconds(100) || step == total else { return }
      lastShown = .now
      show(line(step, loss, rate))
    case .record(let record):
      if !isTerminal, let loss = record.loss { say(line(record.step, loss, record.rate ?? 0)) }
    case .evaluated(let step, let scores, let isBest):
      validation = Self.text(scores)
      say("step \(Format.count(step)): \(validation)\(isBest ? ", the best so far" : "")")
    case .saved: break
    case .note(let text): say("note: \(text)")
    }
  }

  /// Ends the line that is being rewritten.
  func close() {
    if isLineOpen { Console.write("\n", to: .standardError) }
    isLineOpen = false
  }

  static func text(_ scores: ValidationScores) -> String {
    var parts: [String] = []
    if let loss = scores.loss { parts.append("validation loss \(Format.number(loss, 4))") }
    if let classes = scores.classification { parts.append("accuracy \(Format.percent(classes.accuracy, 2))") }
    if let numbers = scores.regression {
      parts.append("RMSE \(Format.number(numbers.rmse, 4)), R² \(Format.number(numbers.r2, 4))")
    }
    return parts.joined(separator: ", ")
  }

  private func line(_ step: Int, _ loss: Double, _ rate: Double) -> String {
    let elapsed = (ContinuousClock.now - start).seconds
    let done = max(step - first, 1)
    let speed = Double(done * samplesPerStep) / max(elapsed, 1e-9)
    let left = elapsed / Double(done) * Double(total - step)
    var parts = [
      "step \(Format.count(step))/\(Format.count(total))", "loss \(Format.number(loss, 4))",
      "rate \(String(format: "%.3g", rate))", "\(Format.number(speed, speed < 10 ? 1 : 0)) samples/s",
      "\(Format.seconds(left)) left",
    ]
    if isTerminal, !validation.isEmpty { parts.append(validation) }
    return parts.joined(separator: "  ")
  }

  private func show(_ text: String) {
    Console.write("\r\u{1B}[K\(text)", to: .standardError)
    isLineOpen = true
  }

  private func say(_ text: String) {
    Console.write((isLineOpen ? "\r\u{1B}[K" : "") + text + "\n", to: .standardError)
    isLineOpen = false
  }
}
