namespace Llama.Fleet;

/// <summary>The trials by name.</summary>
internal static class Trials
{
    public static IEnumerable<ITrial> Of(string name, string[] fronts) => name switch
    {
        "kill" => fronts.Select(front => new KillTrial(front)),
        "rolling" => fronts.Select(front => new RollingTrial(front)),
        _ => [new AffinityTrial(fronts)],
    };
}
