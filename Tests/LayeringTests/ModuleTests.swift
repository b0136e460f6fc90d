import Foundation
import Testing

/// Modules import downward only, and each kind of thing stays where it belongs.
struct ModuleTests {
  private static let system: Set<String> = [
    "Foundation", "FoundationEssentials", "Glibc", "Darwin", "Musl", "Synchronization",
  ]

  /// What each folder of `Sources` may import, beside the system's modules.
  private static let allowed: [String: Set<String>] = [
    "IR": [],
    "Kernels": ["CKernels"],
    "Operators": ["IR", "Kernels"],
    "Runtime": ["IR", "Kernels", "Logging"],
    "Transforms": ["IR", "Operators", "Runtime", "Logging"],
    "ONNX": ["IR", "Operators", "SwiftProtobuf"],
    "Codecs": ["IR", "CImages", "CZlib"],
    "Datasets": ["IR", "Codecs", "SwiftCSV"],
    "Compression": ["IR", "Operators", "Runtime", "Transforms", "Datasets", "Logging"],
    "Models": ["IR", "Operators"],
    "Training": ["IR", "Operators", "Runtime", "Transforms", "Datasets", "Logging"],
    "Hone": ["IR", "Runtime", "Transforms", "ONNX", "Datasets", "Compression", "Models", "Training"],
    "Conformance": ["IR", "Operators", "Runtime", "ONNX"],
    "ConformanceTool": ["Conformance", "ArgumentParser"],
    "RewriteTool": ["IR", "Transforms", "ONNX", "ArgumentParser"],
    "CLI": [
      "Hone", "IR", "Operators", "Kernels", "Runtime", "Transforms", "ONNX", "Datasets", "Compression",
      "Models", "Training", "ArgumentParser", "Yams", "Logging",
    ],
  ]
  private static let printing: Set<String> = ["CLI", "ConformanceTool", "RewriteTool"]

  @Test func importsGoDownward() {
    for file in Package.sources() {
      guard let allowed = Self.allowed[file.module] else {
        Issue.record("\(file.path): the module \(file.module) has no place in the layers")
        continue
      }
      let wrong = Set(file.imports).subtracting(allowed).subtracting(Self.system)
      #expect(wrong.isEmpty, "\(file.path) imports \(wrong.sorted().joined(separator: ", "))")
    }
  }

  @Test func filesAreSmall() {
    for file in Package.sources(["swift", "c", "h"]) where !file.isGenerated {
      #expect(file.lines.count <= 500, "\(file.path) has \(file.lines.count) lines")
    }
  }

  @Test func onlyCommandsPrint() {
    for file in Package.sources() where !Self.printing.contains(file.module) {
      let lines = file.lines(with: /(?:^|[^.\w])(?:print|debugPrint|dump)\(/)
      #expect(lines.isEmpty, "\(lines)")
    }
  }

  @Test func nothingIsConfiguredByEnvironment() {
    for file in Package.sources(["swift", "c", "h"]) where file.path != "Sources/CKernels/dispatch.c" {
      let lines = file.lines(with: /getenv|\.environment\b|\bsetenv/)
      #expect(lines.isEmpty, "\(lines)")
    }
  }

  @Test func nothingIsLeftForLater() {
    for file in Package.sources(["swift", "c", "h"]) where !file.isGenerated {
      for word in ["TODO", "FIXME", "not implemented"] {
        let isSaid = file.text.contains(word)
        #expect(!isSaid, "\(file.path) says \(word)")
      }
    }
  }
}
