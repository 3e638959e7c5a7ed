using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Llama.Gateway.Tests.Hosting;

/// <summary>Takes in what is judged of replicas, as the proxy does, and notes for how long.</summary>
internal sealed class FakeHealth : IDestinationHealthUpdater
{
    /// <summary>For how long each was taken out that a request found gone.</summary>
    public List<TimeSpan> Periods { get; } = [];

    public void SetPassive(ClusterState cluster, DestinationState destination, DestinationHealth newHealth, TimeSpan reactivationPeriod)
    {
        destination.Health.Passive = newHealth;
        Periods.Add(reactivationPeriod);
    }

    public void SetActive(ClusterState cluster, IEnumerable<NewActiveDestinationHealth> newHealthPairs)
    {
        foreach (NewActiveDestinationHealth judged in newHealthPairs)
            judged.Destination.Health.Active = judged.NewActiveHealth;
    }
}
