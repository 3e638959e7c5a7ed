namespace Llama.Model.Tests.Gguf;

public sealed class GgufRunnerTests
{
    [Theory]
    [InlineData("BF16", "auto", "bfloat16 weights")]
    [InlineData("F32", "float32", "float32 weights")]
    public void Run_WeightsAsInTheFolder_DrawsItsTokens(string type, string dtype, string description)
    {
        using var folder = new GgufFolder();
        string file = folder.Convert(type);
        Assert.Equal(Generate(folder.Checkpoint, dtype), Generate(file, dtype));
        Assert.StartsWith(description, Describe(file, dtype), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Q8_0", "Q8_0 weights (auto: as in the file)")]
    [InlineData("Q4_0", "Q4_0 and Q8_0 weights (auto: as in the file)")]
    public void Run_WeightsInCodes_DrawsWhatTheSameWeightsDrawWidened(string type, string description)
    {
        using var folder = new GgufFolder();
        string file = folder.Convert(type);
        Assert.Equal(Generate(file, "float32", "plain"), Generate(file, "auto"));
        Assert.StartsWith(description, Describe(file, "auto"), StringComparison.Ordinal);
        Assert.StartsWith("float32 weights (as set)", Describe(file, "float32"), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OutliersOfAFileInCodes_IsRefusedAndOfOneIn16BitsIsAsInTheFolder()
    {
        using var folder = new GgufFolder();
        Assert.Contains("holds them in Q8_0 alone", Assert.Throws<ArgumentException>(() => Describe(folder.Convert("Q8_0"), "int8-outliers")).Message);
        ModelOptions options = new() { Path = folder.Checkpoint, Device = "cpu", Dtype = "int8-outliers", OutlierThreshold = 1 }; // so that queries and keys, whose order the file changes, have outliers
        Assert.Equal(ModelRunnerTests.Generate(options, 12), ModelRunnerTests.Generate(options with { Path = folder.Convert("F16") }, 12));
    }

    private static int[] Generate(string path, string dtype, string kernels = "fused") =>
        ModelRunnerTests.Generate(new ModelOptions { Path = path, Device = "cpu", Dtype = dtype, Kernels = kernels }, 12);

    private static string Describe(string path, string dtype)
    {
        using ModelRunner runner = ModelRunner.Load(new ModelOptions { Path = path, Device = "cpu", Dtype = dtype });
        return runner.Description.Dtype;
    }
}
