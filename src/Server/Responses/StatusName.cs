namespace Llama.Server.Responses;

/// <summary>How far a response or an item of it is, as both say it.</summary>
internal static class StatusName
{
    public const string InProgress = "in_progress";

    public const string Completed = "completed";

    /// <summary>Cut off: at the response's limit, or where it broke off.</summary>
    public const string Incomplete = "incomplete";

    /// <summary>Of a response alone.</summary>
    public const string Failed = "failed";

    /// <summary>Of a response alone: its caller left.</summary>
    public const string Cancelled = "cancelled";
}
