import Tensors

/// Parameters of odd sizes, of which some decay: several pieces of the kernels.
func oddLayout() throws -> ParameterLayout {
  var layout = ParameterLayout()
  for (index, shape) in [[7, 3], [1], [229, 331], [17], [31], [5, 1013], [16], [33, 2]].enumerated() {
    try layout.append(name: "p\(index)", shape: shape)
  }
  return layout
}

/// Numbers in −1..<1 that depend on the seed and the place only.
func noise(_ index: Int, seed: UInt64) -> Float {
  var x = (UInt64(index) &+ 1) &* 0x9E37_79B9_7F4A_7C15 ^ seed &* 0xD1B5_4A32_D192_ED03
  x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
  x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
  return Float(Int32(truncatingIfNeeded: x >> 32)) / 2_147_483_648
}

func fill(_ buffer: AlignedBuffer<Float>, _ layout: ParameterLayout, seed: UInt64) {
  for entry in layout.entries {
    for i in entry.range { buffer.pointer[i] = noise(i, seed: seed) }
  }
}

func copy(_ values: some Sequence<Float>, to pointer: UnsafeMutablePointer<Float>) {
  for (index, value) in values.enumerated() { pointer[index] = value }
}

func paddingIsZero(_ buffer: AlignedBuffer<Float>, _ layout: ParameterLayout) -> Bool {
  var used = [Bool](repeating: false, count: layout.total)
  for entry in layout.entries { for i in entry.range { used[i] = true } }
  return (0..<layout.total).allSatisfy { used[$0] || buffer.pointer[$0].bitPattern == 0 }
}

/// What a test sees of the parameters: all bits.
func bits(_ buffer: AlignedBuffer<Float>) -> [UInt32] { buffer.elements.map(\.bitPattern) }
