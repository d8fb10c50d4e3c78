import Foundation
import Tensors

/// Cuts a box of random area and aspect ratio and stretches it to the image's size (torchvision's RandomResizedCrop).
///
/// `crop=SMALLEST:LARGEST` are fractions of the area, then optionally the range of the ratio of width to height,
/// 3/4 to 4/3 by default. Bilinear with half-pixel centres, edges repeated, without antialiasing (a crop never
/// shrinks the picture).
package struct RandomResizedCrop: AugmentationOperation {
  package static let name = "crop"
  package static let form = "crop=SMALLEST:LARGEST[:NARROWEST:WIDEST]"
  package static let domain = AugmentationDomain.images

  private let area: ClosedRange<Float>
  private let ratio: ClosedRange<Float>

  /// A box of whole pixels.
  package struct Box: Equatable {
    package var top: Int
    package var left: Int
    package var height: Int
    package var width: Int

    package init(top: Int, left: Int, height: Int, width: Int) {
      self.top = top
      self.left = left
      self.height = height
      self.width = width
    }
  }

  package init?(_ numbers: [Float]) {
    let all = numbers.count == 2 ? numbers + [3 / 4, 4 / 3] : numbers
    guard all.count == 4, all[0] > 0, all[0] <= all[1], all[1] <= 1, all[2] > 0, all[2] <= all[3], all[3] <= 1000
    else { return nil }
    area = all[0]...all[1]
    ratio = all[2]...all[3]
  }

  package var numbers: [Float] {
    let sizes = [area.lowerBound, area.upperBound]
    return ratio == 3 / 4...4 / 3 ? sizes : sizes + [ratio.lowerBound, ratio.upperBound]
  }

  package func apply(_ image: inout ImageBuffer, _ random: inout PhiloxStream) {
    let box = draw(height: image.height, width: image.width, &random)
    Self.resample(&image, box)
  }

  /// torchvision's choice: 10 attempts at a box that fits, else the largest central one of an allowed ratio.
  package func draw(height: Int, width: Int, _ random: inout PhiloxStream) -> Box {
    let logarithms = log(ratio.lowerBound)...log(ratio.upperBound)
    for _ in 0..<10 {
      let target = Double(height * width) * Double(random.uniform(in: area))
      let aspect = exp(Double(random.uniform(in: logarithms)))
      let boxWidth = Int((target * aspect).squareRoot().rounded(.toNearestOrEven))
      let boxHeight = Int((target / aspect).squareRoot().rounded(.toNearestOrEven))
      if boxWidth > 0, boxWidth <= width, boxHeight > 0, boxHeight <= height {
        let top = random.integer(below: height - boxHeight + 1)
        return Box(top: top, left: random.integer(below: width - boxWidth + 1), height: boxHeight, width: boxWidth)
      }
    }
    let own = Float(width) / Float(height)
    var (boxHeight, boxWidth) = (height, width)
    if own < ratio.lowerBound {
      boxHeight = max(1, Int((Float(width) / ratio.lowerBound).rounded(.toNearestOrEven)))
    } else if own > ratio.upperBound {
      boxWidth = max(1, Int((Float(height) * ratio.upperBound).rounded(.toNearestOrEven)))
    }
    return Box(top: (height - boxHeight) / 2, left: (width - boxWidth) / 2, height: boxHeight, width: boxWidth)
  }

  /// Stretches a box, which lies within the image, to the whole image.
  package static func resample(_ image: inout ImageBuffer, _ box: Box) {
    let (height, width) = (image.height, image.width)
    // For each column the left neighbour (from the image's left edge) and the weight of the right one.
    let (neighbours, weights) = (image.indices, image.weights)
    for x in 0..<width {
      let place = position(x, box.width, width)
      neighbours[x] = box.left + place.index
      weights[x] = place.weight
    }
    let lastColumn = box.left + box.width - 1
    for channel in 0..<image.channels {
      let source = image.pixels + channel * height * width
      let target = image.spare + channel * height * width
      for y in 0..<height {
        let place = position(y, box.height, height)
        let upper = source + (box.top + place.index) * width
        let lower = source + (box.top + min(place.index + 1, box.height - 1)) * width
        let line = target + y * width
        for x in 0..<width {
          let (left, right, weight) = (neighbours[x], min(neighbours[x] + 1, lastColumn), weights[x])
          let above = upper[left] + (upper[right] - upper[left]) * weight
          let below = lower[left] + (lower[right] - lower[left]) * weight
          line[x] = above + (below - above) * place.weight
        }
      }
    }
    image.exchange()
  }

  /// Where pixel `target` of `targets` lies among `sources`: the neighbour before it and the weight of the next one.
  @inline(__always)
  private static func position(_ target: Int, _ sources: Int, _ targets: Int) -> (index: Int, weight: Float) {
    let place = max(0, (Float(target) + 0.5) * (Float(sources) / Float(targets)) - 0.5)
    let index = min(Int(place), sources - 1)
    return (index, min(1, place - Float(index)))
  }
}
