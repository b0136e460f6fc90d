import Foundation

/// What `compress` prints and writes.
struct CompressionReport: Codable {
  struct Candidate: Codable {
    var name: String
    var score: Double?
    var drop: Double?
    var file_bytes: Int
    var p50_ms: Double
    var within_budget: Bool
    var chosen: Bool
    var failure: String?
  }
  struct Recipe: Codable {
    struct Step: Codable {
      var pass: String
      var options: [String: String]
    }
    var version = 1
    var model: String
    var data: String
    var seed: UInt64
    var passes: [Step]
  }
  var metric: String
  var max_drop: Double
  var goal_met: Bool
  var candidates: [Candidate]
  var model: String
  var files: [String]
  var seconds: Double
  var recipe: Recipe
  var notes: [String]

  var text: String {
    var table = TextTable(["", metric, "size", "p50 latency", ""], left: [0, 4])
    let base = candidates[0]
    for candidate in candidates {
      let score = candidate.score.map { Format.percent($0, 2) } ?? "–"
      let size =
        candidate.file_bytes > 0
        ? "\(Format.bytes(candidate.file_bytes)) (\(Format.percent(Double(candidate.file_bytes) / Double(max(base.file_bytes, 1)), 0)))"
        : "–"
      let speed =
        candidate.p50_ms > 0
        ? "\(Format.milliseconds(candidate.p50_ms)) (\(Format.number(base.p50_ms / candidate.p50_ms, 2))×)" : "–"
      let verdict =
        candidate.chosen ? "← kept" : candidate.failure ?? (candidate.within_budget ? "" : "loses more than allowed")
      table.add(candidate.name, score, size, speed, verdict)
    }
    var lines = [table.text, ""]
    lines += notes.map { "note: \($0)" }
    lines.append(
      goal_met
        ? "Done in \(Format.seconds(seconds)): within the budget of \(Format.percent(max_drop, 2)) lost."
        : "Nothing smaller or faster stays within \(Format.percent(max_drop, 2)) lost; the best found is written.")
    lines += ["", "The files:"] + files.map { "  \($0)" }
    return lines.joined(separator: "\n")
  }
}
