// Gives mutated files of one kind to what reads them, for Tests/parallel:
//   fuzz-probe TARGET COUNT SEED FOLDER            reads them in this process
//   fuzz-probe TARGET COUNT SEED FOLDER BT-DIST    calls the program for each
import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())
guard (4...5).contains(arguments.count), let target = targets.first(where: { $0.name == arguments[0] }),
  let count = Int(arguments[1]), let seed = UInt64(arguments[2])
else {
  print("fuzz-probe \(targets.map(\.name).joined(separator: "|")) COUNT SEED FOLDER [BT-DIST]")
  exit(64)
}
let files = arguments[3] + "/files"
try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
var fuzz = Fuzz(name: target.name, target: try target.make(files), seed: seed, folder: arguments[3])
let isWell = try arguments.count == 5 ? fuzz.run(count, program: arguments[4]) : fuzz.run(count)
exit(isWell ? 0 : 1)
