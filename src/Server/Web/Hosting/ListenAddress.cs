using System.Net;

namespace Llama.Server.Web.Hosting;

/// <summary>One address to listen on.</summary>
internal static class ListenAddress
{
    /// <summary>Reads an address; false for one at which the web server would throw.</summary>
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

    /// <summary>Whether only this machine reaches it.</summary>
    public static bool IsLoopback(BindingAddress binding) =>
        binding.IsUnixPipe || IsLocalhost(binding) || (IPAddress.TryParse(binding.Host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));
}
