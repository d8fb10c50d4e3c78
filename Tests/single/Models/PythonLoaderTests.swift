import CommandLine
import Configuration
import Encoders
import Models
import TestSupport
import Testing

/// The Python that `export` prints. It has been run with torchvision and nidl: see Features.md.
@Suite struct PythonLoaderTests {
  private func loader(
    _ encoder: EncoderKind, inputs: Int, isFull: Bool = false,
    _ change: (inout TrainingConfiguration) -> Void = { _ in }
  ) -> PythonLoader {
    var options = TrainingConfiguration()
    options.encoder = encoder
    options.stem = .imagenet
    change(&options)
    return PythonLoader(options, file: "a \"b\".safetensors", inputs: inputs, features: 512, isFull: isFull)
  }

  private func text(_ loader: PythonLoader) -> String { loader.lines.joined(separator: "\n") }

  @Test func torchvisionsOwnNetworkNeedsNoChange() {
    let loader = loader(.resnet18, inputs: 3)
    #expect(loader.summary == "loaded by torchvision.models.resnet18")
    #expect(text(loader).contains("model = torchvision.models.resnet18()\nmodel.fc = torch.nn.Identity()\n"))
    #expect(text(loader).contains(#"load_file("a \"b\".safetensors"), strict=True)"#))
    #expect(text(loader).contains("/ (255 if x.dtype == numpy.uint8 else 1)"))
    #expect(!text(loader).contains("Scaled") && !text(loader).contains("conv1"))
  }

  @Test func whatTheClassDoesNotTakeIsSaid() {
    let small = loader(.resnet34, inputs: 1) { $0.stem = .small }
    #expect(small.summary.contains("changed by these lines (1 channel instead of 3, the small stem)"))
    #expect(text(small).contains("model.conv1 = torch.nn.Conv2d(1, 64, 3, padding=1, bias=False)"))
    #expect(text(small).contains("model.maxpool = torch.nn.Identity()"))
    let narrow = loader(.resnet50, inputs: 3) { $0.width = 16 }
    #expect(narrow.summary.contains("width 16 instead of 64"))
    #expect(text(narrow).contains("planes * 16 // 64") && text(narrow).contains("resnet.Bottleneck, [3, 4, 6, 3]"))
  }

  @Test func volumesAreNidls() {
    let plain = loader(.resnet3d18, inputs: 1)
    #expect(plain.summary == "loaded by nidl.volume.backbones.resnet18")
    #expect(text(plain).contains("model = resnet18(in_channels=1, n_embedding=512)"))
    let truncated = loader(.resnet3d50Truncated, inputs: 2) { $0.encoderKwargs = ["depth": .number(2)] }
    #expect(text(truncated).contains("depth=2") && text(truncated).contains(".mean((2, 3, 4))"))
    #expect(text(loader(.alexnet3d, inputs: 1)).contains("AlexNet(n_embedding=128, in_channels=1)"))
    #expect(text(loader(.densenet3d121, inputs: 1)).contains("block_config=(6, 12, 24, 16)"))
  }

  @Test func projectorAndRows() {
    let whole = loader(.mlp, inputs: 20, isFull: true) {
      $0.mlpHidden = [8, 4]
      $0.encoderKwargs = ["norm_layer": .text("batch_norm"), "bias": .flag(false)]
    }
    #expect(whole.summary == "loaded by torchvision.ops.MLP in nidl's BarlowTwins")
    #expect(text(whole).contains("MLP(20, [8, 4], norm_layer=torch.nn.BatchNorm1d, bias=False)"))
    #expect(text(whole).contains("proj_input_dim=512, proj_hidden_dim=2048, proj_output_dim=2048"))
  }

  @Test(arguments: [EncoderKind.layers, .custom]) func otherLayersHaveNoClass(encoder: EncoderKind) {
    let loader = loader(encoder, inputs: 3)
    #expect(loader.lines.isEmpty && loader.summary.contains("no class of torchvision or nidl"))
  }
}
