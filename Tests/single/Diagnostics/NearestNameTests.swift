import Diagnostics
import Testing

@Suite struct NearestNameTests {
  @Test(arguments: [("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ab", "", 2)])
  func editDistance(first: String, second: String, distance: Int) {
    #expect(NearestName.editDistance(first, second) == distance)
  }

  @Test(arguments: [
    ("fasion-mnist", "did you mean fashion-mnist?"), ("NPY_", "did you mean npy?"), ("pair", "did you mean pairs?"),
    ("synthetik", "did you mean synthetic?"), ("cifar10", nil), ("", nil), ("p", "did you mean pairs?"),
  ])
  func kindsOfData(word: String, question: String?) {
    let kinds = ["fashion-mnist", "idx", "npy", "pairs", "synthetic"]
    #expect(NearestName.question(for: word, among: kinds) == question)
  }
}
