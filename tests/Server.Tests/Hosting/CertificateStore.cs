using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;

namespace Llama.Server.Tests.Hosting;

/// <summary>
/// The user's certificates, of which the tests see none. The first command of a fresh SDK puts a development certificate there, which the web server takes where no other is set: what is
/// served, and for ever, is then what these tests expect to be refused.
/// </summary>
internal static class CertificateStore
{
#pragma warning disable CA2255 // no library: nothing of the tests may come before it
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Empty()
    {
        const string home = "HOME";
        string? own = Environment.GetEnvironmentVariable(home);
        Environment.SetEnvironmentVariable(home, Path.Combine(Path.GetTempPath(), "llama-no-certificates")); // is not there, and not made for who only reads
        try
        {
            using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser, OpenFlags.ReadOnly); // the runtime asks once where it lies
        }
        finally
        {
            Environment.SetEnvironmentVariable(home, own);
        }
    }
}
