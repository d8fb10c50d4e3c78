// swift-tools-version: 6.0
// A package of somebody else: it depends on the library's product and sees only what is public.
import PackageDescription

let package = Package(
  name: "outside",
  dependencies: [.package(name: "bt-dist", path: "../..")],
  targets: [
    .executableTarget(
      name: "outside", dependencies: [.product(name: "BarlowTwinsDistributed", package: "bt-dist")], path: "Sources")
  ],
  swiftLanguageModes: [.v6]
)
