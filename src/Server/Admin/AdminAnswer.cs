namespace Llama.Server.Admin;

/// <summary>What an action of an operator came to.</summary>
/// <param name="Status">As the health routes say it afterwards.</param>
/// <param name="Message">What was done.</param>
public sealed record AdminAnswer(string Status, string Message);
