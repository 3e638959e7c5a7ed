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

    private static int[] Generate(string path, string dtype, string kernels = "fused") =>
        ModelRunnerTests.Generate(new ModelOptions { Path = path, Device = "cpu", Dtype = dtype, Kernels = kernels }, 12);

    private static string Describe(string path, string dtype)
    {
        using ModelRunner runner = ModelRunner.Load(new ModelOptions { Path = path, Device = "cpu", Dtype = dtype });
        return runner.Description.Dtype;
    }
}
