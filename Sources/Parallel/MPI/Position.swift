/// Where a rank is in a run.
public struct Position: Sendable, CustomStringConvertible {
  /// 1 for the first step; 0 before it.
  public var step = 0
  /// What is waited for, such as `encoder.layer1.0.bn1, forward`.
  public var place = "start"

  public init(step: Int = 0, place: String = "start") { (self.step, self.place) = (step, place) }

  public var description: String { step == 0 ? place : "step \(step), \(place)" }
}
