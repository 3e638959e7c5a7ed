namespace Llama.Model.Checkpoints;

/// <summary>Reads the keys of a model's configuration, in whatever format it is written, and collects, rather than throws, what is wrong with them.</summary>
internal abstract class ConfigKeys(List<string> faults)
{
    public List<string> Faults { get; } = faults;

    public int Int(string key, int? absent = null, int least = 1) => OptionalInt(key, least) ?? absent ?? (int)Missing(key);

    public double Positive(string key, double? absent = null) => OptionalPositive(key) ?? absent ?? Missing(key);

    /// <summary>An integer; null when absent. What stands in for a bad one is sound, so that one fault does not bring others.</summary>
    public abstract int? OptionalInt(string key, int least = 1);

    /// <summary>A finite number above 0, in the same way.</summary>
    public abstract double? OptionalPositive(string key);

    public abstract bool Has(string key);

    /// <summary>Notes what is wrong with a key.</summary>
    public virtual void Add(string key, string fault) => Faults.Add($"{key} {fault}");

    /// <summary>Notes that a key is missing; returns what stands in for it.</summary>
    protected double Missing(string key)
    {
        Add(key, "is missing");
        return 1;
    }
}
