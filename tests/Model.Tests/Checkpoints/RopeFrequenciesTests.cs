namespace Llama.Model.Tests.Checkpoints;

/// <summary>The numbers come from Hugging Face's formulas (modeling_rope_utils.py), computed apart in Python's double arithmetic.</summary>
public sealed class RopeFrequenciesTests
{
    [Fact]
    public void Compute_Plain_IsTheGeometricSeries() =>
        Check(null, theta: 10000, headDim: 128, sum: 7.459954133600348, (0, 1), (16, 0.1), (32, 0.01), (63, 0.000115478198));

    [Fact]
    public void Compute_Linear_DividesAll() =>
        Check(new RopeScaling.Linear(4), theta: 10000, headDim: 128, sum: 7.459954133600348 / 4, (0, 0.25), (32, 0.0025), (63, 2.88695496e-05));

    [Fact]
    public void Compute_Llama3_KeepsBlendsAndDivides() =>
        Check(new RopeScaling.Llama3(8, 1, 4, 8192), theta: 500000, headDim: 128, sum: 5.386058200728574,
            (16, 0.0376060309), (28, 0.00321144599), (31, 0.000856751413), (35, 9.55621235e-05), (63, 3.06892599e-07));

    [Fact]
    public void Compute_Yarn_BlendsBetweenTheBetas()
    {
        RopeFrequencies actual = Check(new RopeScaling.Yarn(16, 4096), theta: 10000, headDim: 128, sum: 7.365234700806849,
            (16, 0.1), (24, 0.0270617992), (30, 0.00852684377), (40, 0.000881788963), (63, 7.2173874e-06));
        Assert.Equal(1.2772588722239782, actual.AttentionFactor, 1e-6);
    }

    [Fact]
    public void Compute_YarnWithAllParameters_UsesThem()
    {
        var scaling = new RopeScaling.Yarn(4, 2048) { Truncate = false, Mscale = 0.707, MscaleAllDim = 1 };
        RopeFrequencies actual = Check(scaling, theta: 10000, headDim: 64, sum: 3.9270328451460155, (16, 0.00505697152), (31, 3.33380358e-05));
        Assert.Equal(0.964326914892074, actual.AttentionFactor, 1e-6);
        Assert.Equal(0.5f, RopeFrequencies.Compute(Config(scaling with { AttentionFactor = 0.5 }, 10000, 64)).AttentionFactor);
    }

    [Fact]
    public void Compute_DynamicBeyondTheOriginalContext_EnlargesTheBase()
    {
        var scaling = new RopeScaling.Dynamic(2, 4096);
        Check(scaling, theta: 10000, headDim: 128, sum: 6.710932432756576, (16, 0.0756530337), (32, 0.00572338151), (63, 3.84927328e-05));
        LlamaConfig config = Config(scaling, theta: 10000, headDim: 128);
        Assert.Equal(RopeFrequencies.Compute(config with { RopeScaling = null }).Inverse, RopeFrequencies.Compute(config, contextLength: 4096).Inverse);
    }

    private static RopeFrequencies Check(RopeScaling? scaling, double theta, int headDim, double sum, params (int Index, double Value)[] points)
    {
        RopeFrequencies actual = RopeFrequencies.Compute(Config(scaling, theta, headDim));
        Assert.Equal(headDim / 2, actual.Inverse.Length);
        Assert.Equal(1, actual.Inverse.Sum(f => (double)f) / sum, 1e-6);
        Assert.All(points, point => Assert.Equal(1, actual.Inverse[point.Index] / point.Value, 1e-6));
        return actual;
    }

    private static LlamaConfig Config(RopeScaling? scaling, double theta, int headDim) =>
        TestConfig.Tiny with { RopeScaling = scaling, RopeTheta = theta, HeadDim = headDim, ContextLength = 8192 };
}
