using System.Globalization;

namespace Llama.Tests.Shared;

/// <summary>Until it is disposed of, the culture of an application that hosts the engine: numbers are written otherwise than here.</summary>
public sealed class OtherCulture : IDisposable
{
    private readonly CultureInfo _own = CultureInfo.CurrentCulture;

    public OtherCulture() =>
        CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = new NumberFormatInfo { NumberDecimalSeparator = ",", NumberGroupSeparator = ".", NegativeSign = "~" } };

    /// <inheritdoc />
    public void Dispose() => CultureInfo.CurrentCulture = _own;
}
