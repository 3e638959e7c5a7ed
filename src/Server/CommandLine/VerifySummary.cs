using System.Text.Json.Serialization;
using Llama.Model.Verification;

namespace Llama.Server.CommandLine;

/// <summary>The last line of <c>verify</c>.</summary>
/// <param name="Device">As the settings say.</param>
/// <param name="Reference">What was compared with.</param>
/// <param name="Checks">How many there were.</param>
/// <param name="Failed">Those that failed.</param>
/// <param name="Skipped">How many forms of weights were left out, since the device does not multiply with them.</param>
/// <param name="Seconds">How long all took.</param>
internal sealed record VerifySummary(string Device, string Reference, int Checks, CheckResult[] Failed, int Skipped, double Seconds)
{
    public string Benchmark => "verify";
}

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(VerifySummary))]
internal sealed partial class VerifyJson : JsonSerializerContext;
