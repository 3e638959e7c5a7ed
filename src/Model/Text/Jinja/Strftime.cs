using System.Globalization;
using System.Text;

namespace Llama.Model.Text.Jinja;

/// <summary>The directives of C's strftime that dates in prompts use, in English.</summary>
internal static class Strftime
{
    public static string Format(DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length) text.Append(format[i]);
            else text.Append(Directive(time, format[++i]));
        }
        return text.ToString();
    }

    private static string Directive(DateTimeOffset time, char directive) => directive switch
    {
        'a' => In(time, "ddd"),
        'A' => In(time, "dddd"),
        'b' => In(time, "MMM"),
        'B' => In(time, "MMMM"),
        'd' => In(time, "dd"),
        'H' => In(time, "HH"),
        'I' => In(time, "hh"),
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'm' => In(time, "MM"),
        'M' => In(time, "mm"),
        'p' => In(time, "tt"),
        'S' => In(time, "ss"),
        'y' => In(time, "yy"),
        'Y' => In(time, "yyyy"),
        '%' => "%",
        _ => throw new TemplateException($"the chat template formats a date with '%{directive}', which is not supported"),
    };

    private static string In(DateTimeOffset time, string format) => time.ToString(format, CultureInfo.InvariantCulture);
}
