import Foundation
import Testing

/// Another package uses the product `Hone` by address and version, where unsafe flags are forbidden, and runs a model.
@Suite struct ConsumerTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @discardableResult
  static func run(_ command: [String], in folder: URL, _ environment: [String: String] = [:]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    (process.standardOutput, process.standardError) = (output, output)
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(command.joined(separator: " ")):\n\(text.suffix(4000))")
    return text
  }

  /// The package's files as they are now, as a repository with a version.
  private static func publish(to folder: URL) throws {
    let manager = FileManager.default
    try? manager.removeItem(at: folder)
    for path in ["Package.swift", "Sources"] {
      try manager.createDirectory(at: folder, withIntermediateDirectories: true)
      try manager.copyItem(at: root.appendingPathComponent(path), to: folder.appendingPathComponent(path))
    }
    // Targets of tests are declared, so their folders must be there.
    try manager.copyItem(at: root.appendingPathComponent("Tests"), to: folder.appendingPathComponent("Tests"))
    try manager.removeItem(at: folder.appendingPathComponent("Tests/Consumer"))
    try run(["git", "init", "-q"], in: folder)
    try run(["git", "add", "-A"], in: folder)
    let author = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    try run(["git"] + author + ["commit", "-q", "-m", "snapshot"], in: folder)
    try run(["git", "tag", "1.0.0"], in: folder)
  }

  @Test func `another package can use Hone`() throws {
    let work = Self.root.appendingPathComponent(".build/consumer")
    let package = work.appendingPathComponent("package")
    let repository = work.appendingPathComponent("hone")
    try Self.publish(to: repository)
    try? FileManager.default.removeItem(at: package)
    try FileManager.default.copyItem(at: Self.root.appendingPathComponent("Tests/Consumer"), to: package)
    let address = ["HONE_URL": repository.absoluteString]
    try Self.run(["swift", "build", "--product", "Consumer"], in: package, address)
    let model = Self.root.appendingPathComponent("Examples/fashion-mnist/model.onnx")
    let copy = work.appendingPathComponent("copy.onnx")
    let text = try Self.run([".build/debug/Consumer", model.path, copy.path], in: package)
    #expect(text.hasPrefix("float32[1×10] same"), "\(text)")
  }
}
