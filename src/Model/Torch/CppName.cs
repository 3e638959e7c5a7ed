using System.Globalization;

namespace Llama.Model.Torch;

/// <summary>Linkers' names of C++ symbols (Itanium C++ ABI, 5.1) made readable as far as plain nested names go; parameters are left out.</summary>
internal static class CppName
{
    private static readonly (string Prefix, string Meaning)[] Special = [("_ZTV", "vtable of "), ("_ZTI", "typeinfo of "), ("_ZTS", "typeinfo name of "), ("_ZGV", "guard of "), ("_Z", "")];

    /// <summary><c>_ZN2at6Tensor3addEv</c> as <c>at::Tensor::add</c>; unchanged when it is not of that kind.</summary>
    public static string Readable(string symbol)
    {
        foreach ((string prefix, string meaning) in Special)
            if (symbol.StartsWith(prefix, StringComparison.Ordinal)) return Nested(symbol.AsSpan(prefix.Length)) is { Length: > 0 } name ? meaning + name : symbol;
        return symbol;
    }

    private static string Nested(ReadOnlySpan<char> rest)
    {
        bool isNested = rest.StartsWith("N");
        if (isNested) rest = rest[1..].TrimStart("rVKRO"); // qualifiers of the function
        List<string> parts = [];
        while (rest.Length > 0 && char.IsAsciiDigit(rest[0]))
        {
            int digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits < 0 || !int.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length > rest.Length - digits) break;
            parts.Add(rest.Slice(digits, length).ToString());
            rest = rest[(digits + length)..];
            if (!isNested) break;
        }
        return string.Join("::", parts);
    }
}
