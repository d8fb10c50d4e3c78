/// What the random numbers of a step's layers are a function of, besides each layer's name and each element's place.
public struct StepRandomness: Sendable, Equatable {
  public var seed: UInt64
  /// Optimizer steps done; below 2³².
  public var step: Int

  public init(seed: UInt64, step: Int) { (self.seed, self.step) = (seed, step) }
}

extension String {
  /// FNV-1a: numbers for a name that do not depend on which other names there are.
  var randomStream: UInt64 { utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } }
}
