namespace Llama.Model.Parallel;

/// <summary>A device as <see cref="LayerPlan"/> knows it.</summary>
/// <param name="Name">As settings spell it.</param>
/// <param name="FreeBytes">What it could give.</param>
/// <param name="CacheShare">Share that the cache may take of what weights leave free.</param>
internal readonly record struct DeviceRoom(string Name, long FreeBytes, double CacheShare);
