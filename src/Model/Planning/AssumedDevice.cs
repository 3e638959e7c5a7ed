namespace Llama.Model.Planning;

/// <summary>A device that need not be here, to plan for.</summary>
/// <param name="Name">As <c>Model:Device</c> spells it.</param>
/// <param name="FreeBytes">Memory that it could give.</param>
public sealed record AssumedDevice(string Name, long FreeBytes);
