/// How a run that did not fail ended.
public enum RunEnd: Sendable, Equatable {
  case finished
  /// Before its last step, because early stopping or a callback asked for it; why.
  case stopped(String)
  /// The name of the signal, such as `SIGUSR1`.
  case interrupted(String)
}
