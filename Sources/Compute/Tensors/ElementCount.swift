/// The number of elements of a shape (1 for the empty shape); nil when a size is negative or the product overflows.
package func elementCount(of shape: [Int]) -> Int? {
  var count = 1
  for size in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: size)
    if size < 0 || overflow { return nil }
    count = product
  }
  return count
}

/// The product of two sizes; `Int.max` where an Int does not hold it, which no buffer takes.
package func saturatingProduct(_ a: Int, _ b: Int) -> Int {
  let (product, overflow) = a.multipliedReportingOverflow(by: b)
  return overflow ? .max : product
}
