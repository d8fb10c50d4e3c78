import Host

/// The time for which a thread could have run, but others had its core.
enum CoreWait {
  /// Seconds since this thread began; 0 where the system does not tell.
  static var ofThread: Double {
    // On the core, waiting for it, and how often: nanoseconds.
    let words = SystemFile.text("/proc/thread-self/schedstat")?.split(whereSeparator: \.isWhitespace) ?? []
    return words.count < 2 ? 0 : (Double(words[1]) ?? 0) * 1e-9
  }
}
