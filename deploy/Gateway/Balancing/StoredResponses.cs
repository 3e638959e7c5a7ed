namespace Llama.Gateway.Balancing;

/// <summary>
/// Which replica has which stored response, as far as this gateway has seen it made. Bounded: the oldest are forgotten. What is not known, as what another gateway saw made, is asked for
/// at each replica in turn.
/// </summary>
/// <param name="most">So many of the newest are known for certain; never more than twice as many are kept.</param>
internal sealed class StoredResponses(int most = 50_000)
{
    private readonly Lock _gate = new();
    private Dictionary<string, string> _young = new(StringComparer.Ordinal), _old = new(StringComparer.Ordinal);

    /// <summary>Notes that the replica of that address has made it.</summary>
    public void Add(string id, string address)
    {
        lock (_gate)
        {
            if (_young.Count >= most)
                (_young, _old) = (new Dictionary<string, string>(StringComparer.Ordinal), _young);
            _young[id] = address;
        }
    }

    /// <summary>The address of the replica that has it; null where it is not known.</summary>
    public string? Find(string id)
    {
        lock (_gate)
            return _young.GetValueOrDefault(id) ?? _old.GetValueOrDefault(id);
    }
}
