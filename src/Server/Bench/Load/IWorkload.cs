namespace Llama.Server.Bench.Load;

/// <summary>Where requests come from.</summary>
internal interface IWorkload
{
    /// <summary>The requests of a round; others in each round.</summary>
    /// <param name="count">How many.</param>
    /// <param name="round">From 0; negative ones warm up.</param>
    LoadRequest[] Draw(int count, int round);
}
