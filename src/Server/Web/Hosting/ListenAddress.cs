using System.Net;

namespace Llama.Server.Web.Hosting;

/// <summary>One address to listen on.</summary>
internal static class ListenAddress
{
    /// <summary>Why a program cannot listen there; null where it can. The web server throws at a path, and takes any host that is no address for all addresses of the machine.</summary>
    public static string? Fault(string address) =>
        TryParse(address, out BindingAddress binding) && binding.PathBase.Length == 0 && (binding.IsUnixPipe || binding.IsNamedPipe || IsOfThisMachine(binding))
            ? null
            : $"'{address}' is no address to listen on; give --urls, or the Url of an endpoint, as http://host:port, where the host is an IP address, localhost, or * for all of this machine's. Several are parted by ';'.";

    /// <summary>Reads an address; false for one that cannot be read.</summary>
    public static bool TryParse(string address, out BindingAddress binding)
    {
        binding = null!;
        try
        {
            binding = BindingAddress.Parse(address);
            return binding.IsUnixPipe || binding.IsNamedPipe || (binding.Scheme.ToLowerInvariant() is "http" or "https" && binding.Port is >= 0 and <= 65535);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Whether it is the name of this machine for itself.</summary>
    public static bool IsLocalhost(BindingAddress binding) => binding.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    private static bool IsOfThisMachine(BindingAddress binding) => IsLocalhost(binding) || binding.Host is "*" or "+" || IPAddress.TryParse(binding.Host, out _);

    /// <summary>Whether only this machine reaches it.</summary>
    public static bool IsLoopback(BindingAddress binding) =>
        binding.IsUnixPipe || IsLocalhost(binding) || (IPAddress.TryParse(binding.Host, out IPAddress? ip) && IPAddress.IsLoopback(ip));
}
