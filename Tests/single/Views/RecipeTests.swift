import Testing
import Views

@Suite struct RecipeTests {
  func parse(_ text: String, _ shape: [Int] = [3, 8, 8], views: Int = 1) throws -> Augmentation {
    try Augmentation.parse(text, shape: shape, viewsPerSample: views)
  }

  @Test func descriptionsAreCanonical() throws {
    for (text, description) in [
      ("none", "none"), ("flip", "flip@0.5"), ("flip@1", "flip@1"), ("crop=.40:1.0", "crop=0.4:1"),
      ("crop=0.4:1:0.5:2@0.8", "crop=0.4:1:0.5:2@0.8"), ("blur=0.5:0.1:1.0", "blur=0.1:1@0.5"),
      ("blur=1:2", "blur=1:2"),
      ("brightness=0.4,contrast=0.4,noise=0.05", "brightness=0.4,contrast=0.4,noise=0.05"),
      ("auto", "crop=0.4:1,flip@0.5,brightness=0.4@0.8,contrast=0.4@0.8,blur=0.1:1@0.5"),
    ] {
      let augmentation = try parse(text)
      #expect(augmentation.description == description)
      #expect(try parse(augmentation.description).description == description)
    }
    #expect(try parse("small-images").description == parse("auto").description)
  }

  @Test func automaticRecipes() throws {
    #expect(try parse("auto", [20], views: 2).isIdentity)
    #expect(try parse("auto", [3, 8, 8], views: 2).isIdentity)
    #expect(try !parse("auto").isIdentity)
    for shape in [[20], [1, 4, 4, 4]] {
      expectFailure(.usage, "noise=0.1", "pairs:") { _ = try parse("auto", shape) }
      expectFailure(.usage, "'crop' is for images", "noise=DEVIATION") { _ = try parse("noise=1,crop=0.5:1", shape) }
      expectFailure(.usage, "is for images") { _ = try parse("small-images", shape) }
      #expect(try parse("none", shape).isIdentity)
      #expect(try parse("noise=1", shape).steps.count == 1)
    }
  }

  @Test func mistakes() {
    expectFailure(.usage, "'brigthness'", "did you mean brightness?", "flip") { _ = try parse("brigthness=0.4") }
    expectFailure(.usage, "small-images") { _ = try parse("smal-images") }
    expectFailure(.usage, "'none' is not an augmentation") { _ = try parse("flip,none") }
    for bad in ["", ",", "flip,", "flip,,flip", "@0.5", "=3"] {
      expectFailure(.usage, "without a name") { _ = try parse(bad) }
    }
    for bad in [
      "flip=1", "crop", "crop=", "crop=0:1", "crop=0.5", "crop=0.9:0.5", "crop=0.5:1.1", "crop=0.5:1:0:1", "crop=a:1",
      "crop=nan:1", "crop=0.5:1@", "crop=0.5:1@2", "crop=0.5:1@-1", "crop=0.5:1@nan", "brightness=-1", "brightness=inf",
      "contrast=1:2", "blur=1", "blur=2:0.1:1", "blur=2:1", "blur=0.5:0.1:1@0.5", "noise=-1", "noise=1e30", "noise",
    ] {
      expectFailure(.usage, bad, "expected") { _ = try parse(bad) }
    }
  }
}
