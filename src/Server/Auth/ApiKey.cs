using Llama.Server.Limits;

namespace Llama.Server.Auth;

/// <summary>A key that may call.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="Hash">SHA-256 of the key.</param>
/// <param name="Models">Ids that its requests may call the model by; none for all.</param>
/// <param name="Weight">Its share of the engine beside those of other keys.</param>
/// <param name="MinPriority">Smallest priority that its requests may have; null for any.</param>
/// <param name="Limits">How much it may ask for.</param>
internal sealed record ApiKey(string Name, byte[] Hash, IReadOnlyList<string> Models, int Weight, int? MinPriority, LimitRules Limits);
