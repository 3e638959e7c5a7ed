namespace Llama.Gateway.Balancing;

/// <summary>A replica as the choice sees it.</summary>
/// <param name="Hash">Of its address.</param>
/// <param name="RunningCount">Requests that this gateway has running there.</param>
internal readonly record struct ReplicaLoad(ulong Hash, int RunningCount);
