using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Llama.Server.Web.Hosting;

/// <summary>The web server's way with headers.</summary>
internal static class PlainHeaders
{
    // The web server itself refuses a request for one byte that is not UTF-8, in whichever header, and without a word. Browsers and clients send Latin-1, as in the name of an application.
    private static readonly UTF8Encoding Lenient = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    /// <summary>Lets headers in whose bytes are not all UTF-8: what is not becomes U+FFFD. None says what the server is.</summary>
    public static void AddPlainHeaders(this IServiceCollection services) => services.Configure<KestrelServerOptions>(kestrel =>
    {
        kestrel.AddServerHeader = false;
        kestrel.RequestHeaderEncodingSelector = _ => Lenient;
    });
}
