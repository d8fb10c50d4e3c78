// swift-tools-version: 6.0
// bt-dist: distributed data-parallel Barlow Twins on CPU clusters.
import PackageDescription

// Folders of Sources/ are layers, from the ground up; so are the targets below, and each declares every module that it
// imports. A target imports only targets above it in this file. `.ci/run` checks both.
// C lives only in the shims (`C...`): a module map and a header of `static inline` getters.

#if arch(x86_64)
  // Vector kernels: AVX2 and FMA, so that one binary starts on every processor since 2013.
  let vectorFlags: [String] = ["-Xcc", "-march=x86-64-v3"]
#else
  let vectorFlags: [String] = []
#endif

/// Kernels over memory that their callers have checked: no overflow or bounds checks.
let kernels: [SwiftSetting] = [.unsafeFlags(["-Ounchecked"] + vectorFlags, .when(configuration: .release))]
/// Code that reads bytes or text from outside: all checks, and vector instructions where loops are simple.
let checked: [SwiftSetting] = [.unsafeFlags(vectorFlags, .when(configuration: .release))]
/// Tests that start programs and compute next to nothing: optimising them would take longer than running them.
let plain: [SwiftSetting] = [.unsafeFlags(["-Onone"], .when(configuration: .release))]

func shim(_ name: String, pkgConfig: String? = nil, apt: String) -> Target {
  .systemLibrary(name: name, path: "Sources/Shims/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func dependencies(_ names: String) -> [Target.Dependency] {
  names.split(separator: " ").map { .byName(name: String($0)) }
}

/// A module of a layer, with the names of all modules that it imports.
func module(_ layer: String, _ name: String, _ imports: String, _ settings: [SwiftSetting] = checked) -> Target {
  .target(
    name: name, dependencies: dependencies(imports), path: "Sources/\(layer)/\(name)", swiftSettings: settings)
}

func program(_ name: String, _ path: String, _ imports: String) -> Target {
  .executableTarget(name: name, dependencies: dependencies(imports), path: path, swiftSettings: checked)
}

func tests(_ name: String, _ path: String, _ imports: String, _ settings: [SwiftSetting] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies(imports), path: "Tests/\(path)", swiftSettings: settings)
}

