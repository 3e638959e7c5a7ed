using Llama.Server.Web.Settings;
using Microsoft.Extensions.Options;

namespace Llama.Gateway.Configuration;

/// <summary>There is a replica, each has an address that can be called, and none is there twice.</summary>
internal sealed class ReplicasValidator : IValidateOptions<GatewaySettings>
{
    private const string None =
        "Gateway:Replicas is empty; give the servers' addresses, e.g. --Gateway:Replicas:0=http://127.0.0.1:9001 --Gateway:Replicas:1=http://127.0.0.1:9002.";

    public ValidateOptionsResult Validate(string? name, GatewaySettings options) => options.Replicas.Length == 0
        ? ValidateOptionsResult.Fail(None)
        : options.Replicas.Select(Fault).OfType<string>().Concat(Doubles(options.Replicas)).ToResult();

    private static string? Fault(string address, int index) => IsAddress(address)
        ? null
        : $"Gateway:Replicas:{index} is '{address}'; give http://host:port, without a path.";

    private static bool IsAddress(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && uri.PathAndQuery is "/" && uri is { UserInfo: "", Fragment: "", Host.Length: > 0 };

    private static IEnumerable<string> Doubles(string[] addresses) =>
        from address in addresses
        where IsAddress(address)
        group address by new Uri(address).Authority into same
        where same.Count() > 1
        select $"Gateway:Replicas has '{same.Key}' {same.Count()} times; name each server once.";
}
