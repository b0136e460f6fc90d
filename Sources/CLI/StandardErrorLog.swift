import Logging
import Synchronization

/// Logs to standard error: a line each, with the level where it is not a plain note.
struct StandardErrorLog: LogHandler {
  /// What is shown: `--quiet` and `--verbose` set it.
  static let threshold = Mutex(Logger.Level.notice)

  let label: String
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level {
    get { Self.threshold.withLock { $0 } }
    set { Self.threshold.withLock { $0 = newValue } }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let details = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let suffix = details.isEmpty ? "" : " (" + details.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + ")"
    let prefix = event.level == .notice ? "" : "\(event.level) \(label): "
    Console.write("\(prefix)\(event.message)\(suffix)\n", to: .standardError)
  }
}
