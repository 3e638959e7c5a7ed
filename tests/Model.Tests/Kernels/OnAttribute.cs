using System.Reflection;
using System.Runtime.Intrinsics.X86;
using Xunit.Sdk;

namespace Llama.Model.Tests.Kernels;

/// <summary>Data of a theory for one kind of kernels: the rows of the class's <c>Variants</c> that begin with its name, as far as the test has parameters. They are skipped, and said to be, where the processor or the system does not have what it takes.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class OnAttribute : DataAttribute
{
    /// <summary>Lanes of 32 bits in a register of so many bits; one lane.</summary>
    public const string Lanes512 = "512", Lanes256 = "256", Lanes1 = "1";

    /// <summary>Code of our own for AVX-512 BF16, and with AMX.</summary>
    public const string Generated = "generated", Tiles = "generated, on tile registers";

    private const string VariantsName = "Variants";
    private readonly string _kernels;

    public OnAttribute(string kernels)
    {
        _kernels = kernels;
        Skip = kernels switch
        {
            Generated => GeneratedCode.Missing,
            Tiles => GeneratedCode.MissingTiles,
            Lanes512 => Avx512BW.IsSupported ? null : "This processor has no AVX-512.",
            Lanes256 => Fma.IsSupported ? null : "This processor has no AVX2 with FMA.",
            _ => null,
        };
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod)
    {
        Type owner = testMethod.DeclaringType!;
        int parameters = testMethod.GetParameters().Length;
        IEnumerable<object[]> variants = (IEnumerable<object[]>)owner.GetProperty(VariantsName)!.GetValue(null)!;
        object[][] rows = [.. variants.Where(row => row[0].Equals(_kernels)).Select(row => row[..parameters]).DistinctBy(row => string.Join(' ', row))];
        return rows.Length > 0 ? rows : throw new InvalidOperationException($"{owner} has no variant '{_kernels}'.");
    }
}
