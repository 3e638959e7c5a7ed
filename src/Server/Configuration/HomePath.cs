using Llama.Model;

namespace Llama.Server.Configuration;

/// <summary>Shells leave the <c>~</c> of <c>--Model:Path=~/models</c> as it is, and nobody else expands one.</summary>
internal static class HomePath
{
    /// <summary>The path, from the user's home where it begins there.</summary>
    public static string Of(string path) =>
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? HomeFolder.Path + path[1..] : path;
}
