using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Llama.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Llama.Server.Responses;

/// <summary>
/// The responses that callers may come back to. In memory and bounded in number and bytes: the oldest goes first. Each belongs to the key that made it, and no other
/// key can see it. Safe for concurrent use.
/// </summary>
internal sealed class ResponseStore(IOptions<ServerSettings> settings)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Place, LinkedListNode<Entry>> _byId = [];
    private readonly Dictionary<Place, List<SharedItem>> _items = []; // callers name items as they like: each name may stand for several, the one added last at the end
    private readonly LinkedList<Entry> _oldestFirst = [];
    private long _byteCount;

    /// <summary>Whether anything is kept at all.</summary>
    public bool IsOpen => settings.Value.MaxStoredResponses > 0;

    /// <summary>Keeps a response for a caller; what is oldest goes until there is room. False, and nothing goes, where there never is.</summary>
    /// <param name="owner">Number of the caller's key; 0 on a server without keys.</param>
    public bool TryAdd(int owner, StoredResponse stored)
    {
        if (!IsOpen || stored.ByteCount > settings.Value.MaxStoredBytes)
            return false;
        var entry = new Entry(owner, stored);
        lock (_lock)
        {
            _byId.Add(entry.Place, _oldestFirst.AddLast(entry));
            foreach (ResponseItem item in stored.Conversation)
                Share(owner, item);
            _byteCount += stored.ByteCount;
            while (_byId.Count > settings.Value.MaxStoredResponses || _byteCount > settings.Value.MaxStoredBytes)
                Remove(_oldestFirst.First!);
        }
        return true;
    }

    public bool TryGet(int owner, string id, [NotNullWhen(true)] out StoredResponse? stored)
    {
        lock (_lock)
        {
            stored = _byId.GetValueOrDefault(new Place(owner, id))?.Value.Stored;
            return stored is not null;
        }
    }

    /// <summary>Finds an item of any kept response's conversation.</summary>
    public bool TryGetItem(int owner, string id, [NotNullWhen(true)] out ResponseItem? item)
    {
        lock (_lock)
        {
            item = _items.GetValueOrDefault(new Place(owner, id))?[^1].Item;
            return item is not null;
        }
    }

    /// <summary>Forgets a response; false where there is none.</summary>
    public bool TryRemove(int owner, string id)
    {
        lock (_lock)
        {
            if (!_byId.TryGetValue(new Place(owner, id), out LinkedListNode<Entry>? node))
                return false;
            Remove(node);
            return true;
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        (int owner, StoredResponse stored) = node.Value;
        _byId.Remove(node.Value.Place);
        _oldestFirst.Remove(node);
        _byteCount -= stored.ByteCount;
        foreach (ResponseItem item in stored.Conversation)
            Release(owner, item);
    }

    private void Share(int owner, ResponseItem item)
    {
        ref List<SharedItem>? named = ref CollectionsMarshal.GetValueRefOrAddDefault(_items, new Place(owner, item.Id), out _);
        named ??= [];
        named.Add(new SharedItem(item, 1 + TakeOut(named, item)));
    }

    private void Release(int owner, ResponseItem item)
    {
        var place = new Place(owner, item.Id);
        List<SharedItem> named = _items[place];
        int at = Find(named, item), left = named[at].Count - 1;
        if (left > 0)
            named[at] = new SharedItem(item, left);
        else
            named.RemoveAt(at);
        if (named.Count == 0)
            _items.Remove(place);
    }

    /// <summary>Takes an item out of those of its name; returns how many conversations held it.</summary>
    private static int TakeOut(List<SharedItem> named, ResponseItem item)
    {
        int at = Find(named, item);
        if (at < 0)
            return 0;
        int count = named[at].Count;
        named.RemoveAt(at);
        return count;
    }

    private static int Find(List<SharedItem> named, ResponseItem item) => named.FindIndex(shared => ReferenceEquals(shared.Item, item));

    /// <summary>Who owns what.</summary>
    private readonly record struct Place(int Owner, string Id);

    /// <summary>An item and the number of kept conversations that hold it.</summary>
    private readonly record struct SharedItem(ResponseItem Item, int Count);

    private sealed record Entry(int Owner, StoredResponse Stored)
    {
        public Place Place => new(Owner, Stored.Response.Id);
    }
}
