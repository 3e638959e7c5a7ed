using System.Collections.Concurrent;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Llama.Gateway.Forwarding;

/// <summary>
/// Looks up the names of replicas, of which each address is one, and bears that a name has none, which ends a program that YARP's own resolver is asked in: a headless service has none while no server is
/// ready. Then what was found last is kept; a name that never had an address is taken as it stands, so that its probes fail and callers are told to come again.
/// </summary>
/// <param name="names">Looks names up.</param>
/// <param name="period">After which a name that was not found is looked up again.</param>
/// <param name="logger">Told when a name is not found, and when it is again.</param>
internal sealed partial class PatientResolver(IDestinationResolver names, TimeSpan period, ILogger<PatientResolver> logger) : IDestinationResolver
{
    private readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, DestinationConfig>> _last = [], _missing = []; // by key of the replica

    public async ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(IReadOnlyDictionary<string, DestinationConfig> destinations, CancellationToken cancellation)
    {
        Dictionary<string, DestinationConfig> all = [];
        List<IChangeToken> changes = [];
        foreach ((string key, DestinationConfig replica) in destinations)
        {
            ResolvedDestinationCollection found = await ResolveAsync(key, replica, cancellation);
            foreach ((string address, DestinationConfig one) in found.Destinations)
                all[address] = one;
            if (found.ChangeToken is { } change)
                changes.Add(change);
        }
        return new ResolvedDestinationCollection(all, new CompositeChangeToken(changes));
    }

    private async ValueTask<ResolvedDestinationCollection> ResolveAsync(string key, DestinationConfig replica, CancellationToken cancellation)
    {
        var alone = new Dictionary<string, DestinationConfig> { [key] = replica };
        try
        {
            ResolvedDestinationCollection found = await names.ResolveDestinationsAsync(alone, cancellation);
            if (_missing.TryRemove(key, out _))
                Log.Found(logger, replica.Address);
            _last[key] = found.Destinations;
            return found;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            if (_missing.TryAdd(key, alone))
                Log.NotFound(logger, replica.Address, exception.InnerException?.Message ?? exception.Message);
            return new ResolvedDestinationCollection(_last.GetValueOrDefault(key, alone), new CancellationChangeToken(new CancellationTokenSource(period).Token));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "No address is found for {Replica} ({Reason}); it is looked up again every Gateway:LookUpSeconds")]
        public static partial void NotFound(ILogger logger, string replica, string reason);

        [LoggerMessage(LogLevel.Information, "{Replica} has addresses")]
        public static partial void Found(ILogger logger, string replica);
    }
}

/// <summary>Registration of <see cref="PatientResolver"/>.</summary>
internal static class PatientResolverRegistration
{
    /// <summary>Puts it before the resolver that was added last.</summary>
    public static void AddPatience(this IReverseProxyBuilder proxy, TimeSpan period)
    {
        Type resolver = proxy.Services.Last(service => service.ServiceType == typeof(IDestinationResolver)).ImplementationType!;
        proxy.Services.AddSingleton<IDestinationResolver>(provider => new PatientResolver(
            (IDestinationResolver)ActivatorUtilities.CreateInstance(provider, resolver), period, provider.GetRequiredService<ILogger<PatientResolver>>()));
    }
}
