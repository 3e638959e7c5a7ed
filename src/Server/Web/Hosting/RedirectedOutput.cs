using System.Text;

namespace Llama.Server.Web.Hosting;

/// <summary>Output and errors that go to a file or another program rather than to a terminal: the encoding of the locale is the terminal's alone.</summary>
internal static class RedirectedOutput
{
    /// <summary>Has them written in UTF-8: JSON in another encoding is none (RFC 8259, 8.1), and what Latin-1 lacks would be question marks.</summary>
    public static void WriteUtf8()
    {
        if (Console.OutputEncoding.CodePage == Encoding.UTF8.CodePage)
            return;
        if (Console.IsOutputRedirected)
            Console.SetOut(Writer(Console.OpenStandardOutput()));
        if (Console.IsErrorRedirected)
            Console.SetError(Writer(Console.OpenStandardError()));
    }

    private static StreamWriter Writer(Stream stream) => new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
}
