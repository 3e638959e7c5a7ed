namespace Llama.Server.Web.Hosting;

/// <summary>An address to listen on. The web server throws at what it cannot read; here it is told beforehand, by <c>doctor</c> too.</summary>
internal static class ListenAddress
{
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
}
