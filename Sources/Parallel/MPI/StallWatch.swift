import Diagnostics

/// Notices that a rank does not come to a collective, and says which.
///
/// A rank that has waited for `limit` seconds calls the roll: it tells all ranks that it waits, and where. A waiting
/// rank that hears of a roll call answers in the same way. After a moment for the answers, the ranks that have not
/// answered are late: they compute, read, write, hang or were stopped. A rank takes its answer back when its wait ends.
/// This finds the late ranks wherever they stand in the reduction tree: a rank that waits for one which waits itself
/// does not blame it. After twice the limit the job is ended by the lowest rank that waits.
public final class StallWatch {
  /// Seconds of waiting after which ranks are called late; nil: never.
  public var limit: Double? = 300
  /// Where remarks go, on every rank that has one.
  public var report: ((String) -> Void)?

  /// Seconds between two looks for messages.
  private static let interval = 0.1
  private let rank: Int
  private let hosts: [String]
  private let mailbox: Mailbox
  /// Where each rank waits, as far as it has answered.
  private var answered: [String?]
  private var (waitStart, nextLook, lastSeen) = (0.0, 0.0, Double.infinity)
  private var lastPosition = Position()
  private var calledAt: Double?
  private var hasReported = false

  init(rank: Int, hosts: [String], mailbox: Mailbox) {
    self.rank = rank
    self.hosts = hosts
    self.mailbox = mailbox
    answered = hosts.map { _ in nil }
  }

  func waitBegins(at time: Double, _ position: Position) {
    lastPosition = position
    _ = wasHere(at: time)
    (waitStart, nextLook) = (time, time + 1)
  }

  func waitEnds(at time: Double) {
    _ = wasHere(at: time)
    guard calledAt != nil else { return }
    tellAll("")
    if hasReported { report?("\(name) continues after \(Int(time - waitStart)) s at \(lastPosition)") }
    (calledAt, hasReported) = (nil, false)
  }

  /// Looks for messages now and then, calls the roll at the limit, reports, and in the end throws.
  func check(at time: Double, _ position: Position) throws {
    if !wasHere(at: time) { (waitStart, nextLook) = (time, time + 1) }
    guard time >= nextLook, let limit else { return }
    nextLook = time + Self.interval
    while let message = mailbox.next() { answered[message.sender] = message.text.isEmpty ? nil : message.text }
    let waited = time - waitStart
    if calledAt == nil, waited >= limit || answered.contains(where: { $0 != nil }) {
      tellAll("\(position)")
      calledAt = time
    }
    // Time for the answers.
    guard let calledAt, waited >= limit, time - calledAt >= min(2, limit / 2) else { return }
    if !hasReported {
      report?("\(name) has waited for \(Int(waited)) s at \(position): \(late(position))")
      hasReported = true
    }
    // The others give the lowest waiting rank time to end the job with one message.
    let isLowest = !answered[..<rank].contains { $0 != nil }
    guard waited >= 2 * limit + (isLowest ? 0 : 10) else { return }
    throw Failure(
      .interrupted, "the job hangs: \(late(position))", at: "\(position)",
      found: "\(name) has waited for \(Int(waited)) s",
      remedy: "look at those processes and hosts (stopped, swapping, a file system that hangs), then launch again: the "
        + "run resumes from its newest checkpoint. If they are only slow, raise \(option: "stall-timeout") "
        + "(now \(limit.brief) s)"
    )
  }

  /// Whether this rank has been here within the limit; reports it if not. It computed, read or wrote for too long
  /// before this wait, or was stopped.
  private func wasHere(at time: Double) -> Bool {
    defer { lastSeen = time }
    guard let limit, time - lastSeen > limit else { return true }
    report?("\(name) kept the others waiting: \(Int(time - lastSeen)) s, until \(lastPosition)")
    return false
  }

  private func tellAll(_ text: String) {
    for other in hosts.indices where other != rank { mailbox.post(text, to: other) }
  }

  /// Who has not come, or where everybody waits when all do.
  private func late(_ position: Position) -> String {
    let missing = hosts.indices.filter { $0 != rank && answered[$0] == nil }
    if !missing.isEmpty {
      return "\(RankList(missing, hosts)) \(missing.count == 1 ? "is" : "are") late"
    }
    let places = hosts.indices.map { $0 == rank ? "\(position)" : answered[$0] ?? "?" }
    return "all ranks wait, rank by rank at: " + places.joined(separator: "; ")
  }

  private var name: String { "\(RankList([rank], hosts))" }
}

extension Double {
  /// Without decimals where there are none.
  fileprivate var brief: String { self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)" }
}
