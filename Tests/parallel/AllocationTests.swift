import Foundation
import TestSupport
import Testing

/// After the first steps, layers, loss, gradient norm, clipping and optimizers take nothing from the heap.
///
/// A small library, compiled here and preloaded, counts the calls to `malloc` and its kin that come from Swift code
/// (through libswiftCore). oneDNN makes a table of its arguments at every call; that is its own and not counted.
@Suite struct AllocationTests {
  private static let counter = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <stdatomic.h>
    #include <stddef.h>
    #include <string.h>
    extern void *__libc_malloc(size_t), *__libc_memalign(size_t, size_t);
    static atomic_long count;
    static __thread int inside;
    long bt_allocations(void) { return count; }
    static void note(void *caller) {
      Dl_info info;
      if (inside) return;
      inside = 1;
      if (dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "libswift")) count++;
      inside = 0;
    }
    void *malloc(size_t n) { note(__builtin_return_address(0)); return __libc_malloc(n); }
    int posix_memalign(void **p, size_t a, size_t n) {
      note(__builtin_return_address(0));
      *p = __libc_memalign(a, n);
      return *p ? 0 : 12;
    }
    """

  @Test func aStepAllocatesNothing() throws {
    let folder = try TemporaryFolder()
    let (source, library) = (folder.file("counter.c"), folder.file("counter.so"))
    try Self.counter.write(toFile: source, atomically: true, encoding: .utf8)
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    compiler.arguments = ["clang", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"]
    try compiler.run()
    compiler.waitUntilExit()
    try #require(compiler.terminationStatus == 0, "the toolchain's clang compiles")

    // One thread: with more, each parallel region has one context of Swift's for its closure.
    let result = try Launch.run("rank-probe", ["allocations"], ranks: nil, environment: ["LD_PRELOAD": library])
    #expect(result.code == 0, "\(result.text)")
    let counts = result.output.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(counts.map { $0[0] } == ["mlp", "resnet18", "Adam", "SGD", "LARS", "dropout", "bf16"], "\(result.text)")
    for line in counts { #expect(line[1] == "0", "\(line[0]): allocations a step") }
  }
}
