namespace Llama.Server.Limits;

/// <summary>Where the use of limits is counted.</summary>
internal interface ILimitStore
{
    /// <summary>What of a caller's limits this process holds it to, as long as all is well.</summary>
    LimitRules Part(LimitRules whole);

    /// <summary>Lets a request in and counts it, or says what keeps it out. Never throws.</summary>
    ValueTask<LimitDecision> EnterAsync(LimitAsk ask);
}
