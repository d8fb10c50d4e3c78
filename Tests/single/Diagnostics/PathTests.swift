import Diagnostics
import Testing

struct PathTests {
  @Test(arguments: [
    ("a", ".", "a"), ("a/b", "a", "b"), ("/a", "/", "a"), ("/", "/", "/"), ("a/", ".", "a"), ("a//b//", "a", "b"),
    ("./a", ".", "a"), ("", ".", "/"),
  ])
  func parts(path: String, folder: String, name: String) {
    #expect(path.parentFolder == folder && path.lastName == name)
  }
}
