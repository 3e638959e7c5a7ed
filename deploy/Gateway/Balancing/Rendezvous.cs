namespace Llama.Gateway.Balancing;

/// <summary>
/// Consistent hashing by the highest random weight (Thaler and Ravishankar, 1998): each key ranks all replicas in an order of its own. A replica that leaves hands its keys to
/// all the others evenly and moves no other key; every gateway ranks alike.
/// </summary>
internal static class Rendezvous
{
    /// <summary>A replica's weight for a key; the heaviest is the key's home.</summary>
    /// <param name="key">Hash of what requests have in common.</param>
    /// <param name="replica">Hash of the replica's address.</param>
    public static ulong Weight(ulong key, ulong replica)
    {
        // The finalizer of splitmix64, which spreads every bit of the input over all of the output.
        ulong mixed = key ^ ulong.RotateLeft(replica, 32);
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }
}
