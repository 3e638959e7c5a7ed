namespace Llama.Model.Diagnosis;

/// <summary>What a finding means for serving.</summary>
public enum FindingLevel
{
    /// <summary>As it should be.</summary>
    Fine,

    /// <summary>It will serve, but slower or otherwise than one might think.</summary>
    Warning,

    /// <summary>It will not serve.</summary>
    Fault,
}
