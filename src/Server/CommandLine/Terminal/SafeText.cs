using System.Text;

namespace Llama.Server.CommandLine.Terminal;

/// <summary>Text that commands no terminal: the control characters that would are shown by their pictures.</summary>
internal static class SafeText
{
    private const char Escape = '\u241b', FirstPicture = '\u2400', DeletePicture = '\u2421', Delete = '\u007f';

    public static string Of(string text)
    {
        if (!text.Any(IsCommand)) return text;
        StringBuilder safe = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n') continue;
            safe.Append(IsCommand(text[i]) ? Picture(text[i]) : text[i]);
        }
        return safe.ToString();
    }

    private static bool IsCommand(char letter) => char.IsControl(letter) && letter is not ('\n' or '\t');

    // Those above 127 are each short for Escape and a letter.
    private static char Picture(char letter) => letter < ' ' ? (char)(FirstPicture + letter) : letter == Delete ? DeletePicture : Escape;
}
