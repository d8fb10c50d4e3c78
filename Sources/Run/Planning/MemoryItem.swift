/// A row of a memory plan.
package struct MemoryItem: Equatable, Sendable {
  package var name: String
  package var bytes: Int

  package init(_ name: String, _ bytes: Int) { (self.name, self.bytes) = (name, bytes) }
}
