using System.Text;

namespace Llama.Server.Web.Hosting;

/// <summary>What goes to a file or another program rather than to a terminal, whose encoding (that of the locale) is the terminal's alone.</summary>
internal static class RedirectedOutput
{
    /// <summary>Has it written in UTF-8: JSON in another encoding is none (RFC 8259, 8.1), and what Latin-1 lacks would be question marks.</summary>
    public static void IsUtf8()
    {
        if (Console.IsOutputRedirected && Console.OutputEncoding.CodePage != Encoding.UTF8.CodePage)
            Console.SetOut(new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true });
    }
}
