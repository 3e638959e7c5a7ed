namespace Llama.Server.Web.Logging;

/// <summary>What is wrong with section <c>Serilog</c>, which is read when the log is made: before there is anything that could tell of it.</summary>
internal sealed class LogFault
{
    /// <summary>In words; null while nothing is.</summary>
    public string? Text { get; private set; }

    /// <summary>Reads the section, or keeps why it cannot be read.</summary>
    public void Watch(Action read)
    {
        try
        {
            read();
        }
        catch (Exception exception) // whatever a sink throws
        {
            Text = $"Section Serilog cannot be used: {exception.GetBaseException().Message.Split('\n')[0].TrimEnd()} Correct it, or leave it out.";
        }
    }
}
