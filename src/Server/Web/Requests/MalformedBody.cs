using Microsoft.AspNetCore.Connections;

namespace Llama.Server.Web.Requests;

/// <summary>Bodies whose bytes are not what HTTP allows.</summary>
internal static class MalformedBody
{
    /// <summary>Whether a read failed of that without being called so: the web server throws a plain <see cref="IOException"/> for a chunk whose size overflows.</summary>
    public static bool IsCauseOf(IOException fault) => fault is not BadHttpRequestException and not ConnectionResetException;
}
