// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "hone-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "hone", path: "..")],
  targets: [
    .executableTarget(
      name: "KernelBenchmarks", dependencies: [.product(name: "HoneKernels", package: "hone")],
      path: "Sources/KernelBenchmarks")
  ],
  swiftLanguageModes: [.v6]
)
