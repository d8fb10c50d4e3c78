internal import CMPI
import Foundation

/// The MPI library that this process has loaded.
package enum MPILibrary {
  /// Such as `Open MPI 4.1.4`.
  package static var version: String {
    var text = [CChar](repeating: 0, count: Int(bt_mpi_max_library_version()) + 1)
    var length: Int32 = 0
    guard MPI_Get_library_version(&text, &length) == bt_mpi_success() else { return "?" }
    return name(String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self))
  }

  /// That of the headers with which this program was compiled.
  package static let compiledFor = "Open MPI \(OMPI_MAJOR_VERSION).\(OMPI_MINOR_VERSION).\(OMPI_RELEASE_VERSION)"

  /// Its file, without symbolic links; nil where the system does not tell.
  package static var path: String? {
    // Such a file comes in pieces of a page.
    guard let maps = try? FileHandle(forReadingAtPath: "/proc/self/maps")?.readToEnd() else { return nil }
    let files = String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line in
      line.firstIndex(of: "/").map { String(line[$0...]) }
    }
    return files.first { $0.split(separator: "/").last?.hasPrefix("libmpi.") == true }
  }

  /// What threads may do at the same time, such as `serialized`; nil while MPI is not in use.
  package static var threadLevel: String? {
    var (isInitialised, isFinalised, level) = (Int32(0), Int32(0), Int32(0))
    guard MPI_Initialized(&isInitialised) == bt_mpi_success(), isInitialised != 0,
      MPI_Finalized(&isFinalised) == bt_mpi_success(), isFinalised == 0,
      MPI_Query_thread(&level) == bt_mpi_success()
    else { return nil }
    let names = ["single", "funneled", "serialized", "multiple"]
    return names.indices.contains(Int(level)) ? names[Int(level)] : "\(level)"
  }

  /// `Open MPI v4.1.4, package: …` without what follows the number; other libraries' first line as it is.
  package static func name(_ text: String) -> String {
    let first = text.prefix { $0 != "," && !$0.isNewline }
    return first.replacingOccurrences(of: "Open MPI v", with: "Open MPI ")
  }
}