let package = Package(
  name: "bt-dist",
  products: [
    .executable(name: "bt-dist", targets: ["bt-dist"]),
    .library(name: "BarlowTwinsDistributed", targets: ["BarlowTwinsDistributed"]),
    // For LD_PRELOAD in tests.
    .library(name: "fault-injector", type: .dynamic, targets: ["fault_injector"]),
  ],
  targets: [
    shim("CMPI", pkgConfig: "ompi-c", apt: "libopenmpi-dev"),
    shim("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-openmp-dev"),
    shim("COneDNN", apt: "libdnnl-dev"),
    shim("COpenMP", apt: "libgomp1"),
    shim("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    shim("COpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),
    shim("CVector", apt: "libc6-dev"),

    // Base
    module("Base", "Diagnostics", ""),
    module("Base", "FileSystem", "Diagnostics"),
    module("Base", "Host", "Diagnostics"),
    module("Base", "JSON", "Diagnostics"),
    module("Base", "CommandLine", "Diagnostics FileSystem JSON"),

    // Compute
    module("Compute", "Tensors", "COpenBLAS COpenMP CVector Diagnostics Host", kernels),
    module("Compute", "Files", "CZlib COpenSSL Diagnostics FileSystem JSON Tensors"),
    module("Compute", "Optimization", "CVector Diagnostics CommandLine Tensors", kernels),
    module("Compute", "Layers", "COneDNN CVector Diagnostics Tensors", kernels),
    module("Compute", "Encoders", "Diagnostics JSON CommandLine Layers"),
    module("Compute", "TwinNetwork", "Tensors Layers Encoders", kernels),

    // Parallel
    module("Parallel", "MPI", "CMPI Diagnostics Host"),
    module("Parallel", "DataParallel", "Diagnostics Tensors Files Layers MPI"),

    // Data
    module("Data", "Datasets", "Diagnostics Tensors Files"),
    module("Data", "Views", "Diagnostics Tensors Datasets", kernels),
    module("Data", "Loading", "Diagnostics Host Tensors Datasets Views"),

    // Run
    module(
      "Run", "Configuration",
      """
      Diagnostics FileSystem JSON CommandLine Tensors Optimization Layers Encoders TwinNetwork DataParallel \
      Datasets
      """),
    module("Run", "ModelFiles", "Diagnostics Tensors Files Layers Encoders"),
    module(
      "Run", "RunRecord",
      """
      Diagnostics FileSystem Host JSON Tensors Files Optimization Layers TwinNetwork MPI DataParallel \
      Configuration ModelFiles
      """),
    module("Run", "Planning", "Diagnostics Host Tensors Layers TwinNetwork"),
    module(
      "Run", "Training",
      """
      Diagnostics FileSystem Host Tensors Files Optimization Layers Encoders TwinNetwork MPI DataParallel \
      Datasets Views Loading Configuration ModelFiles RunRecord Planning
      """),

    // Tools
    module("Tools", "Reporting", "Diagnostics RunRecord Training"),
    module(
      "Tools", "Models",
      """
      Diagnostics FileSystem CommandLine Tensors Files Layers Encoders TwinNetwork MPI Datasets Configuration \
      ModelFiles RunRecord Training
      """),
    module("Tools", "Evaluation", "Diagnostics Tensors", kernels),
    module(
      "Tools", "Replaying",
      """
      Diagnostics Tensors Files Optimization Layers MPI DataParallel Datasets Configuration RunRecord Training
      """),
    module(
      "Tools", "Inspecting",
      """
      Diagnostics FileSystem JSON Tensors Files Layers Datasets Configuration ModelFiles RunRecord
      """),
    module(
      "Tools", "Benchmarking",
      """
      Diagnostics Host CommandLine Tensors Files Optimization Layers Encoders TwinNetwork MPI DataParallel \
      Datasets Loading Configuration Planning Training
      """),
    module(
      "Tools", "Doctor",
      """
      Diagnostics FileSystem Host CommandLine Tensors Files Layers MPI DataParallel Datasets Configuration \
      Planning Training Benchmarking
      """),

    // Program
    module(
      "Program", "BarlowTwinsDistributed",
      """
      Diagnostics CommandLine Tensors Files Optimization Layers Encoders TwinNetwork MPI DataParallel Datasets \
      Configuration ModelFiles RunRecord Training Reporting Models
      """),
    program(
      "bt-dist", "Sources/Program/bt-dist",
      """
      Diagnostics Host CommandLine Files Encoders TwinNetwork MPI DataParallel Datasets Configuration Training \
      Reporting Models Evaluation Replaying Inspecting Benchmarking Doctor
      """),
    program("custom-callback", "Sources/Program/Examples/CustomCallback", "BarlowTwinsDistributed"),
    program("custom-encoder", "Sources/Program/Examples/CustomEncoder", "BarlowTwinsDistributed"),
    program("features", "Sources/Program/Examples/Features", "BarlowTwinsDistributed"),
    program("volumes", "Sources/Program/Examples/Volumes", "BarlowTwinsDistributed"),

    // Tests
    .target(name: "TestSupport", dependencies: dependencies("Diagnostics Tensors Files"), path: "Tests/support"),
    program(
      "rank-probe", "Tests/probe",
      """
      Diagnostics Tensors Files Optimization Layers Encoders TwinNetwork MPI DataParallel Datasets Configuration \
      RunRecord Training BarlowTwinsDistributed TestSupport
      """),
    program(
      "fuzz-probe", "Tests/fuzz",
      """
      Diagnostics Host Tensors Files Layers MPI DataParallel Datasets Configuration RunRecord Training Replaying \
      Inspecting TestSupport
      """),
    .target(name: "fault_injector", path: "Tests/injector"),
    tests(
      "SingleTests", "single",
      """
      Diagnostics FileSystem Host JSON CommandLine Tensors Files Optimization Layers Encoders TwinNetwork MPI \
      DataParallel Datasets Views Loading Configuration ModelFiles RunRecord Planning Training Reporting Models \
      Evaluation Replaying Inspecting Benchmarking Doctor BarlowTwinsDistributed TestSupport
      """),
    tests(
      "ParallelTests", "parallel",
      """
      Host Tensors Files TestSupport bt-dist rank-probe fuzz-probe custom-callback custom-encoder features \
      volumes
      """, plain),
    tests("FaultTests", "faults", "Diagnostics RunRecord TestSupport bt-dist rank-probe", plain),
  ],
  swiftLanguageModes: [.v6]
)
