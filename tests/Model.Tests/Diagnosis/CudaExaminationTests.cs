using Llama.Model.Diagnosis;
using Llama.Model.Tests.Cuda.Fake;

namespace Llama.Model.Tests.Diagnosis;

/// <summary>What is missing for a GPU keeps a server from serving only where one is asked for.</summary>
public sealed class CudaExaminationTests
{
    [GccTheory]
    [InlineData("cpu", false)]
    [InlineData("cpu:0,cpu:1", false)]
    [InlineData("auto", true)]
    [InlineData("cuda:0", true)]
    [InlineData("cpu:0,cuda:0", true)]
    public void Findings_AGpuIsThere_ItsLibrariesMatterWhereItMayBeUsed(string setting, bool mayBeUsed)
    {
        using FakeDriver driver = new();
        Finding[] findings = [.. CudaExamination.Findings(setting, [driver.File])];
        Assert.Contains(findings, finding => finding.Name == "cuda:0");
        Assert.Equal(mayBeUsed, findings.Any(finding => finding.Name == "NVRTC"));
        if (!setting.Contains("cuda")) Assert.All(findings, finding => Assert.NotEqual(FindingLevel.Fault, finding.Level));
    }

    [Theory]
    [InlineData("cpu:0,cpu:1", FindingLevel.Fine)]
    [InlineData("auto", FindingLevel.Fine)]
    [InlineData("cuda", FindingLevel.Fault)]
    [InlineData("cpu:0,cuda:0", FindingLevel.Fault)]
    public void Findings_NoDriver_IsAFaultWhereAGpuIsAskedFor(string setting, FindingLevel level) =>
        Assert.Equal(level, Assert.Single(CudaExamination.Findings(setting, ["/nowhere/libcuda.so.1"])).Level);
}
