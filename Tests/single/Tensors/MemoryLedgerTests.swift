import Foundation
import Host
import Loading
import Tensors
import TestSupport
import Testing
import Views

@Suite struct MemoryLedgerTests {
  @Test func buffersAreCountedByTheirUse() throws {
    let ledger = MemoryLedger()
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
    defer { memory.deallocate() }
    ledger.enter(memory, bytes: 4096, .loss, isMapped: false)
    ledger.enter(memory + 1, bytes: 64, .loss, isMapped: false)
    ledger.enter(memory + 2, bytes: 128, .data, isMapped: false)
    #expect(ledger.bytes[.loss] == 4160 && ledger.bytes[.data] == 128 && ledger.bytes[.loader] == 0)
    #expect(ledger.residentBytes == 4288)
    ledger.remove(memory, bytes: 4096, .loss)
    #expect(ledger.bytes[.loss] == 64 && ledger.residentBytes == 192)
  }

  /// A large buffer is zero and takes up no memory before it is touched.
  @Test func largeBuffersAreThereWhenTheyAreTouched() throws {
    let buffer = try AlignedBuffer<Float>(4 << 20, for: .activations)
    let (ledger, page) = (MemoryLedger(), sysconf(Int32(_SC_PAGESIZE)))
    ledger.enter(buffer.pointer, bytes: buffer.bytes, .activations, isMapped: true)
    #expect(ledger.bytes[.activations] == 16 << 20 && ledger.residentBytes == 0)
    buffer.pointer[0] = 1
    buffer.pointer[buffer.count - 1] = 2
    #expect(ledger.residentBytes == 2 * page)
    #expect(buffer.elements.dropFirst().dropLast().allSatisfy { $0 == 0 })
    ledger.remove(buffer.pointer, bytes: buffer.bytes, .activations)
    #expect(ledger.bytes[.activations] == 0 && ledger.residentBytes == 0)
  }

  /// One that no machine can hold can still be planned.
  @Test func aPlanMayBeLargerThanTheMachine() throws {
    let buffer = try AlignedBuffer<Float>(1 << 38, for: .activations)
    buffer.pointer[buffer.count - 1] = 1
    #expect(buffer.pointer[0] == 0 && UInt(bitPattern: buffer.pointer) % 64 == 0)
    #expect(MemoryLedger.process.bytes[.activations]! >= 1 << 40)
  }

  @Test func theSystemsNumbersAreRead() throws {
    let text = "VmPeak:\t  99 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 12 kB\n"
    #expect(ProcessMemory.field("VmHWM", of: text) == 1234 * 1024 && ProcessMemory.field("Vm", of: text) == nil)
    let (peak, resident) = (try #require(ProcessMemory.peak), try #require(ProcessMemory.resident))
    let available = try #require(ProcessMemory.availableOnHost)
    #expect(resident > 1 << 20 && peak + 1 << 20 >= resident && available > 1 << 20)
  }

  @Test func loadersSayWhatTheyWillUse() throws {
    let recipe = "noise=0.1"
    let plain = try Augmentation.parse("none", shape: [1, 10, 10], viewsPerSample: 1)
    let augmented = try Augmentation.parse(recipe, shape: [1, 10, 10], viewsPerSample: 1)
    func bytes(_ augmentation: Augmentation, steps: Int) -> Int {
      BatchLoader.bytes(samples: 8, augmentation: augmentation, steps: steps, workers: 3)
    }
    #expect(bytes(plain, steps: 100) == 4 * 2 * 8 * 400 && bytes(plain, steps: 2) == 2 * 2 * 8 * 400)
    #expect(bytes(augmented, steps: 1) == 2 * 8 * 400 + 3 * 400 && bytes(plain, steps: 0) == 0)
    #expect(BatchLoader.bytes(samples: .max / 8, augmentation: plain, steps: 9, workers: 1) == 1 << 60)
  }
}
