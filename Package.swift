// swift-tools-version: 6.0
// bt-dist: distributed data-parallel Barlow Twins on CPU clusters.
import PackageDescription

// Targets from the bottom to the top; a target imports only targets above it in this file.
// C lives only in the shims (`C...`): a module map and a header of `static inline` getters.

#if arch(x86_64)
  // Vector kernels: AVX2 and FMA, so that one binary starts on every processor since 2013.
  let vectorFlags: [String] = ["-Xcc", "-march=x86-64-v3"]
#else
  let vectorFlags: [String] = []
#endif

/// Kernels over raw memory, whose inputs are validated by their callers: no overflow or bounds checks.
let kernels: [SwiftSetting] = [.unsafeFlags(["-Ounchecked"] + vectorFlags, .when(configuration: .release))]
let checked: [SwiftSetting] = []
/// Tests that start programs and compute next to nothing: optimising them would take longer than running them.
let plain: [SwiftSetting] = [.unsafeFlags(["-Onone"], .when(configuration: .release))]

func system(_ name: String, pkgConfig: String? = nil, apt: String) -> Target {
  .systemLibrary(name: name, path: "Sources/Shims/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func module(_ name: String, _ dependencies: [String], _ settings: [SwiftSetting] = checked) -> Target {
  .target(name: name, dependencies: dependencies.map { .byName(name: $0) }, swiftSettings: settings)
}

func tests(_ name: String, _ path: String, _ dependencies: [String], _ settings: [SwiftSetting] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies.map { .byName(name: $0) }, path: "Tests/\(path)", swiftSettings: settings)
}

let package = Package(
  name: "bt-dist",
  products: [
    .executable(name: "bt-dist", targets: ["bt-dist"]),
    .library(
      name: "BarlowTwinsDistributed",
      targets: ["Estimator", "Training", "Datasets", "Configuration", "Encoders", "Layers", "MPI", "Tensors"]),
    // For LD_PRELOAD in tests.
    .library(name: "fault-injector", type: .dynamic, targets: ["fault_injector"]),
  ],
  targets: [
    system("CMPI", pkgConfig: "ompi-c", apt: "libopenmpi-dev"),
    system("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-openmp-dev"),
    system("COneDNN", apt: "libdnnl-dev"),
    system("COpenMP", apt: "libgomp1"),
    system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    system("COpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),
    system("CVector", apt: "libc6-dev"),

    module("Diagnostics", []),
    module("Configuration", ["Diagnostics"]),
    module("MPI", ["CMPI", "Diagnostics"]),
    module("Tensors", ["COpenBLAS", "COpenMP", "CVector", "COpenSSL", "Diagnostics"], kernels),
    module("Optimization", ["Tensors", "CVector"], kernels),
    module("Layers", ["COneDNN", "CVector", "Tensors"], kernels),
    module("Encoders", ["Configuration", "Layers"]),
    module("BarlowTwins", ["Encoders", "Layers", "Tensors"], kernels),
    module("DataParallel", ["MPI", "Layers", "Tensors"], kernels),
    module("Datasets", ["CZlib", "Tensors", "Diagnostics"], kernels),
    module("Training", ["Configuration", "Datasets", "DataParallel", "BarlowTwins", "Encoders", "Optimization"]),
    module("Reporting", ["Training"]),
    module("Evaluation", ["Tensors", "Datasets", "Diagnostics"], kernels),
    module("Doctor", ["Training"]),
    module("Estimator", ["Training", "Reporting"]),
    .executableTarget(
      name: "bt-dist", dependencies: ["Configuration", "Doctor", "Evaluation", "Reporting", "Training"],
      path: "Sources/bt-dist"),

    .executableTarget(
      name: "custom-encoder", dependencies: ["Estimator", "Encoders", "Layers", "MPI"], path: "Sources/Examples"),

    .target(name: "TestSupport", dependencies: ["Diagnostics", "Tensors"], path: "Tests/support"),
    .executableTarget(
      name: "rank-probe",
      dependencies: [
        "BarlowTwins", "DataParallel", "Encoders", "Estimator", "Layers", "MPI", "Tensors", "TestSupport", "Training",
      ],
      path: "Tests/probe"),
    .target(name: "fault_injector", path: "Tests/injector"),
    tests(
      "SingleTests", "single",
      [
        "TestSupport", "Diagnostics", "Configuration", "Tensors", "Optimization", "Layers", "Encoders", "BarlowTwins",
        "DataParallel", "Datasets", "Training", "Reporting", "Doctor", "Evaluation", "Estimator",
      ]),
    tests(
      "ParallelTests", "parallel",
      ["TestSupport", "Diagnostics", "Tensors", "bt-dist", "rank-probe", "custom-encoder"],
      plain),
    tests(
      "FaultTests", "faults", ["TestSupport", "Diagnostics", "Tensors", "Training", "bt-dist", "rank-probe"],
      plain),
  ],
  swiftLanguageModes: [.v6]
)
