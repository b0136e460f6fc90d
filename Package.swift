// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// A library module: folders carry the plain name, modules the project's.
func module(
  _ name: String, _ dependencies: [String] = [], external: [Target.Dependency] = [], pointers: Bool = false
) -> Target {
  .target(
    name: "Hone\(name)", dependencies: dependencies.map { .target(name: $0) } + external,
    path: "Sources/\(name)",
    swiftSettings: settings + (pointers ? [] : [.strictMemorySafety()]))
}

let log = Target.Dependency.product(name: "Logging", package: "swift-log")

func tests(_ name: String, _ dependencies: [String], external: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies.map { .target(name: $0) } + external,
    path: "Tests/\(name)Tests", swiftSettings: settings)
}

let package = Package(
  name: "hone",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Hone", targets: ["Hone"]),
    .library(name: "HoneKernels", targets: ["HoneKernels"]),
    .executable(name: "hone", targets: ["HoneCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.28.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
  ],
  targets: [
    .target(name: "CKernels", path: "Sources/CKernels", cSettings: [.headerSearchPath(".")]),
    module("Kernels", ["CKernels"], pointers: true),
    module("IR", pointers: true),
    module("Operators", ["HoneIR", "HoneKernels"], pointers: true),
    module("Runtime", ["HoneIR", "HoneKernels"], external: [log], pointers: true),
    .target(
      name: "HoneONNX",
      dependencies: ["HoneIR", "HoneOperators", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      path: "Sources/ONNX", exclude: ["Schema/onnx.proto"],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error),
      ]),
    module("Transforms", ["HoneIR", "HoneOperators", "HoneRuntime"], external: [log]),
    module(
      "Compression", ["HoneIR", "HoneOperators", "HoneRuntime", "HoneTransforms", "HoneDatasets"], external: [log]),
    module("Models", ["HoneIR", "HoneOperators"]),
    module("Training", ["HoneIR", "HoneOperators", "HoneRuntime", "HoneTransforms", "HoneDatasets"], external: [log]),
    .target(
      name: "Hone",
      dependencies: [
        "HoneIR", "HoneOperators", "HoneRuntime", "HoneTransforms", "HoneONNX", "HoneDatasets", "HoneCompression",
        "HoneModels", "HoneTraining",
      ],
      path: "Sources/Hone", swiftSettings: settings + [.strictMemorySafety()]),
    .executableTarget(
      name: "HoneCLI",
      dependencies: [
        "Hone", "HoneIR", "HoneOperators", "HoneKernels", "HoneRuntime", "HoneTransforms", "HoneONNX", "HoneDatasets",
        "HoneCompression", "HoneModels", "HoneTraining", log,
        .product(name: "ArgumentParser", package: "swift-argument-parser"), .product(name: "Yams", package: "Yams"),
      ],
      path: "Sources/CLI", swiftSettings: settings),
    module("Conformance", ["HoneIR", "HoneOperators", "HoneONNX", "HoneRuntime"]),
    .executableTarget(
      name: "hone-conformance",
      dependencies: ["HoneConformance", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Sources/ConformanceTool", swiftSettings: settings),
    .systemLibrary(
      name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CPNG", path: "Sources/CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CJPEG", path: "Sources/CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .target(
      name: "CImages", dependencies: ["CPNG", "CJPEG"], path: "Sources/CImages",
      linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg")]),
    module("Codecs", ["HoneIR", "CImages", "CZlib"], pointers: true),
    module("Datasets", ["HoneIR", "HoneCodecs"], external: [.product(name: "SwiftCSV", package: "SwiftCSV")]),
    .executableTarget(
      name: "hone-rewrite",
      dependencies: [
        "HoneTransforms", "HoneONNX", "HoneIR", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/RewriteTool", swiftSettings: settings),
    .target(name: "CAllocations", path: "Tests/CAllocations"),
    .executableTarget(
      name: "AllocationProbe", dependencies: ["Hone", "CAllocations"], path: "Tests/AllocationProbe",
      swiftSettings: settings),
    tests("Allocation", []),
    tests("IR", ["HoneIR"]),
    tests("Kernels", ["HoneKernels", "CKernels"]),
    tests("Operators", ["HoneOperators", "HoneRuntime", "HoneIR"]),
    tests("Transforms", ["HoneTransforms", "HoneOperators", "HoneRuntime", "HoneIR"]),
    tests("RoundTrip", ["HoneTransforms", "HoneONNX", "HoneIR"]),
    tests("Runtime", ["HoneRuntime", "HoneOperators", "HoneIR"]),
    tests("Compression", ["HoneCompression", "HoneTransforms", "HoneOperators", "HoneRuntime", "HoneIR"]),
    tests("Conformance", ["HoneConformance"]),
    tests("Models", ["HoneModels", "HoneONNX", "HoneTransforms", "HoneRuntime", "HoneOperators", "HoneIR"]),
    tests(
      "Training",
      [
        "HoneTraining", "HoneModels", "HoneONNX", "HoneDatasets", "HoneTransforms", "HoneRuntime", "HoneOperators",
        "HoneIR",
      ]),
    tests("Zoo", ["HoneONNX", "HoneDatasets", "HoneTransforms", "HoneRuntime", "HoneIR"]),
    tests("Mutation", ["HoneONNX", "HoneTransforms", "HoneRuntime", "HoneIR"]),
    tests("Datasets", ["HoneDatasets", "HoneCodecs", "HoneIR"]),
    tests("CLI", []),
    tests("Consumer", []),
    tests("Layering", []),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17
)
