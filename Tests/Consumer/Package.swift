// swift-tools-version: 6.2
import Foundation
import PackageDescription

// A package that uses Hone as anyone would: by address and version. The address comes from outside.
let package = Package(
  name: "consumer",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: ProcessInfo.processInfo.environment["HONE_URL"]!, exact: "1.0.0")],
  targets: [.executableTarget(name: "Consumer", dependencies: [.product(name: "Hone", package: "hone")])]
)
