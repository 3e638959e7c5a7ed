namespace Llama.Model;

/// <summary>What was loaded and why it is so: each pair is shown as one start-up line.</summary>
/// <param name="Model">Shape and size of the weights.</param>
/// <param name="Device">Where it runs and how that was chosen.</param>
/// <param name="Dtype">Types of weights and cache.</param>
/// <param name="KvCache">Number and size of the blocks and how they were derived.</param>
public sealed record ModelDescription(string Model, string Device, string Dtype, string KvCache);
