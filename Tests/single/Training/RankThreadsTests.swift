import Diagnostics
import TestSupport
import Testing
import Training

/// What `OMP_NUM_THREADS` says.
@Suite(.commandLine) struct RankThreadsTests {
  @Test(
    arguments: [
      ("4", 4), ("4,2", 4), ("4,1", 4), (" 4 , 2 ", 4), ("+3", 3), ("", nil), (" ", nil), (nil, nil),
    ] as [(String?, Int?)])
  func given(text: String?, threads: Int?) throws {
    #expect(try RankThreads.given(in: text.map { ["OMP_NUM_THREADS": $0] } ?? [:]) == threads)
  }

  @Test(arguments: ["four", "0", "-1", "4,", ",4", "4,0", "4 2", "1.5", "1e1", "4;2", "99999999999", "4,x"])
  func whatIsNoNumberOfThreadsIsSaid(text: String) {
    expectFailure(.usage, "OMP_NUM_THREADS: not a number of threads", "'\(text)'", "unset it, or give --threads") {
      _ = try RankThreads.given(in: ["OMP_NUM_THREADS": text])
    }
  }
}
