import Files
import Foundation
import MPI

/// Messages of numbers between two ranks.
extension Communicator {
  func send(_ values: [Double], to rank: Int) throws {
    try values.withUnsafeBufferPointer { try send($0.baseAddress!, count: values.count, to: rank) }
  }

  /// As many as the other rank sends.
  func receive(_ count: Int, from rank: Int) throws -> [Double] {
    var values = [Double](repeating: 0, count: count)
    try values.withUnsafeMutableBufferPointer { try receive($0.baseAddress!, count: count, from: rank) }
    return values
  }
}

extension Communicator {
  /// Every rank's value, in rank order, on every rank. A collective.
  func allGather<Value: Codable>(_ own: Value) throws -> [Value] {
    try allGather(JSONText.encode(own)).map { try JSONText.decode(from: $0) }
  }
}
