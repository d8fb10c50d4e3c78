import Foundation
import Testing

/// The manifest is the graph: what it declares is what the sources import, and arrows point down.
@Suite struct ArchitectureTests {
  /// A target as Package.swift declares it.
  struct Target {
    var name: String
    /// Its folder, relative to the repository.
    var path: String
    /// Of `Sources/`; nil for a test.
    var layer: String?
    var declared: [String]
    var isKernel = false
    var isProgram = false
  }

  static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  /// From the ground up.
  static let layers = ["Base", "Compute", "Parallel", "Data", "Run", "Tools", "Program"]

  private let targets: [Target]
  private let shims: [String]

  init() throws {
    let manifest = try String(contentsOf: Self.repository.appending(path: "Package.swift"), encoding: .utf8)
    let call = #/(module|program|tests)\(\s*"([^"]+)", "([^"]+)",\s*(?:"""\n(.*?)\n\s*"""|"([^"]*)")(, kernels)?/#
      .dotMatchesNewlines()
    targets = manifest.matches(of: call).map { match in
      let (_, kind, first, second, long, short, kernels) = match.output
      let words = (long ?? short ?? "").split { $0.isWhitespace || $0 == "\\" }.map(String.init)
      return switch kind {
      case "module":
        Target(
          name: String(second), path: "Sources/\(first)/\(second)", layer: String(first), declared: words,
          isKernel: kernels != nil)
      case "program":
        Target(
          name: String(first), path: String(second), layer: second.hasPrefix("Sources/Program") ? "Program" : nil,
          declared: words, isProgram: true)
      default: Target(name: String(first), path: "Tests/\(second)", layer: nil, declared: words)
      }
    }
    shims = manifest.matches(of: #/shim\("(\w+)"/#).map { String($0.output.1) }
  }

  /// Swift files of a target, with what they import: the module and the words before `import`.
  private func sources(of target: Target) throws -> [(
    file: URL, text: String, imports: [(module: String, before: String)]
  )] {
    let folder = Self.repository.appending(path: target.path)
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map { file in
      let text = try String(contentsOf: file, encoding: .utf8)
      let lines = text.matches(
        of: #/^((?:[@\w]+ )*)import (?:(?:struct|class|enum|func|protocol) )?(\w+)/#.anchorsMatchLineEndings())
      return (file, text, lines.map { (String($0.output.2), String($0.output.1)) })
    }
  }

  @Test func theManifestIsRead() throws {
    #expect(targets.count > 30 && shims.count == 7)
    let folders = try Self.layers.flatMap { layer in
      try FileManager.default.contentsOfDirectory(atPath: Self.repository.path + "/Sources/\(layer)")
        .map { "Sources/\(layer)/\($0)" }
    }
    let declared = Set(targets.map(\.path))
    for folder in folders where folder != "Sources/Program/Examples" {
      #expect(declared.contains(folder), "a folder without a target")
    }
  }

  @Test func everyImportIsDeclaredAndEveryDeclarationIsImported() throws {
    let own = Set(targets.map(\.name) + shims + ["TestSupport"])
    let programs = targets.filter(\.isProgram).map(\.name)
    for target in targets {
      var imported: Set<String> = []
      for (file, _, imports) in try sources(of: target) {
        for (module, _) in imports where own.contains(module) {
          imported.insert(module)
          #expect(
            target.declared.contains(module), "\(file.path) imports \(module), which \(target.name) does not declare")
        }
      }
      // Tests also declare programs, which they start.
      let unused = target.declared.filter { !imported.contains($0) && (target.layer != nil || !programs.contains($0)) }
      #expect(unused == [], "\(target.name) declares modules that it does not import")
    }
  }

  @Test func arrowsPointDown() throws {
    let order = shims + targets.map(\.name)
    for (place, target) in targets.enumerated() where target.layer != nil {
      for name in target.declared {
        let other = try #require(order.firstIndex(of: name), "\(target.name) declares \(name), which is not there")
        #expect(other < shims.count + place, "\(target.name) imports \(name), which stands above it")
        guard let layer = targets.first(where: { $0.name == name })?.layer else { continue }
        let (below, own) = (Self.layers.firstIndex(of: layer), Self.layers.firstIndex(of: target.layer!))
        #expect(below! <= own!, "\(target.name) in \(target.layer!) imports \(name) in \(layer)")
      }
    }
    // The loop knows no tool.
    let tools = targets.filter { $0.layer == "Tools" }.map(\.name)
    #expect(targets.first { $0.name == "Training" }!.declared.filter(tools.contains) == [])
  }

  @Test func cStaysInside() throws {
    for target in targets {
      for (file, _, imports) in try sources(of: target) {
        for (module, before) in imports where shims.contains(module) {
          #expect(before == "internal ", "\(file.path) imports \(module) without `internal`")
        }
      }
    }
  }

  /// What is compiled without checks reads no file and decodes nothing.
  @Test func kernelsReadNothingFromOutside() throws {
    let readers = [
      "FileManager", "FileHandle", "InputFile", "JSONDecoder", "JSONSerialization", "import FileSystem", "import Files",
      "fopen(",
    ]
    let kernels = targets.filter(\.isKernel)
    #expect(kernels.count >= 5)
    for target in kernels {
      for (file, text, _) in try sources(of: target) {
        for word in readers { #expect(!text.contains(word), "\(file.path) is a kernel and has \(word)") }
      }
    }
  }

  /// Printing, threads, and reading whole files have one place each, which knows what can go wrong there.
  @Test func thereIsOnePlaceForEach() throws {
    let seams = [
      ("Console.swift", ["print(", "FileHandle.standardError.", "FileHandle.standardOutput.", "fputs(", "putchar("]),
      ("WorkerThread.swift", ["pthread_create(", "DispatchQueue", "makeTimerSource", "Thread.detach"]),
      ("Disk.swift", ["FileManager.default.contents(", "Data(contentsOf:", "forReadingFrom:"]),
    ]
    // Files of /proc cannot be pipes, and the doctor's are its own.
    let others = ["SystemFile.swift", "CommandWords.swift", "LaunchDeadline.swift", "SharedFolder.swift"]
    for target in targets where target.layer != nil && !target.path.contains("/Examples/") {
      for (file, text, _) in try sources(of: target) where !others.contains(file.lastPathComponent) {
        let code = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
        for (seam, words) in seams where file.lastPathComponent != seam {
          for word in words {
            let isUsed = code.contains { line in
              line.ranges(of: word).contains { range in
                range.lowerBound == line.startIndex || !line[line.index(before: range.lowerBound)].isLetter
              }
            }
            #expect(!isUsed, "\(file.path) has \(word), which belongs into \(seam)")
          }
        }
      }
    }
  }
}
